"""Transfers: claimed by a lane, uploaded, read back, ended."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import case, exists, or_, select, update
from sqlalchemy.orm import aliased

from syncer.adapters.database.attempts import error_columns, forget_attempt
from syncer.adapters.database.blobs import file_of
from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import DecisionRow, TransferRow
from syncer.adapters.database.statements import changed, in_batches
from syncer.adapters.database.transfer_moves import (
    Claim,
    bury,
    is_held,
    is_ready,
    leave,
    take,
    tried_again,
)
from syncer.core.errors import CircuitOpen, SyncerError
from syncer.core.retry import MAX_ATTEMPTS
from syncer.core.states import Outcome, TransferState
from syncer.ports.claims import TransferClaim, Uploaded, Worker

#: More lanes than any server has.
WIDEST = 64


class DatabaseTransfers:
    """TransferLedger on tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(
        self, server: str, worker: Worker, now: datetime, lease: float, *, prefer: int = 0, avoid: str = ""
    ) -> TransferClaim | None:
        """A ready Transfer of the server is uploading.

        devpi rewrites a project's page with each upload, so versions of one project are kept apart
        where another project's file is ready.
        """
        order = (
            case((TransferRow.id == prefer, 0), (DecisionRow.project != avoid, 1), else_=2),
            TransferRow.next_attempt_at,
            TransferRow.id,
        )
        ready = (
            select(TransferRow, DecisionRow)
            .join(DecisionRow, DecisionRow.id == TransferRow.decision_id)
            .where(is_ready(now), TransferRow.server == server)
            .order_by(*order)
            .limit(1)
        )
        with self._database.write() as session:
            found = session.execute(ready.with_for_update(skip_locked=True, of=TransferRow)).first()
            if found is None:
                return None
            return take(session, found[0], found[1], worker, now, lease)

    def server_of(self, transfer_id: int) -> str | None:
        """The server of a Transfer that is ready."""
        with self._database.read() as session:
            row = session.get(TransferRow, transfer_id)
            return row.server if row is not None and row.state == TransferState.READY else None

    def next_ready(self, server: str, now: datetime) -> int | None:
        """Some Transfer that is ready for the server now."""
        with self._database.read() as session:
            ready = select(TransferRow.id).where(is_ready(now), TransferRow.server == server)
            return session.scalar(ready.limit(1))

    def extend(self, claim: TransferClaim, until: datetime) -> bool:
        """The lease lasts until then."""
        with self._database.write() as session:
            return bool(changed(session, update(TransferRow).where(is_held(claim)).values(lease_until=until)))

    def uploaded(self, claim: TransferClaim, answer: str, requires_python: str, now: datetime) -> bool:
        """The target accepted the file; it is to be read back."""
        with self._database.write() as session:
            return leave(
                session,
                claim,
                now,
                "uploaded",
                None,
                state=TransferState.UPLOADED,
                answer=answer,
                requires_python=requires_python,
                next_attempt_at=now,
                **error_columns(None),
            )

    def ended(self, claim: Claim, outcome: Outcome, now: datetime, error: SyncerError | None = None) -> bool:
        """The Transfer has this Outcome."""
        with self._database.write() as session:
            return leave(
                session,
                claim,
                now,
                outcome,
                error,
                state=TransferState.ENDED,
                outcome=outcome,
                ended_at=now,
                **error_columns(error),
            )

    def postponed(self, claim: Claim, error: SyncerError, at: datetime, now: datetime) -> bool:
        """The Transfer is ready again at that time, or gave up after the last attempt."""
        with self._database.write() as session:
            row = session.get_one(TransferRow, claim.id)
            decision = session.get_one(DecisionRow, row.decision_id, with_for_update={"read": True})
            ends = Outcome.GAVE_UP if row.tries >= MAX_ATTEMPTS else None
            values = tried_again(decision, ends, at, sent_at=now, now=now)
            return leave(session, claim, now, error.code, error, **values, **error_columns(error))

    def untried(self, claim: TransferClaim, error: SyncerError, at: datetime, now: datetime) -> None:
        """The Transfer is ready again at that time, as if it had not been claimed."""
        back = {"tries": TransferRow.tries - 1, "lease_until": None, **error_columns(error)}
        with self._database.write() as session:
            row = session.get_one(TransferRow, claim.id)
            decision = session.get_one(DecisionRow, row.decision_id, with_for_update={"read": True})
            back |= tried_again(decision, None, at, sent_at=now, now=now)
            if changed(session, update(TransferRow).where(is_held(claim)).values(**back)):
                forget_attempt(session, claim.file.sha256, claim.attempt, claim.id)

    def unread(self, claim: Uploaded, error: SyncerError, at: datetime, now: datetime) -> bool:
        """The Transfer stays uploaded, with what its read-back found; it is read again at that time.

        It is no try when the server was left alone.
        """
        values = {
            "next_attempt_at": at,
            "tries": TransferRow.tries + (0 if isinstance(error, CircuitOpen) else 1),
            "sent_at": now,
            **error_columns(error),
        }
        with self._database.write() as session:
            return bool(changed(session, update(TransferRow).where(is_held(claim)).values(**values)))

    def to_read_back(self, now: datetime) -> list[tuple[str, str]]:
        """Projects with uploads to be read back now and none that is still to come in moments."""
        other, sibling = aliased(TransferRow), aliased(DecisionRow)
        coming = exists().where(
            other.decision_id == sibling.id,
            sibling.mapping == DecisionRow.mapping,
            sibling.project == DecisionRow.project,
            other.state.in_([TransferState.READY, TransferState.UPLOADING]),
            other.next_attempt_at <= now,
        )
        uploaded = (
            select(DecisionRow.mapping, DecisionRow.project)
            .join(TransferRow, TransferRow.decision_id == DecisionRow.id)
            .where(TransferRow.state == TransferState.UPLOADED, TransferRow.next_attempt_at <= now, ~coming)
            .distinct()
        )
        with self._database.read() as session:
            return [(row.mapping, row.project) for row in session.execute(uploaded)]

    def unverified(self, mapping: str, project: str) -> list[Uploaded]:
        """The project's uploads that were not read back yet."""
        uploaded = (
            select(TransferRow, DecisionRow)
            .join(DecisionRow, DecisionRow.id == TransferRow.decision_id)
            .where(
                TransferRow.state == TransferState.UPLOADED,
                DecisionRow.mapping == mapping,
                DecisionRow.project == project,
            )
        )
        with self._database.read() as session:
            return [
                Uploaded(row.id, row.attempt, row.tries, row.run_id, file_of(decision), row.requires_python)
                for row, decision in session.execute(uploaded)
            ]

    def free_expired(self, now: datetime) -> int:
        """Transfers whose worker is gone are ready again, or quarantined after too many deaths."""
        expired = (
            select(TransferRow, DecisionRow)
            .join(DecisionRow, DecisionRow.id == TransferRow.decision_id)
            .where(TransferRow.state == TransferState.UPLOADING, TransferRow.lease_until < now)
            .with_for_update(skip_locked=True)
        )
        with self._database.write() as session:
            rows = session.execute(expired).all()
            for row, decision in rows:
                bury(session, row, decision, now)
            return len(rows)

    def due(self, now: datetime, unsent_since: datetime) -> list[int]:
        """Ready Transfers whose time has come and whose message is not on its way; a few of each server."""
        lost = or_(
            TransferRow.sent_at.is_(None),
            TransferRow.sent_at < unsent_since,
            TransferRow.sent_at < TransferRow.next_attempt_at,
        )
        rows = select(TransferRow.id, TransferRow.server).where(is_ready(now), lost).order_by(TransferRow.id)
        with self._database.write() as session:
            found = [(row.id, row.server) for row in session.execute(rows)]
            for ids in in_batches([transfer for transfer, _ in found]):
                session.execute(update(TransferRow).where(TransferRow.id.in_(ids)).values(sent_at=now))
            return _enough(found)


def _enough(found: list[tuple[int, str]]) -> list[int]:
    """Each message wakes a lane of the server, which takes all that is ready: more messages do nothing."""
    numbers: Counter[str] = Counter()
    chosen = []
    for transfer, server in found:
        numbers[server] += 1
        if numbers[server] <= WIDEST:
            chosen.append(transfer)
    return chosen
