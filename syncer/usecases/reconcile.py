"""Send again what was lost; the ledger is the truth, messages only wake workers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from syncer.core.errors import RemoteUnavailable, Retryable
from syncer.ports.queue import Message, Queue
from syncer.usecases.leases import LEASE, free_expired
from syncer.usecases.services import Services
from syncer.usecases.settle import settle
from syncer.usecases.statement import sign_due
from syncer.usecases.verify import verify_due

log = logging.getLogger(__name__)

#: Seconds after which a message that led to no claim counts as lost, while others wait before it. A
#: message sent twice is harmless: the second claim finds nothing to do.
LOST_AFTER = 60.0
#: The same where no message waits any more, so that it cannot just be standing in line.
LOST_FROM_EMPTY_QUEUE_AFTER = 5.0
#: Seconds that staged bytes which nobody needs are kept.
KEEP_STAGED = 3600.0


def patience(queue: Queue, task: str) -> float:
    """Seconds to wait for what the task's messages are to lead to, before they count as lost."""
    try:
        return LOST_AFTER if queue.waiting(task) else LOST_FROM_EMPTY_QUEUE_AFTER
    except RemoteUnavailable:
        return LOST_AFTER


def reconcile(
    services: Services, lost_after: Callable[[str], float] = lambda _task: LOST_AFTER
) -> list[Message]:
    """Expired claims are free, uploads are read back, Runs are settled, lost messages are sent again.

    ``lost_after`` gives the seconds after which a task's message counts as lost.
    """
    ledger = services.ledger
    ledger.recovery.tame_times(services.clock(), LEASE)
    free_expired(services)
    verify_due(services)
    startable = settle(services)
    sign_due(services)  # what a process without the key settled
    keep_house(services)
    return [*_lost(services, lost_after), *startable]


def keep_house(services: Services) -> None:
    """Staged bytes that nobody needs are gone; those that cannot be removed hold nothing else up."""
    try:
        services.staging.keep_only(services.ledger.blobs.needed(), KEEP_STAGED)
    except Retryable as error:
        log.warning("housekeeping: %s", error)


def _lost(services: Services, lost_after: Callable[[str], float]) -> list[Message]:
    """What is asked for here counts as sent, so nothing that may fail comes after it."""
    now, ledger = services.clock(), services.ledger
    download, upload = (now - timedelta(seconds=lost_after(task)) for task in ("download", "upload"))
    downloads = [Message("download", {"sha256": sha256}) for sha256 in ledger.blobs.due(now, download)]
    uploads = [Message("upload", {"transfer": row}) for row in ledger.transfers.due(now, upload)]
    return [*downloads, *uploads]
