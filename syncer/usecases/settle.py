"""Close what is done and start what waited for it; a query that can be repeated, never a callback."""

from __future__ import annotations

from syncer.ports.queue import Message
from syncer.usecases.services import Services


def settle(services: Services) -> list[Message]:
    """Every Run has moved as far as it can; messages for the Runs that may be planned now."""
    runs, now = services.ledger.runs, services.clock()
    for run_id in runs.unsettled(now):
        runs.settle(run_id, now)
    return [Message("discover", {"run": run_id}) for run_id in runs.startable(now)]
