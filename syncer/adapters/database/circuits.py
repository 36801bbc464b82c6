"""Circuits: which servers are left alone for now, known to all workers."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import BlobRow, CircuitRow, DecisionRow, TransferRow
from syncer.adapters.database.statements import changed, insert_new
from syncer.core.circuit import OPENS_AFTER, PROBE, pause_after
from syncer.core.errors import Retryable
from syncer.core.states import BlobState, TransferState

#: How long this process goes by what it saw last, while a server works.
CALM = timedelta(seconds=0.5)


class DatabaseCircuits:
    """CircuitLedger on tables: no row means that the server answered last."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._calm: dict[str, datetime] = {}

    def paused(self, server: str, now: datetime) -> bool:
        """Whether the server is being left alone."""
        with self._database.read() as session:
            row = session.get(CircuitRow, server)
            return row is not None and row.open_until is not None and row.open_until > now

    def wait(self, server: str, now: datetime) -> float:
        """Seconds to leave the server alone; 0 to go ahead, for one caller alone once a pause is over."""
        if self._was_calm(server, now):
            return 0.0
        with self._database.read() as session:
            row = session.get(CircuitRow, server)
            if row is None:
                self._calm[server] = now
            if row is None or row.open_until is None:
                return 0.0
            if row.open_until > now:
                return (row.open_until - now).total_seconds()
        return self._probe(server, now)

    def _probe(self, server: str, now: datetime) -> float:
        """The first to come finds out whether the server is back; the others wait for the answer."""
        probe = (
            update(CircuitRow)
            .where(CircuitRow.server == server, CircuitRow.open_until <= now)
            .values(open_until=now + timedelta(seconds=PROBE))
        )
        with self._database.write() as session:
            if changed(session, probe):
                return 0.0
            row = session.get(CircuitRow, server)
            return max(0.0, (row.open_until - now).total_seconds()) if row and row.open_until else 0.0

    def _was_calm(self, server: str, now: datetime) -> bool:
        """Whether nobody had trouble with the server moments ago; a file costs less than two looks at it."""
        seen = self._calm.get(server)
        return seen is not None and timedelta(0) < now - seen < CALM

    def failed(self, server: str, error: Retryable, now: datetime) -> None:
        """The server failed once more; from the third time in a row on it is left alone for a while."""
        self._calm.pop(server, None)
        with self._database.write() as session:
            insert_new(session, CircuitRow, [{"server": server, "changed_at": now}])
            row = session.get(CircuitRow, server, with_for_update=True)
            if row is None:
                return  # it answered somebody else in this very moment
            row.failures += 1
            pause = pause_after(row.failures, error.retry_after)
            row.open_until = now + timedelta(seconds=pause) if pause else None
            row.error, row.changed_at = error.what, now

    def answered(self, server: str, now: datetime) -> None:
        """The server works; what waited for it to come back is due now."""
        if self._was_calm(server, now):
            return
        with self._database.read() as session:
            if session.get(CircuitRow, server) is None:
                self._calm[server] = now
                return
        with self._database.write() as session:
            row = session.get(CircuitRow, server, with_for_update=True)
            if row is not None:
                session.delete(row)
                if row.failures >= OPENS_AFTER:
                    _wake(session, server, now)


#: What a file shows that waited only because a server was away.
AWAY = ("remote_unavailable", "rate_limited", "circuit_open")


def _wake(session: Session, server: str, now: datetime) -> None:
    """Bring forward what a server's absence had postponed, and what nobody took while it lasted.

    Which server a file waited for is not recorded; those that wait for another one just wait again.
    """
    waiting = TransferRow.error_code.in_(AWAY), TransferRow.next_attempt_at > now
    digests = (
        select(DecisionRow.sha256)
        .join(TransferRow, TransferRow.decision_id == DecisionRow.id)
        .where(TransferRow.state == TransferState.WAITING, *waiting)
    )
    session.execute(
        update(BlobRow)
        .where(BlobRow.state == BlobState.WANTED, BlobRow.sha256.in_(digests))
        .values(next_attempt_at=now, sent_at=None)
    )
    session.execute(
        update(TransferRow)
        .where(TransferRow.state != TransferState.ENDED, *waiting)
        .values(next_attempt_at=now, sent_at=None)
    )
    ready = TransferRow.state == TransferState.READY, TransferRow.server == server
    session.execute(update(TransferRow).where(*ready).values(sent_at=None))
