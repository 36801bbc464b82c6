"""Bytes on their way into staging, as the ledger keeps them; every method is one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from syncer.core.errors import SyncerError
from syncer.core.states import Outcome
from syncer.ports.claims import BlobClaim, Worker


class BlobLedger(Protocol):
    """Blobs on their way into staging."""

    def claim(self, sha256: str, worker: Worker, now: datetime, lease: float) -> BlobClaim | None:
        """The Blob is being fetched; None when nobody wants it now or another worker fetches it."""
        ...

    def claim_next(self, server: str, worker: Worker, now: datetime, lease: float) -> BlobClaim | None:
        """The Blob whose turn it is at the server is being fetched; None when none is wanted from it now."""
        ...

    def server_of(self, sha256: str) -> str | None:
        """The server that the Blob comes from, None when there is no such Blob."""
        ...

    def next_wanted(self, server: str, now: datetime) -> str | None:
        """Some Blob that is wanted from the server now."""
        ...

    def extend(self, claim: BlobClaim, until: datetime) -> bool:
        """The lease lasts until then."""
        ...

    def staged(self, claim: BlobClaim, size: int, now: datetime) -> dict[int, str]:
        """The Blob is staged; the Transfers that became ready, each with its server."""
        ...

    def refused(self, claim: BlobClaim, outcome: Outcome, error: SyncerError, now: datetime) -> None:
        """The Blob and every Transfer that waits for it have ended so."""
        ...

    def postponed(self, claim: BlobClaim, error: SyncerError, at: datetime, now: datetime) -> None:
        """The Blob is wanted again at that time; after the last attempt its Transfers gave up."""
        ...

    def untried(self, claim: BlobClaim, error: SyncerError, at: datetime, now: datetime) -> None:
        """The Blob is wanted again at that time, as if it had not been claimed."""
        ...

    def release(self, sha256: str) -> bool:
        """The Blob is released if no unfinished Transfer needs it; whether it now is."""
        ...

    def free_expired(self, now: datetime) -> int:
        """Blobs whose worker is gone are wanted again, or quarantined after too many deaths."""
        ...

    def due(self, now: datetime, unsent_since: datetime) -> list[str]:
        """Wanted Blobs whose message was not sent since then, enough to wake every lane of their servers.

        All of them count as sent now.
        """
        ...

    def needed(self) -> frozenset[str]:
        """Blobs that an unfinished Transfer still needs."""
        ...
