"""The moves that a Transfer can make, each on a row that is held."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, select
from sqlalchemy.orm import Session

from syncer.adapters.database.attempts import (
    claimed,
    end_attempt,
    error_columns,
    forget_attempt,
    start_attempt,
)
from syncer.adapters.database.blobs import file_of, worker_died
from syncer.adapters.database.schema import DecisionRow, TransferRow
from syncer.adapters.database.statements import change, table_of
from syncer.core.errors import SyncerError
from syncer.core.retry import MAX_DEATHS
from syncer.core.states import Outcome, TransferState
from syncer.ports.claims import TransferClaim, Uploaded, Worker

Claim = TransferClaim | Uploaded


def is_ready(now: datetime) -> Any:
    """The Transfer is ready and its time has come."""
    return and_(TransferRow.state == TransferState.READY, TransferRow.next_attempt_at <= now)


_transfers, _decisions = table_of(TransferRow), table_of(DecisionRow)
_READY = (
    select(
        _transfers.c.id.label("transfer"),
        _transfers.c.attempt,
        _transfers.c.tries,
        _transfers.c.run_id,
        *(column for column in _decisions.c if column.name != "id"),
    )
    .join(_decisions, _decisions.c.id == _transfers.c.decision_id)
    .where(_transfers.c.state == TransferState.READY, _transfers.c.next_attempt_at <= bindparam("now"))
    .with_for_update(skip_locked=True, of=_transfers)
)
_OF_SERVER = _READY.where(_transfers.c.server == bindparam("server"))
_THIS = _OF_SERVER.where(_transfers.c.id == bindparam("transfer"))
_NEXT = _OF_SERVER.order_by(_transfers.c.turn, _transfers.c.id).limit(1)
READY_OF_PROJECT = _READY.where(
    _decisions.c.to_run_id.is_(None),
    _decisions.c.mapping == bindparam("mapping"),
    _decisions.c.project == bindparam("project"),
)

_PROJECTS = select(_decisions.c.mapping, _decisions.c.project).join(
    _transfers, _transfers.c.decision_id == _decisions.c.id
)
_IS_DUE = _transfers.c.next_attempt_at <= bindparam("now")
_IS_COMING = and_(_transfers.c.state.in_([TransferState.READY, TransferState.UPLOADING]), _IS_DUE)
UPLOADED = _PROJECTS.where(_transfers.c.state == TransferState.UPLOADED, _IS_DUE).distinct()
COMING = _PROJECTS.where(_IS_COMING).distinct()
COMING_OF_PROJECT = _PROJECTS.where(
    _IS_COMING,
    _decisions.c.mapping == bindparam("mapping"),
    _decisions.c.project == bindparam("project"),
).limit(1)


def take_ready(
    session: Session, server: str, prefer: int, worker: Worker, now: datetime, lease: float
) -> TransferClaim | None:
    """A ready Transfer of the server is uploading: the preferred one, or the one whose turn it is."""
    at = {"server": server, "now": now}
    row = session.execute(_THIS, {**at, "transfer": prefer}).first() if prefer else None
    row = row or session.execute(_NEXT, at).first()
    return None if row is None else take(session, row, worker, now, lease)


def take(session: Session, row: Row[Any], worker: Worker, now: datetime, lease: float) -> TransferClaim:
    """The Transfer of this row, as the statements of ready ones give it, is uploading."""
    number, tries = row.attempt + 1, row.tries + 1
    taken = {"state": TransferState.UPLOADING, **claimed(number, tries, worker, now, lease)}
    change(session, TransferRow, {"id": row.transfer}, taken)
    start_attempt(session, row.sha256, number, worker, now, row.transfer)
    allowed = row.overwrite, row.target_sha256
    return TransferClaim(row.transfer, number, tries, row.run_id, row.mapping, file_of(row), *allowed)


def held(claim: Claim) -> dict[str, Any]:
    """What the row says as long as the claim stands."""
    state = TransferState.UPLOADED if isinstance(claim, Uploaded) else TransferState.UPLOADING
    return {"id": claim.id, "state": state, "attempt": claim.attempt}


def leave(
    session: Session, claim: Claim, now: datetime, result: str, error: SyncerError | None, /, **values: Any
) -> bool:
    """The Transfer has left the claimed state; whether it was still held.

    The attempt of an uploaded one had ended when the target accepted it.
    """
    if not change(session, TransferRow, held(claim), {"lease_until": None, **values}):
        return False
    if isinstance(claim, TransferClaim):
        sha256, number = claim.file.sha256, claim.attempt
        end_attempt(session, sha256, number, now, result=result, error=error, transfer_id=claim.id)
    return True


def give_back(
    session: Session, claim: TransferClaim, error: SyncerError | None, at: datetime, now: datetime
) -> None:
    """The Transfer is ready again at that time, as if it had not been claimed."""
    row = session.get_one(TransferRow, claim.id)
    decision = session.get_one(DecisionRow, row.decision_id, with_for_update={"read": True})
    back = {"tries": claim.tries - 1, "lease_until": None, **error_columns(error)}
    back |= tried_again(decision, None, at, sent_at=now, now=now)
    if change(session, TransferRow, held(claim), back):
        forget_attempt(session, claim.file.sha256, claim.attempt, claim.id)


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
