"""Blobs: claimed, staged, refused, wanted again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, select, update
from sqlalchemy.orm import Session

from syncer.adapters.database.attempts import (
    claimed,
    end_attempt,
    error_columns,
    forget_attempt,
    start_attempt,
)
from syncer.adapters.database.blob_statements import NEEDED, NEXT, OFFERS, STATE, THIS, UNFINISHED, WAITING
from syncer.adapters.database.due import enough, is_unsent
from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import BlobRow, DecisionRow, TransferRow
from syncer.adapters.database.statements import change, in_batches
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
            return _take(session, THIS, {"sha256": sha256, "now": now}, worker, now, lease)

    def claim_next(self, server: str, worker: Worker, now: datetime, lease: float) -> BlobClaim | None:
        """The Blob whose turn it is at the server is being fetched."""
        with self._database.write() as session:
            return _take(session, NEXT, {"server": server, "now": now}, worker, now, lease)

    def server_of(self, sha256: str) -> str | None:
        """The server that the Blob comes from."""
        with self._database.read() as session:
            return session.scalar(select(BlobRow.server).where(BlobRow.sha256 == sha256))

    def next_wanted(self, server: str, now: datetime) -> str | None:
        """Some Blob that is wanted from the server now."""
        wanted = select(BlobRow.sha256).where(BlobRow.server == server, _is_wanted(now)).limit(1)
        with self._database.read() as session:
            return session.scalar(wanted)

    def extend(self, claim: BlobClaim, until: datetime) -> bool:
        """The lease lasts until then."""
        with self._database.write() as session:
            return bool(change(session, BlobRow, _held(claim), {"lease_until": until}))

    def staged(self, claim: BlobClaim, size: int, now: datetime) -> dict[int, str]:
        """The Blob is staged; the Transfers that became ready, each with its server, count as sent."""
        with self._database.write() as session:
            if not _leave(session, claim, BlobState.STAGED, size=size):
                return {}
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
            return ready

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
        again = {"next_attempt_at": at, "sent_at": now, "tries": claim.tries - 1}
        with self._database.write() as session:
            if _leave(session, claim, BlobState.WANTED, **again):
                forget_attempt(session, claim.sha256, claim.attempt)
                waiting = _waiting(session, claim.sha256)
                _set(session, waiting, next_attempt_at=at, **error_columns(error))

    def release(self, sha256: str) -> bool:
        """The Blob is released if no unfinished Transfer needs it; whether it now is."""
        with self._database.write() as session:
            # Held first, so that no Plan begins to need it between the two looks.
            state = session.scalar(STATE, {"sha256": sha256})
            if state != BlobState.STAGED or session.scalar(NEEDED, {"sha256": sha256}):
                return False
            return bool(change(session, BlobRow, {"sha256": sha256}, {"state": BlobState.RELEASED}))

    def free_expired(self, now: datetime) -> int:
        """Blobs whose worker is gone are wanted again, or quarantined after too many deaths."""
        with self._database.write() as session:
            expired = select(BlobRow).where(BlobRow.state == BlobState.FETCHING, BlobRow.lease_until < now)
            blobs = session.scalars(expired.with_for_update(skip_locked=True)).all()
            for blob in blobs:
                _bury(session, blob, now)
            return len(blobs)

    def due(self, now: datetime, unsent_since: datetime) -> list[str]:
        """Wanted Blobs whose time has come and whose message is not on its way; a few of each server."""
        lost = is_unsent(BlobRow, unsent_since)
        rows = select(BlobRow.sha256, BlobRow.server).where(_is_wanted(now), lost).order_by(BlobRow.turn)
        with self._database.write() as session:
            found = [(row.sha256, row.server) for row in session.execute(rows)]
            for digests in in_batches([sha256 for sha256, _ in found]):
                session.execute(update(BlobRow).where(BlobRow.sha256.in_(digests)).values(sent_at=now))
            return enough(found)

    def needed(self) -> frozenset[str]:
        """Blobs that an unfinished Transfer still needs."""
        with self._database.read() as session:
            needed = select(DecisionRow.sha256).join(TransferRow, TransferRow.decision_id == DecisionRow.id)
            return frozenset(session.scalars(needed.where(TransferRow.state.in_(UNFINISHED)).distinct()))


def _is_wanted(now: datetime) -> Any:
    return and_(BlobRow.state == BlobState.WANTED, BlobRow.next_attempt_at <= now)


def _take(
    session: Session, wanted: Any, which: dict[str, Any], worker: Worker, now: datetime, lease: float
) -> BlobClaim | None:
    """The first wanted Blob that is not just being held, and that somebody still waits for."""
    # Held before the second look, so that no Plan begins to wait for it between the two.
    while (blob := session.execute(wanted, which).first()) is not None:
        wanted_still = {"sha256": blob.sha256, "state": BlobState.WANTED}
        offers = _offers(session, blob.sha256)
        if not offers:
            change(session, BlobRow, wanted_still, {"state": BlobState.RELEASED})
            continue
        number, tries = blob.attempt + 1, blob.tries + 1
        taken = {"state": BlobState.FETCHING, **claimed(number, tries, worker, now, lease)}
        change(session, BlobRow, wanted_still, taken)
        start_attempt(session, blob.sha256, number, worker, now)
        return BlobClaim(blob.sha256, number, tries, offers)
    return None


def _held(claim: BlobClaim) -> dict[str, Any]:
    return {"sha256": claim.sha256, "state": BlobState.FETCHING, "attempt": claim.attempt}


def _leave(session: Session, claim: BlobClaim, state: BlobState, **values: Any) -> bool:
    return bool(change(session, BlobRow, _held(claim), {"state": state, "lease_until": None, **values}))


def _offers(session: Session, sha256: str) -> Offers:
    return tuple((row.mapping, file_of(row)) for row in session.execute(OFFERS, {"sha256": sha256}))


def file_of(row: DecisionRow | Row[Any]) -> DistributionFile:
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


def _waiting(session: Session, sha256: str) -> dict[int, str]:
    """The Transfers that wait for the bytes, each with its server."""
    return {row.id: row.server for row in session.execute(WAITING, {"sha256": sha256})}


def _set(session: Session, transfer_ids: Iterable[int], **values: Any) -> None:
    """Change those that wait still: a Plan may have ended one of them meanwhile."""
    for transfer in transfer_ids:
        change(session, TransferRow, {"id": transfer, "state": TransferState.WAITING}, values)


def _end_waiting(session: Session, sha256: str, outcome: Outcome, error: SyncerError, now: datetime) -> None:
    _set(
        session,
        _waiting(session, sha256),
        state=TransferState.ENDED,
        outcome=outcome,
        ended_at=now,
        **error_columns(error),
    )


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
