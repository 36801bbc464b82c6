"""Close what is done and start what waited for it; a query that can be repeated, never a callback."""

from __future__ import annotations

import logging

from syncer.core.states import RunOutcome, RunState
from syncer.ports.context import log_context
from syncer.ports.queue import Message
from syncer.usecases.services import Services
from syncer.usecases.statement import sign_due

log = logging.getLogger(__name__)


def settle(services: Services) -> list[Message]:
    """Every Run has moved as far as it can; messages for the Runs that may be planned now."""
    runs, now, complete = services.ledger.runs, services.clock(), False
    for run_id, mapping in runs.unsettled(now):
        if runs.settle(run_id, now) is RunState.FINISHED:
            _, outcome = runs.state(run_id)
            with log_context(run=run_id, mapping=mapping, file=""):
                log.info("the run is finished: %s", outcome)
            complete = complete or outcome is RunOutcome.COMPLETE
    if complete:
        sign_due(services)
    return [Message("discover", {"run": run_id}) for run_id in runs.startable(now)]
