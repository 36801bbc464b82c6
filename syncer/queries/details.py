"""Values that hold everything known of one file, and how rows become them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from syncer.adapters.database.schema import AttemptRow, BlobRow, DecisionRow, TransferRow
from syncer.queries.statuses import next_step


@dataclass(frozen=True, slots=True)
class TransferDetail:
    """The recorded job of carrying out one Copy."""

    id: int
    run_id: int
    server: str
    state: str
    outcome: str
    tries: int
    deaths: int
    worker: str
    next_attempt_at: datetime
    answer: str
    read_back_sha256: str
    error_code: str
    error: str
    next_step: str
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class DecisionDetail:
    """What one Run said of the file, until ``to_run_id`` said otherwise, and what became of it."""

    id: int
    version: str
    sha256: str
    size: int | None
    requires_python: str
    repository: str
    locator: str
    release_id: int | None
    kind: str
    reason: str
    target_sha256: str
    overwrite: bool
    from_run_id: int
    to_run_id: int | None
    decided_at: datetime
    status: str
    next_step: str
    transfer: TransferDetail | None


@dataclass(frozen=True, slots=True)
class AttemptDetail:
    """One try: the download of bytes, or the upload of a Transfer; ``result`` is empty while it runs."""

    step: str
    number: int
    sha256: str
    worker: str
    task_id: str
    started_at: datetime
    ended_at: datetime | None
    result: str
    error: str
    transfer_id: int | None = None


@dataclass(frozen=True, slots=True)
class BlobDetail:
    """The bytes on their way through staging."""

    sha256: str
    state: str
    size: int | None
    tries: int
    worker: str
    next_attempt_at: datetime


@dataclass(frozen=True, slots=True)
class FileDetail:
    """Everything known of one file of one Mapping, newest first.

    Without a ``current`` decision the source's last listing did not hold the file.
    """

    mapping: str
    project: str
    filename: str
    status: str
    current: DecisionDetail | None
    former: tuple[DecisionDetail, ...]
    blobs: tuple[BlobDetail, ...]
    attempts: tuple[AttemptDetail, ...]


def decision_detail(row: DecisionRow, transfer: TransferRow | None, status: str) -> DecisionDetail:
    """A decision's row, with its Transfer's, as a value."""
    recorded = transfer.next_step if transfer else ""
    own = _columns(DecisionDetail, row, {"status", "next_step", "transfer"})
    detail = _transfer(transfer) if transfer else None
    return DecisionDetail(
        **own, status=status, next_step=next_step(status, row.kind, recorded), transfer=detail
    )


def _transfer(row: TransferRow) -> TransferDetail:
    return TransferDetail(**_columns(TransferDetail, row, {"outcome"}), outcome=row.outcome or "")


def blob_detail(row: BlobRow) -> BlobDetail:
    """A Blob's row as a value."""
    return BlobDetail(**_columns(BlobDetail, row))


def attempt_detail(row: AttemptRow) -> AttemptDetail:
    """An attempt's row as a value."""
    return AttemptDetail(**_columns(AttemptDetail, row))


def _columns(kind: type[Any], row: Any, but: set[str] | None = None) -> dict[str, Any]:
    """The row's columns that the dataclass names."""
    return {
        field.name: getattr(row, field.name) for field in fields(kind) if field.name not in (but or set())
    }
