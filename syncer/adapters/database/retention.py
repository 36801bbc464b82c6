"""Forgetting history: what ended long ago and proves nothing of today."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import (
    AttemptRow,
    BlobRow,
    DecisionRow,
    HeartbeatRow,
    RunRow,
    TaskRow,
    TransferRow,
)
from syncer.adapters.database.statements import in_batches
from syncer.core.states import BlobState, Outcome, RunOutcome, RunState, TransferState


class DatabaseRetention:
    """RetentionLedger on tables; children go before what they refer to."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def forget(self, before: datetime, limit: int) -> int:
        """At most ``limit`` rows of each kind are gone; how many it were."""
        return sum(
            self._forget(what, before, limit)
            for what in (
                _replaced_decisions,
                _old_attempts,
                _idle_blobs,
                _old_runs,
                _old_tasks,
                _old_heartbeats,
            )
        )

    def _forget(self, what: Any, before: datetime, limit: int) -> int:
        """One short transaction, so that nobody waits for it."""
        with self._database.write() as session:
            return int(what(session, before, limit))


def _replaced_decisions(session: Session, before: datetime, limit: int) -> int:
    """Decisions that a Run replaced before then, with their Transfers and Attempts.

    How a file came to the Target is kept for as long as the same bytes are still wanted there.
    """
    now = aliased(DecisionRow)
    same = [
        getattr(now, name) == getattr(DecisionRow, name)
        for name in ("mapping", "project", "filename", "sha256")
    ]
    still_wanted = exists().where(now.to_run_id.is_(None), *same)
    replaced = (
        select(DecisionRow.id)
        .join(RunRow, RunRow.id == DecisionRow.to_run_id)
        .outerjoin(TransferRow, TransferRow.decision_id == DecisionRow.id)
        .where(
            RunRow.finished_at < before,
            or_(TransferRow.id.is_(None), TransferRow.state == TransferState.ENDED),
            or_(func.coalesce(TransferRow.outcome, "") != Outcome.COPIED, ~still_wanted),
        )
        .limit(limit)
    )
    ids = session.scalars(replaced).all()
    for batch in in_batches(ids):
        transfers = select(TransferRow.id).where(TransferRow.decision_id.in_(batch))
        session.execute(delete(AttemptRow).where(AttemptRow.transfer_id.in_(transfers)))
        session.execute(delete(TransferRow).where(TransferRow.decision_id.in_(batch)))
        session.execute(delete(DecisionRow).where(DecisionRow.id.in_(batch)))
    return len(ids)


def _old_attempts(session: Session, before: datetime, limit: int) -> int:
    """Attempts that ended before then, but for the newest of each step of each file."""
    newer = aliased(AttemptRow)
    same_step = and_(
        newer.sha256 == AttemptRow.sha256,
        newer.step == AttemptRow.step,
        func.coalesce(newer.transfer_id, 0) == func.coalesce(AttemptRow.transfer_id, 0),
    )
    outdone = exists().where(same_step, newer.id > AttemptRow.id)
    return _delete(session, AttemptRow, [AttemptRow.ended_at < before, outdone], limit)


def _idle_blobs(session: Session, before: datetime, limit: int) -> int:
    """Blobs that no decision speaks of any more, with the Attempts to fetch them."""
    spoken_of = exists().where(DecisionRow.sha256 == BlobRow.sha256)
    idle = select(BlobRow.sha256).where(
        BlobRow.state.in_([BlobState.RELEASED, BlobState.REFUSED]),
        BlobRow.next_attempt_at < before,
        ~spoken_of,
    )
    digests = session.scalars(idle.limit(limit)).all()
    for batch in in_batches(digests):
        session.execute(delete(AttemptRow).where(AttemptRow.sha256.in_(batch)))
        session.execute(delete(BlobRow).where(BlobRow.sha256.in_(batch)))
    return len(digests)


def _old_runs(session: Session, before: datetime, limit: int) -> int:
    """Runs that finished before then, and that no row refers to."""
    referring = (
        exists().where(DecisionRow.from_run_id == RunRow.id),
        exists().where(DecisionRow.to_run_id == RunRow.id),
        exists().where(TransferRow.run_id == RunRow.id),
    )
    old = [
        RunRow.state == RunState.FINISHED,
        RunRow.finished_at < before,
        *(~one for one in referring),
        RunRow.id.not_in(_newest()),
        RunRow.id.not_in(_newest(RunRow.outcome == RunOutcome.COMPLETE)),
    ]
    return _delete(session, RunRow, old, limit)


def _newest(*conditions: Any) -> Any:
    """The last whole Run of each Mapping and what it connected: how it stands is read from there."""
    whole = (RunRow.dry_run.is_(False), RunRow.project == "", RunRow.outcome.is_not(None))
    connected = (RunRow.mapping, RunRow.source, RunRow.target)
    return select(func.max(RunRow.id)).where(*whole, *conditions).group_by(*connected)


def _old_tasks(session: Session, before: datetime, limit: int) -> int:
    return _delete(session, TaskRow, [TaskRow.done_at < before], limit)


def _old_heartbeats(session: Session, before: datetime, limit: int) -> int:
    return _delete(session, HeartbeatRow, [HeartbeatRow.seen_at < before], limit)


def _delete(session: Session, table: Any, conditions: list[Any], limit: int) -> int:
    key = next(iter(table.__table__.primary_key))
    keys = session.scalars(select(key).where(*conditions).limit(limit)).all()
    for batch in in_batches(keys):
        session.execute(delete(table).where(key.in_(batch)))
    return len(keys)
