"""Claims of workers that are known to be gone, and times that cannot be right."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import (
    AttemptRow,
    BlobRow,
    CircuitRow,
    LaneRow,
    RunRow,
    TransferRow,
)
from syncer.core.retry import CLOCK_SKEW, LONGEST_ASKED
from syncer.core.states import BlobState, RunState, TransferState
from syncer.ports.claims import Worker

#: What is held under a lease, and in which state.
_LEASED: tuple[tuple[Any, Any], ...] = (
    (RunRow, RunRow.state == RunState.PLANNING),
    (BlobRow, BlobRow.state == BlobState.FETCHING),
    (TransferRow, TransferRow.state == TransferState.UPLOADING),
)
#: What waits for its time, and in which states.
_WAITING: tuple[tuple[Any, Any], ...] = (
    (BlobRow, BlobRow.state == BlobState.WANTED),
    (
        TransferRow,
        TransferRow.state.in_([TransferState.WAITING, TransferState.READY, TransferState.UPLOADED]),
    ),
)


class DatabaseRecovery:
    """RecoveryLedger on tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def expire(self, gone: Worker, now: datetime) -> None:
        """The leases of the worker, or of the one task that is named, are over."""
        past = now - timedelta(seconds=1)
        with self._database.write() as session:
            for table, where in _of_task(gone) if gone.task_id else _of_worker(gone):
                session.execute(update(table).where(where).values(lease_until=past))

    def tame_times(self, now: datetime, lease: float) -> None:
        """Nothing waits longer than any rule lets it."""
        with self._database.write() as session:
            _tame_leases(session, now, lease)
            _tame_waits(session, now)


def _of_worker(gone: Worker) -> list[tuple[Any, Any]]:
    lanes = LaneRow.holder.startswith(f"{gone.name}/", autoescape=True)
    return [(LaneRow, lanes), *((table, and_(held, table.worker == gone.name)) for table, held in _LEASED)]


def _of_task(gone: Worker) -> list[tuple[Any, Any]]:
    unfinished = and_(AttemptRow.task_id == gone.task_id, AttemptRow.ended_at.is_(None))
    blobs = select(AttemptRow.sha256).where(unfinished, AttemptRow.transfer_id.is_(None))
    transfers = select(AttemptRow.transfer_id).where(unfinished, AttemptRow.transfer_id.is_not(None))
    planning = and_(RunRow.state == RunState.PLANNING, RunRow.task_id == gone.task_id)
    return [
        (RunRow, planning),
        (LaneRow, LaneRow.holder.endswith(f"/{gone.task_id}", autoescape=True)),
        (BlobRow, and_(BlobRow.state == BlobState.FETCHING, BlobRow.sha256.in_(blobs))),
        (TransferRow, and_(TransferRow.state == TransferState.UPLOADING, TransferRow.id.in_(transfers))),
    ]


def _tame_leases(session: Session, now: datetime, lease: float) -> None:
    """A lease of a worker whose clock was ahead must not outlive it by more than any other."""
    longest, usual = now + timedelta(seconds=lease + CLOCK_SKEW), now + timedelta(seconds=lease)
    for table, held in (*_LEASED, (LaneRow, LaneRow.slot >= 0)):
        late = and_(held, table.lease_until > longest)
        session.execute(update(table).where(late).values(lease_until=usual))


def _tame_waits(session: Session, now: datetime) -> None:
    longest = now + timedelta(seconds=LONGEST_ASKED + CLOCK_SKEW)
    sent_later = now + timedelta(seconds=CLOCK_SKEW)
    for table, waiting in _WAITING:
        late = or_(table.next_attempt_at > longest, table.sent_at > sent_later)
        session.execute(update(table).where(waiting, late).values(next_attempt_at=now, sent_at=None))
    session.execute(update(CircuitRow).where(CircuitRow.open_until > longest).values(open_until=now))
