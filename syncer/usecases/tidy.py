"""Keep the ledger from growing without bound."""

from __future__ import annotations

import logging
from datetime import timedelta

from syncer.usecases.services import Services

log = logging.getLogger(__name__)

#: Rows of one kind that one transaction forgets: few enough that nobody has to wait for it.
BATCH = 500


def tidy(services: Services, history: float) -> int:
    """History older than ``history`` seconds is forgotten, but for what is evidence; how many rows went."""
    before, gone = services.clock() - timedelta(seconds=history), 0
    while not services.stopping() and (now_gone := services.ledger.retention.forget(before, BATCH)):
        gone += now_gone
    if gone:
        log.info("housekeeping: %d rows of history older than %.0f days forgotten", gone, history / 86400)
    return gone
