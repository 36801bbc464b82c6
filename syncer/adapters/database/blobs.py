"""Blobs: claimed, staged, refused, wanted again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from syncer.adapters.database.attempts import end_attempt, error_columns, forget_attempt, start_attempt
from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import BlobRow, DecisionRow, TransferRow
from syncer.adapters.database.statements import changed, in_batches
from syncer.core.errors import SyncerError
from syncer.core.model import DistributionFile
from syncer.core.retry import MAX_ATTEMPTS, MAX_DEATHS
from syncer.core.states import BlobState, Outcome, TransferState
from syncer.ports.claims import BlobClaim, Worker

Offers = tuple[tuple[str, DistributionFile], ...]


class DatabaseBlobs:
    """BlobLedger on tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, sha256: str, worker: Worker, now: datetime, lease: float) -> BlobClaim | None:
        """The Blob is being fetched, if it is wanted now."""
        with self._database.write() as session:
            # Held first, so that no Plan begins to wait for it between the two looks.
            blob = session.get(BlobRow, sha256, with_for_update=True)
            if blob is None or blob.state != BlobState.WANTED or blob.next_attempt_at > now:
                return None
            offers = _offers(session, sha256)
            if not offers:
                blob.state = BlobState.RELEASED
                return None
            return _take(session, blob, offers, worker, now, lease)

    def extend(self, claim: BlobClaim, until: datetime) -> bool:
        """The lease lasts until then."""
        with self._database.write() as session:
            return bool(changed(session, update(BlobRow).where(_held(claim)).values(lease_until=until)))

    def staged(self, claim: BlobClaim, size: int, now: datetime) -> tuple[int, ...]:
        """The Blob is staged; the Transfers that became ready count as sent."""
        with self._database.write() as session:
            if not _leave(session, claim, BlobState.STAGED, size=size):
                return ()
            end_attempt(session, claim.sha256, claim.attempt, now, result="staged")
            ready = _waiting(session, claim.sha256)
            _set(
                session,
                ready,
                state=TransferState.READY,
                next_attempt_at=now,
                sent_at=now,
                tries=0,
                **error_columns(None),
            )
            return tuple(ready)

    def refused(self, claim: BlobClaim, outcome: Outcome, error: SyncerError, now: datetime) -> None:
        """The Blob and every Transfer that waits for it have ended so."""
        with self._database.write() as session:
            if _leave(session, claim, BlobState.REFUSED):
                end_attempt(session, claim.sha256, claim.attempt, now, result=outcome, error=error)
                _end_waiting(session, claim.sha256, outcome, error, now)

    def postponed(self, claim: BlobClaim, error: SyncerError, at: datetime, now: datetime) -> None:
        """The Blob is wanted again at that time; after the last attempt its Transfers gave up."""
        gave_up = claim.tries >= MAX_ATTEMPTS
        state = BlobState.REFUSED if gave_up else BlobState.WANTED
        with self._database.write() as session:
            if not _leave(session, claim, state, next_attempt_at=at, sent_at=now):
                return
            end_attempt(session, claim.sha256, claim.attempt, now, result=error.code, error=error)
            if gave_up:
                _end_waiting(session, claim.sha256, Outcome.GAVE_UP, error, now)
                return
            waiting = _waiting(session, claim.sha256)
            _set(session, waiting, next_attempt_at=at, tries=claim.tries, **error_columns(error))

    def untried(self, claim: BlobClaim, error: SyncerError, at: datetime, now: datetime) -> None:
        """The Blob is wanted again at that time, as if it had not been claimed."""
        again = {"next_attempt_at": at, "sent_at": now, "tries": BlobRow.tries - 1}
        with self._database.write() as session:
            if _leave(session, claim, BlobState.WANTED, **again):
                forget_attempt(session, claim.sha256, claim.attempt)
                waiting = _waiting(session, claim.sha256)
                _set(session, waiting, next_attempt_at=at, **error_columns(error))

    def release(self, sha256: str) -> bool:
        """The Blob is released if no unfinished Transfer needs it; whether it now is."""
        with self._database.write() as session:
            blob = session.get(BlobRow, sha256, with_for_update=True)
            if blob is None or blob.state != BlobState.STAGED or _needed(session, sha256):
                return False
            blob.state = BlobState.RELEASED
            return True

    def free_expired(self, now: datetime) -> int:
        """Blobs whose worker is gone are wanted again, or quarantined after too many deaths."""
        with self._database.write() as session:
            expired = select(BlobRow).where(BlobRow.state == BlobState.FETCHING, BlobRow.lease_until < now)
            blobs = session.scalars(expired.with_for_update(skip_locked=True)).all()
            for blob in blobs:
                _bury(session, blob, now)
            return len(blobs)

    def due(self, now: datetime, unsent_since: datetime) -> list[str]:
        """Wanted Blobs whose time has come and whose message is not on its way."""
        come = and_(BlobRow.state == BlobState.WANTED, BlobRow.next_attempt_at <= now)
        lost = or_(
            BlobRow.sent_at.is_(None),
            BlobRow.sent_at < unsent_since,
            BlobRow.sent_at < BlobRow.next_attempt_at,
        )
        with self._database.write() as session:
            found = list(session.scalars(select(BlobRow.sha256).where(come, lost)))
            for digests in in_batches(found):
                session.execute(update(BlobRow).where(BlobRow.sha256.in_(digests)).values(sent_at=now))
            return found

    def needed(self) -> frozenset[str]:
        """Blobs that an unfinished Transfer still needs."""
        with self._database.read() as session:
            return _needed(session)


def _take(
    session: Session, blob: BlobRow, offers: Offers, worker: Worker, now: datetime, lease: float
) -> BlobClaim:
    blob.state = BlobState.FETCHING
    start_attempt(session, blob, blob.sha256, worker, now, lease)
    return BlobClaim(blob.sha256, blob.attempt, blob.tries, offers)


def _held(claim: BlobClaim) -> Any:
    return and_(
        BlobRow.sha256 == claim.sha256,
        BlobRow.state == BlobState.FETCHING,
        BlobRow.attempt == claim.attempt,
    )


def _leave(session: Session, claim: BlobClaim, state: BlobState, **values: Any) -> bool:
    leave = update(BlobRow).where(_held(claim)).values(state=state, lease_until=None, **values)
    return bool(changed(session, leave))


def _offers(session: Session, sha256: str) -> Offers:
    wanted = (
        select(DecisionRow)
        .join(TransferRow, TransferRow.decision_id == DecisionRow.id)
        .where(DecisionRow.sha256 == sha256, TransferRow.state == TransferState.WAITING)
        .order_by(DecisionRow.id.desc())
    )
    return tuple((row.mapping, file_of(row)) for row in session.scalars(wanted))


def file_of(row: DecisionRow) -> DistributionFile:
    """The file that a decision is about."""
    return DistributionFile(
        project=row.project,
        version=row.version,
        filename=row.filename,
        sha256=row.sha256,
        size=row.size,
        requires_python=row.requires_python,
        locator=row.locator,
        repository=row.repository,
    )


def _waiting(session: Session, sha256: str) -> list[int]:
    waiting = (
        select(TransferRow.id)
        .join(DecisionRow, DecisionRow.id == TransferRow.decision_id)
        .where(DecisionRow.sha256 == sha256, TransferRow.state == TransferState.WAITING)
    )
    return list(session.scalars(waiting))


def _set(session: Session, transfer_ids: list[int], **values: Any) -> None:
    """Change those that wait still: a Plan may have ended one of them meanwhile."""
    waits = TransferRow.state == TransferState.WAITING
    for ids in in_batches(transfer_ids):
        session.execute(update(TransferRow).where(TransferRow.id.in_(ids), waits).values(**values))


def _end_waiting(session: Session, sha256: str, outcome: Outcome, error: SyncerError, now: datetime) -> None:
    _set(
        session,
        _waiting(session, sha256),
        state=TransferState.ENDED,
        outcome=outcome,
        ended_at=now,
        **error_columns(error),
    )


def _needed(session: Session, sha256: str = "") -> frozenset[str]:
    unfinished = [TransferState.WAITING, TransferState.READY, TransferState.UPLOADING]
    needed = (
        select(DecisionRow.sha256)
        .join(TransferRow, TransferRow.decision_id == DecisionRow.id)
        .where(TransferRow.state.in_(unfinished))
        .distinct()
    )
    return frozenset(session.scalars(needed.where(DecisionRow.sha256 == sha256) if sha256 else needed))


def _bury(session: Session, blob: BlobRow, now: datetime) -> None:
    error = worker_died(f"The worker {blob.worker} that fetched this file")
    end_attempt(session, blob.sha256, blob.attempt, now, result="worker_died", error=error)
    blob.deaths += 1
    blob.lease_until = None
    if blob.deaths >= MAX_DEATHS:
        blob.state = BlobState.REFUSED
        _end_waiting(session, blob.sha256, Outcome.QUARANTINED, error, now)
    else:
        blob.state = BlobState.WANTED
        blob.next_attempt_at = now
        blob.sent_at = None


def worker_died(who: str) -> SyncerError:
    """What is recorded of an attempt that never ended."""
    return SyncerError(
        f"{who} ended without an answer.",
        "It was killed, lost its machine, or ran out of memory.",
        "It is tried again by itself, a few times; then ask for it with `syncer sync -p PROJECT`.",
    )
