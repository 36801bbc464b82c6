"""Attempts: one row per try, written when it starts and completed when it ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from syncer.adapters.database.schema import AttemptRow, Claimable, TransferRow
from syncer.core.errors import SyncerError
from syncer.ports.claims import Worker

DOWNLOAD = "download"
UPLOAD = "upload"


def start_attempt(
    session: Session, row: Claimable, sha256: str, worker: Worker, now: datetime, lease: float
) -> None:
    """A try of the row has begun and is recorded; the worker holds it until its lease ends."""
    row.attempt += 1
    row.tries += 1
    row.worker = worker.name
    row.lease_until = now + timedelta(seconds=lease)
    transfer_id = row.id if isinstance(row, TransferRow) else None
    session.execute(
        insert(AttemptRow).values(
            step=DOWNLOAD if transfer_id is None else UPLOAD,
            sha256=sha256,
            transfer_id=transfer_id,
            number=row.attempt,
            worker=worker.name,
            task_id=worker.task_id,
            started_at=now,
        )
    )


def end_attempt(
    session: Session,
    sha256: str,
    number: int,
    now: datetime,
    *,
    result: str,
    error: SyncerError | None = None,
    transfer_id: int | None = None,
) -> None:
    """The try has ended with this result; an earlier end of the same try stands."""
    same = AttemptRow.transfer_id.is_(None) if transfer_id is None else AttemptRow.transfer_id == transfer_id
    session.execute(
        update(AttemptRow)
        .where(AttemptRow.sha256 == sha256, AttemptRow.number == number, same, AttemptRow.ended_at.is_(None))
        .values(ended_at=now, result=result, error=str(error) if error else "")
    )


def forget_attempt(session: Session, sha256: str, number: int, transfer_id: int | None = None) -> None:
    """There was no try: nothing was asked of any server."""
    same = AttemptRow.transfer_id.is_(None) if transfer_id is None else AttemptRow.transfer_id == transfer_id
    session.execute(delete(AttemptRow).where(AttemptRow.sha256 == sha256, AttemptRow.number == number, same))


def error_columns(error: SyncerError | None) -> dict[str, str]:
    """What a row keeps of an error: its code, what failed and why, and the next step."""
    if error is None:
        return {"error_code": "", "error": "", "next_step": ""}
    text = " ".join(part for part in (error.what, error.cause) if part)
    return {"error_code": error.code, "error": text, "next_step": error.next_step}
