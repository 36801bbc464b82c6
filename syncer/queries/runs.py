"""Runs: the recent ones, and everything of one."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import DecisionRow, RunRow, TaskRow, TransferRow
from syncer.queries.rows import FileCounts, FileRow, file_counts, file_rows, select_files, select_statuses
from syncer.queries.statuses import file_status

#: How many of a Run's tasks its page names.
TASKS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One Run; ``outcome`` is empty until it is finished."""

    id: int
    mapping: str
    trigger: str
    state: str
    outcome: str
    project: str
    version: str
    force: bool
    dry_run: bool
    task_id: str
    worker: str
    requested_at: datetime
    started_at: datetime | None
    planned_at: datetime | None
    finished_at: datetime | None
    stated_releases: int | None
    read_releases: int | None
    error_code: str
    error: str
    next_step: str


@dataclass(frozen=True, slots=True)
class RunDetail:
    """One Run with the files that it decided about or took over, ``total`` of them, by page.

    A Run writes only what changed, so a Run that found nothing new has no files. ``task_ids`` are the
    Celery tasks that were recorded as this Run's.
    """

    run: RunSummary
    counts: FileCounts
    files: tuple[FileRow, ...]
    total: int
    limit: int
    offset: int
    task_ids: tuple[str, ...] = ()


def recent_runs(database: Database, mapping: str | None = None, limit: int = 50) -> tuple[RunSummary, ...]:
    """The newest Runs, newest first; of one Mapping, or of all."""
    newest = select(RunRow).order_by(RunRow.id.desc()).limit(limit)
    if mapping is not None:
        newest = newest.where(RunRow.mapping == mapping)
    with database.read() as session:
        return tuple(run_summary(row) for row in session.scalars(newest))


def run_detail(
    database: Database, run_id: int, status: str | None = None, limit: int = 100, offset: int = 0
) -> RunDetail | None:
    """The Run, its counts, and a page of its files; None when there is no such Run."""
    with database.read() as session:
        row = session.get(RunRow, run_id)
        return None if row is None else _detail(session, row, status, limit, offset)


def _detail(session: Session, row: RunRow, status: str | None, limit: int, offset: int) -> RunDetail:
    inside = _files_of(row.id)
    found = select_statuses().where(inside).subquery()
    counted = session.execute(select(found.c.status, func.count().label("number")).group_by(found.c.status))
    by_status: dict[str, int] = {row.status: row.number for row in counted}
    page = select_files().where(inside).limit(limit).offset(offset)
    if status is not None:
        page = page.where(file_status() == status)
    tasks = select(TaskRow.id).where(TaskRow.run_id == row.id).order_by(TaskRow.done_at.desc())
    return RunDetail(
        run=run_summary(row),
        counts=file_counts(by_status),
        files=file_rows(session.execute(page)),
        total=sum(by_status.values()) if status is None else by_status.get(status, 0),
        limit=limit,
        offset=offset,
        task_ids=tuple(session.scalars(tasks.limit(TASKS_SHOWN))),
    )


def _files_of(run_id: int) -> Any:
    """Files that the Run decided about, and those that an earlier Run left to it."""
    decided = select(DecisionRow.id).where(DecisionRow.from_run_id == run_id)
    taken_over = select(TransferRow.decision_id).where(TransferRow.run_id == run_id)
    return DecisionRow.id.in_(decided.union(taken_over))


def run_summary(row: RunRow) -> RunSummary:
    """A Run's row as a value."""
    values = {field.name: getattr(row, field.name) for field in fields(RunSummary)}
    return RunSummary(**{**values, "outcome": row.outcome or ""})
