"""The moves that a Transfer can make, each on a row that is held."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, update
from sqlalchemy.orm import Session

from syncer.adapters.database.attempts import end_attempt, error_columns, start_attempt
from syncer.adapters.database.blobs import file_of, worker_died
from syncer.adapters.database.schema import DecisionRow, TransferRow
from syncer.adapters.database.statements import changed
from syncer.core.errors import SyncerError
from syncer.core.retry import MAX_DEATHS
from syncer.core.states import Outcome, TransferState
from syncer.ports.claims import TransferClaim, Uploaded, Worker

Claim = TransferClaim | Uploaded


def is_ready(now: datetime) -> Any:
    """The Transfer is ready and its time has come."""
    return and_(TransferRow.state == TransferState.READY, TransferRow.next_attempt_at <= now)


def take(
    session: Session, row: TransferRow, decision: DecisionRow, worker: Worker, now: datetime, lease: float
) -> TransferClaim:
    """The Transfer is uploading, claimed by the worker."""
    row.state = TransferState.UPLOADING
    start_attempt(session, row, decision.sha256, worker, now, lease)
    return TransferClaim(
        id=row.id,
        attempt=row.attempt,
        tries=row.tries,
        run_id=row.run_id,
        mapping=decision.mapping,
        file=file_of(decision),
        overwrite=decision.overwrite,
    )


def is_held(claim: Claim) -> Any:
    """The claim still stands."""
    held = TransferState.UPLOADED if isinstance(claim, Uploaded) else TransferState.UPLOADING
    return and_(TransferRow.id == claim.id, TransferRow.state == held, TransferRow.attempt == claim.attempt)


def leave(
    session: Session, claim: Claim, now: datetime, result: str, error: SyncerError | None, /, **values: Any
) -> bool:
    """The Transfer has left the claimed state; whether it was still held."""
    if not changed(session, update(TransferRow).where(is_held(claim)).values(lease_until=None, **values)):
        return False
    end_attempt(
        session, claim.file.sha256, claim.attempt, now, result=result, error=error, transfer_id=claim.id
    )
    return True


def tried_again(
    decision: DecisionRow, ends: Outcome | None, at: datetime, *, sent_at: datetime | None, now: datetime
) -> dict[str, Any]:
    """Ready at that time, unless it ends so; a Copy that was replaced while it was tried is not repeated."""
    outcome = Outcome.SUPERSEDED if decision.to_run_id is not None else ends
    if outcome is None:
        return {"state": TransferState.READY, "next_attempt_at": at, "sent_at": sent_at}
    return {"state": TransferState.ENDED, "outcome": outcome, "ended_at": now}


def bury(session: Session, row: TransferRow, decision: DecisionRow, now: datetime) -> None:
    """The Transfer's worker died: it is ready again, or quarantined after too many deaths."""
    error = worker_died(f"The worker {row.worker} that uploaded this file")
    result = "worker_died"
    end_attempt(session, decision.sha256, row.attempt, now, result=result, error=error, transfer_id=row.id)
    row.deaths += 1
    row.lease_until = None
    ends = Outcome.QUARANTINED if row.deaths >= MAX_DEATHS else None
    again = tried_again(decision, ends, now, sent_at=None, now=now)
    for column, value in (*error_columns(error).items(), *again.items()):
        setattr(row, column, value)
