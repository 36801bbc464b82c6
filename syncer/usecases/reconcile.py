"""Send again what was lost; the ledger is the truth, messages only wake workers."""

from __future__ import annotations

from datetime import timedelta

from syncer.ports.queue import Message
from syncer.usecases.services import Services
from syncer.usecases.settle import settle
from syncer.usecases.verify import verify_due

#: Seconds after which a message that led to no claim counts as lost. A message sent twice is
#: harmless: the second claim finds nothing to do.
LOST_AFTER = 60.0
#: Seconds that staged bytes which nobody needs are kept.
KEEP_STAGED = 3600.0


def reconcile(services: Services, lost_after: float = LOST_AFTER) -> list[Message]:
    """Expired claims are free, lost messages are sent again, uploads are read back, Runs are settled."""
    ledger, now = services.ledger, services.clock()
    ledger.blobs.free_expired(now)
    ledger.transfers.free_expired(now)
    unsent_since = now - timedelta(seconds=lost_after)
    downloads = [Message("download", {"sha256": sha}) for sha in ledger.blobs.due(now, unsent_since)]
    uploads = [Message("upload", {"transfer": row}) for row in ledger.transfers.due(now, unsent_since)]
    verify_due(services)
    services.staging.keep_only(ledger.blobs.needed(), KEEP_STAGED)
    return [*downloads, *uploads, *settle(services)]
