"""Files as lists show them: one line per decision, with what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from syncer.adapters.database.schema import DecisionRow, TransferRow
from syncer.core.states import TransferState
from syncer.queries.statuses import FileStatus, file_status, next_step


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file of one Mapping: what was decided, how it stands, and what to do next.

    ``state``, ``outcome``, ``error`` and ``tries`` are its Transfer's, empty where it has none.
    """

    mapping: str
    project: str
    version: str
    filename: str
    sha256: str
    size: int | None
    status: str
    kind: str
    reason: str
    from_run_id: int
    decided_at: datetime
    state: str = ""
    outcome: str = ""
    error: str = ""
    next_step: str = ""
    tries: int = 0
    next_attempt_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FilePage:
    """Some of ``total`` files, from ``offset`` on, by project and file name."""

    files: tuple[FileRow, ...]
    total: int
    limit: int
    offset: int


@dataclass(frozen=True, slots=True)
class FileCounts:
    """How many files stand how.

    ``selected`` is every file but the excluded ones; ``missing`` is what of them is not synced, and the
    sum of all the other counts but ``excluded``.
    """

    selected: int = 0
    synced: int = 0
    missing: int = 0
    conflicts: int = 0
    refused: int = 0
    excluded: int = 0
    failing: int = 0
    waiting: int = 0
    unverified: int = 0
    unknown: int = 0


_OF_DECISION = (
    DecisionRow.mapping,
    DecisionRow.project,
    DecisionRow.version,
    DecisionRow.filename,
    DecisionRow.sha256,
    DecisionRow.size,
    DecisionRow.kind,
    DecisionRow.reason,
    DecisionRow.from_run_id,
    DecisionRow.decided_at,
)


def select_files() -> Select[Any]:
    """Every decision with its Transfer, by project and file name; ``file_rows`` reads the result."""
    order = (DecisionRow.mapping, DecisionRow.project, DecisionRow.filename, DecisionRow.id)
    return select_statuses(TransferRow, *_OF_DECISION).order_by(*order)


def select_statuses(*columns: Any) -> Select[Any]:
    """The given columns and ``status`` of every decision, to be filtered and counted."""
    of_decision = TransferRow.decision_id == DecisionRow.id
    every: Select[Any] = select(*columns, file_status().label("status"))
    return every.select_from(DecisionRow).outerjoin(TransferRow, of_decision)


def file_rows(found: Iterable[Any]) -> tuple[FileRow, ...]:
    """FileRows from what ``select_files`` gave."""
    return tuple(_file_row(row) for row in found)


def _file_row(row: Any) -> FileRow:
    decided = {column.key: getattr(row, column.key) for column in _OF_DECISION}
    transfer: TransferRow | None = row.TransferRow
    if transfer is None:
        return FileRow(**decided, status=row.status, next_step=next_step(row.status, row.kind, ""))
    return FileRow(
        **decided,
        status=row.status,
        state=transfer.state,
        outcome=transfer.outcome or "",
        error=transfer.error,
        next_step=next_step(row.status, row.kind, transfer.next_step),
        tries=transfer.tries,
        next_attempt_at=None if transfer.state == TransferState.ENDED else transfer.next_attempt_at,
    )


def file_counts(by_status: Mapping[str, int]) -> FileCounts:
    """Counts by status, summed up."""
    excluded, synced = by_status.get(FileStatus.EXCLUDED, 0), by_status.get(FileStatus.SYNCED, 0)
    selected = sum(by_status.values()) - excluded
    named = {
        "conflicts": by_status.get(FileStatus.CONFLICT, 0),
        "refused": by_status.get(FileStatus.REFUSED, 0),
        "failing": by_status.get(FileStatus.FAILING, 0),
        "waiting": by_status.get(FileStatus.WAITING, 0),
        "unverified": by_status.get(FileStatus.UNVERIFIED, 0),
    }
    unknown = selected - synced - sum(named.values())
    return FileCounts(selected, synced, selected - synced, excluded=excluded, unknown=unknown, **named)


def is_storable(text: str) -> bool:
    """Whether a row can hold the text at all; PostgreSQL refuses a question about any other."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)
