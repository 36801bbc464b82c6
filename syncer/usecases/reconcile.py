"""Send again what was lost; the ledger is the truth, messages only wake workers."""

from __future__ import annotations

import logging
from datetime import timedelta

from syncer.core.errors import Retryable
from syncer.ports.queue import Message
from syncer.usecases.leases import LEASE, free_expired
from syncer.usecases.services import Services
from syncer.usecases.settle import settle
from syncer.usecases.verify import verify_due

log = logging.getLogger(__name__)

#: Seconds after which a message that led to no claim counts as lost. A message sent twice is
#: harmless: the second claim finds nothing to do.
LOST_AFTER = 60.0
#: Seconds that staged bytes which nobody needs are kept.
KEEP_STAGED = 3600.0


def reconcile(services: Services, lost_after: float = LOST_AFTER) -> list[Message]:
    """Expired claims are free, uploads are read back, Runs are settled, lost messages are sent again."""
    ledger = services.ledger
    ledger.recovery.tame_times(services.clock(), LEASE)
    free_expired(services)
    verify_due(services)
    startable = settle(services)
    _keep_house(services)
    return [*_lost(services, lost_after), *startable]


def _keep_house(services: Services) -> None:
    """Staged bytes that nobody needs are gone; those that cannot be removed hold nothing else up."""
    try:
        services.staging.keep_only(services.ledger.blobs.needed(), KEEP_STAGED)
    except Retryable as error:
        log.warning("housekeeping: %s", error)


def _lost(services: Services, lost_after: float) -> list[Message]:
    """What is asked for here counts as sent, so nothing that may fail comes after it."""
    now = services.clock()
    unsent_since = now - timedelta(seconds=lost_after)
    downloads = [Message("download", {"sha256": sha}) for sha in services.ledger.blobs.due(now, unsent_since)]
    uploads = [
        Message("upload", {"transfer": row}) for row in services.ledger.transfers.due(now, unsent_since)
    ]
    return [*downloads, *uploads]
