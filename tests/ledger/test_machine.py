"""Whatever happens to the ledger, in whatever order: it stays sound, nothing is lost, no green is false."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from syncer.adapters.database.engine import Database
from tests.ledger.machine import LedgerMachine

#: Thousands were tried while this was written; these few keep it true.
EXAMPLES = int(os.environ.get("LEDGER_EXAMPLES", "6"))


def test_any_order_of_events_leaves_the_ledger_sound_and_loses_nothing(database: Database) -> None:
    class OnThisDatabase(LedgerMachine):
        on = database

    limits = settings(max_examples=EXAMPLES, stateful_step_count=30, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(OnThisDatabase, settings=limits)
    assert database.url
