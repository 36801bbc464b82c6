"""Celery tasks as the ledger recorded them, under the ids that Flower shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import AttemptRow, DecisionRow, RunRow, TaskRow, TransferRow
from syncer.queries.details import AttemptDetail, attempt_detail
from syncer.queries.rows import is_storable
from syncer.queries.runs import RunSummary, run_summary

#: How many attempts of one task are read; a lane's task makes one for each file it takes.
ATTEMPTS_READ = 200
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class TaskSummary:
    """One task; ``state`` is Celery's word, ``unknown`` when nothing was recorded of its end."""

    id: str
    name: str
    state: str
    worker: str
    run_id: int | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class TaskAttempt:
    """One try that the task made, and the file it was about; empty when no decision names it now."""

    attempt: AttemptDetail
    mapping: str = ""
    project: str = ""
    filename: str = ""


@dataclass(frozen=True, slots=True)
class TaskDetail:
    """A task, the Run it belongs to, and its attempts, newest first; ``result`` is JSON text."""

    task: TaskSummary
    result: str
    traceback: str
    run: RunSummary | None
    attempts: tuple[TaskAttempt, ...]


def recent_tasks(database: Database, limit: int = 50) -> tuple[TaskSummary, ...]:
    """The tasks that were recorded last, newest first."""
    newest = select(TaskRow).order_by(TaskRow.done_at.desc()).limit(limit)
    with database.read() as session:
        return tuple(_summary(row) for row in session.scalars(newest))


def task(database: Database, task_id: str) -> TaskDetail | None:
    """The task, None when no row names it."""
    if not is_storable(task_id):
        return None
    with database.read() as session:
        row = session.get(TaskRow, task_id)
        run = _run(session, task_id, row.run_id if row else None)
        attempts = _attempts(session, task_id)
        if row is None and run is None and not attempts:
            return None
        return TaskDetail(
            task=_summary(row) if row else _unrecorded(task_id, run),
            result=row.result if row else "",
            traceback=row.traceback if row else "",
            run=run_summary(run) if run else None,
            attempts=attempts,
        )


def _run(session: Session, task_id: str, run_id: int | None) -> RunRow | None:
    if run_id is not None:
        return session.get(RunRow, run_id)
    asked = select(RunRow).where(RunRow.task_id == task_id).order_by(RunRow.id.desc()).limit(1)
    return session.scalar(asked)


def _attempts(session: Session, task_id: str) -> tuple[TaskAttempt, ...]:
    # A download is of bytes, not of a decision: the newest decision about them names the file.
    of_bytes = aliased(DecisionRow)
    newest = select(func.max(of_bytes.id)).where(of_bytes.sha256 == AttemptRow.sha256).scalar_subquery()
    found = (
        select(AttemptRow, DecisionRow.mapping, DecisionRow.project, DecisionRow.filename)
        .outerjoin(TransferRow, TransferRow.id == AttemptRow.transfer_id)
        .outerjoin(DecisionRow, DecisionRow.id == func.coalesce(TransferRow.decision_id, newest))
        .where(AttemptRow.task_id == task_id)
        .order_by(AttemptRow.id.desc())
        .limit(ATTEMPTS_READ)
    )
    return tuple(_attempt(*row) for row in session.execute(found))


def _attempt(row: AttemptRow, *file: Any) -> TaskAttempt:
    return TaskAttempt(attempt_detail(row), *(text or "" for text in file))


def _summary(row: TaskRow) -> TaskSummary:
    return TaskSummary(row.id, row.name, row.state, row.worker, row.run_id, row.done_at)


def _unrecorded(task_id: str, run: RunRow | None) -> TaskSummary:
    return TaskSummary(task_id, "", UNKNOWN, "", run.id if run else None, None)
