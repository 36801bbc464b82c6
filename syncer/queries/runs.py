"""Runs: the recent ones, and everything of one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, union_all
from sqlalchemy.orm import Session

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import DecisionRow, RunRow, StatementRow, TaskRow, TransferRow
from syncer.core.plan import DecisionKind
from syncer.queries.rows import FileCounts, FileRow, file_counts, file_rows, select_files, select_statuses
from syncer.queries.statuses import file_status, of_decision, of_transfer

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
    depth: str
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
    listed_files: int | None = None
    decided_files: int | None = None
    excluded_files: int | None = None
    selected_files: int | None = None
    proved_files: int | None = None


@dataclass(frozen=True, slots=True)
class RunDetail:
    """One Run with the files that it decided about or took over, ``total`` of them, by page.

    A Run writes only what changed, so a Run that found nothing new has no files. ``task_ids`` are the
    Celery tasks that were recorded as this Run's. ``signed_by`` is the key that signed its statement of
    equal sides, empty where there is none.
    """

    run: RunSummary
    counts: FileCounts
    files: tuple[FileRow, ...]
    total: int
    limit: int
    offset: int
    task_ids: tuple[str, ...] = ()
    signed_by: str = ""


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
        signed = StatementRow.run_id == RunRow.id
        found = select(RunRow, StatementRow.key_id).outerjoin(StatementRow, signed).where(RunRow.id == run_id)
        row = session.execute(found).first()
        return None if row is None else _detail(session, *row, status, limit, offset)


def _detail(
    session: Session, row: RunRow, signed_by: str | None, status: str | None, limit: int, offset: int
) -> RunDetail:
    by_status = _counts(session, row.id)
    page = _files_of(row.id, status).limit(limit).offset(offset).subquery()
    tasks = select(TaskRow.id).where(TaskRow.run_id == row.id).order_by(TaskRow.done_at.desc())
    return RunDetail(
        run=run_summary(row),
        counts=file_counts(by_status),
        files=file_rows(session.execute(select_files().where(DecisionRow.id.in_(select(page.c.id))))),
        total=by_status.total() if status is None else by_status[status],
        limit=limit,
        offset=offset,
        task_ids=tuple(session.scalars(tasks.limit(TASKS_SHOWN))),
        signed_by=signed_by or "",
    )


def _counts(session: Session, run_id: int) -> Counter[str]:
    """By status: the Transfers that the Run holds, what else it decided, and Copies that others hold now."""
    decided, copies = DecisionRow.from_run_id == run_id, DecisionRow.kind == DecisionKind.COPY
    held = TransferRow.run_id == run_id
    key = (TransferRow.state, TransferRow.outcome, TransferRow.error_code)
    same = select(*key, func.count().label("number")).where(held).group_by(*key).subquery().c
    others = select(of_decision().label("status")).where(decided, ~copies)
    passed_on = select_statuses().where(decided, copies, DecisionRow.id.not_in(_held_by(run_id)))
    parts = (select(of_transfer(same), same.number), _grouped(others), _grouped(passed_on))
    counts: Counter[str] = Counter()
    for status, number in session.execute(union_all(*parts)):
        counts[status] += number
    return counts


def _grouped(files: Select[Any]) -> Any:
    status = files.subquery().c.status
    return select(status, func.count()).group_by(status)


def _held_by(run_id: int) -> Any:
    return select(TransferRow.decision_id).where(TransferRow.run_id == run_id)


def _files_of(run_id: int, status: str | None) -> Any:
    """Files that the Run decided about, and those that an earlier Run left to it, in their order.

    The first come from their index in order already, and the others are few: no database has to sort all.
    """
    key = (DecisionRow.project, DecisionRow.filename, DecisionRow.id)
    files = select_statuses().with_only_columns(*key)
    if status is not None:
        files = files.where(file_status() == status)
    own = files.where(DecisionRow.from_run_id == run_id)
    taken_over = files.where(TransferRow.run_id == run_id, DecisionRow.from_run_id < run_id)
    return union_all(own, taken_over).order_by("project", "filename")


def run_summary(row: RunRow) -> RunSummary:
    """A Run's row as a value."""
    values = {field.name: getattr(row, field.name) for field in fields(RunSummary)}
    return RunSummary(**{**values, "outcome": row.outcome or ""})
