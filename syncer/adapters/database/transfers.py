"""Transfers: claimed by a lane, uploaded, read back, ended."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from syncer.adapters.database.attempts import error_columns
from syncer.adapters.database.blobs import file_of
from syncer.adapters.database.check_forgotten import forget_check
from syncer.adapters.database.due import enough, is_unsent
from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import DecisionRow, TransferRow
from syncer.adapters.database.statements import change, in_batches
from syncer.adapters.database.transfer_moves import (
    COMING,
    COMING_OF_PROJECT,
    UPLOADED,
    Claim,
    bury,
    give_back,
    held,
    is_ready,
    leave,
    take_ready,
    tried_again,
)
from syncer.core.errors import CircuitOpen, SyncerError
from syncer.core.retry import MAX_ATTEMPTS
from syncer.core.states import Outcome, TransferState
from syncer.ports.claims import TransferClaim, Uploaded, Worker


class DatabaseTransfers:
    """TransferLedger on tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(
        self, server: str, worker: Worker, now: datetime, lease: float, *, prefer: int = 0
    ) -> TransferClaim | None:
        """The Transfer whose turn it is at the server is uploading, or the preferred one if it is ready."""
        with self._database.write() as session:
            return take_ready(session, server, prefer, worker, now, lease)

    def server_of(self, transfer_id: int) -> str | None:
        """The server that the Transfer goes to."""
        with self._database.read() as session:
            return session.scalar(select(TransferRow.server).where(TransferRow.id == transfer_id))

    def next_ready(self, server: str, now: datetime) -> int | None:
        """Some Transfer that is ready for the server now."""
        with self._database.read() as session:
            ready = select(TransferRow.id).where(is_ready(now), TransferRow.server == server)
            return session.scalar(ready.limit(1))

    def extend(self, claim: TransferClaim, until: datetime) -> bool:
        """The lease lasts until then."""
        with self._database.write() as session:
            return bool(change(session, TransferRow, held(claim), {"lease_until": until}))

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
        """The Transfer has this Outcome; a copied one was read back with the bytes that it was to bring."""
        with self._database.write() as session:
            left = leave(
                session,
                claim,
                now,
                outcome,
                error,
                state=TransferState.ENDED,
                outcome=outcome,
                ended_at=now,
                read_back_sha256=claim.file.sha256 if outcome is Outcome.COPIED else "",
                **error_columns(error),
            )
            if left and outcome is Outcome.COPIED:
                forget_check(session, claim.id)
            return left

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
        with self._database.write() as session:
            give_back(session, claim, error, at, now)

    def unread(self, claim: Uploaded, error: SyncerError, at: datetime, now: datetime) -> bool:
        """The Transfer stays uploaded, with what its read-back found; it is read again at that time.

        It is no try when the server was left alone.
        """
        values = {
            "next_attempt_at": at,
            "tries": claim.tries + (0 if isinstance(error, CircuitOpen) else 1),
            "sent_at": now,
            **error_columns(error),
        }
        with self._database.write() as session:
            return bool(change(session, TransferRow, held(claim), values))

    def to_read_back(self, now: datetime) -> list[tuple[str, str]]:
        """Projects with uploads to be read back now and none that is still to come in moments."""
        with self._database.read() as session:
            uploaded, coming = (
                {(row.mapping, row.project) for row in session.execute(projects, {"now": now})}
                for projects in (UPLOADED, COMING)
            )
        return sorted(uploaded - coming)

    def is_coming(self, mapping: str, project: str, now: datetime) -> bool:
        """Whether another upload of the project is under way, or will be in moments."""
        which = {"mapping": mapping, "project": project, "now": now}
        with self._database.read() as session:
            return session.execute(COMING_OF_PROJECT, which).first() is not None

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
        lost = is_unsent(TransferRow, unsent_since)
        rows = (
            select(TransferRow.id, TransferRow.server).where(is_ready(now), lost).order_by(TransferRow.turn)
        )
        with self._database.write() as session:
            found = [(row.id, row.server) for row in session.execute(rows)]
            for ids in in_batches([transfer for transfer, _ in found]):
                session.execute(update(TransferRow).where(TransferRow.id.in_(ids)).values(sent_at=now))
            return enough(found)
