"""Attempts: one row per try, written when it starts and completed when it ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from syncer.adapters.database.schema import AttemptRow
from syncer.adapters.database.statements import change, table_of
from syncer.core.errors import SyncerError
from syncer.ports.claims import Worker

DOWNLOAD = "download"
UPLOAD = "upload"


_BEGUN = insert(table_of(AttemptRow))


def claimed(attempt: int, tries: int, worker: Worker, now: datetime, lease: float) -> dict[str, Any]:
    """What the row of this attempt says: the worker holds it until its lease ends."""
    until = now + timedelta(seconds=lease)
    return {"attempt": attempt, "tries": tries, "worker": worker.name, "lease_until": until}


def start_attempt(
    session: Session, sha256: str, number: int, worker: Worker, now: datetime, transfer_id: int | None = None
) -> None:
    """A try has begun."""
    begun = {
        "step": DOWNLOAD if transfer_id is None else UPLOAD,
        "sha256": sha256,
        "transfer_id": transfer_id,
        "number": number,
        "worker": worker.name,
        "task_id": worker.task_id,
        "started_at": now,
        "result": "",
        "error": "",
    }
    session.execute(_BEGUN, begun)


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
    same_try = {"sha256": sha256, "number": number, "transfer_id": transfer_id, "ended_at": None}
    end = {"ended_at": now, "result": result, "error": str(error) if error else ""}
    change(session, AttemptRow, same_try, end)


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
