"""From current Copy decisions to Transfers and Blobs that somebody can work on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, select, true, update
from sqlalchemy.orm import Session

from syncer.adapters.database.schema import BlobRow, DecisionRow, TransferRow
from syncer.adapters.database.scopes import CURRENT, within
from syncer.adapters.database.statements import in_batches, insert_new
from syncer.core.plan import DecisionKind, Plan
from syncer.core.states import STAYS_ENDED, BlobState, TransferState
from syncer.ports.claims import PlannedWork, RunClaim


def hold_blobs(session: Session, plan: Plan, now: datetime) -> None:
    """Every Copy has its Blob, and no worker moves one of them until this transaction ends.

    A Transfer must not begin to wait for a Blob whose fate another transaction is just deciding. The
    order keeps two Plans, and a Plan and a worker, from waiting for each other: Blobs before Transfers.
    """
    wanted = {decision.file.sha256: decision.file.size for decision in plan.of(DecisionKind.COPY)}
    rows = [
        {"sha256": sha256, "size": size, "state": BlobState.WANTED, "next_attempt_at": now}
        for sha256, size in sorted(wanted.items())
    ]
    insert_new(session, BlobRow, rows)
    for batch in in_batches(sorted(wanted)):
        held = select(BlobRow.sha256).where(BlobRow.sha256.in_(batch)).order_by(BlobRow.sha256)
        session.execute(held.with_for_update())


def open_transfers(session: Session, claim: RunClaim, server: str, now: datetime) -> PlannedWork:
    """Every current Copy of the Scope has an open Transfer of this Run, unless it stays ended."""
    copies = and_(CURRENT, within(session, claim.mapping, claim.scope), DecisionRow.kind == DecisionKind.COPY)
    _create_missing(session, claim, copies, server, now)
    _reopen(session, claim, copies, now)
    _adopt(session, claim)
    if claim.by_person:
        _hurry(session, claim, now)
    _want_blobs(session, claim, now)
    return _work(session, claim, now)


def _create_missing(session: Session, claim: RunClaim, copies: Any, server: str, now: datetime) -> None:
    has_none = ~select(TransferRow.id).where(TransferRow.decision_id == DecisionRow.id).exists()
    ids = session.scalars(select(DecisionRow.id).where(copies, has_none)).all()
    rows = [
        {
            "decision_id": decision_id,
            "run_id": claim.id,
            "server": server,
            "state": TransferState.WAITING,
            "next_attempt_at": now,
            "created_at": now,
        }
        for decision_id in ids
    ]
    insert_new(session, TransferRow, rows)


def _reopen(session: Session, claim: RunClaim, copies: Any, now: datetime) -> None:
    """A Copy that is still wanted although its Transfer ended is tried anew.

    Where the same bytes can only end the same way, only a person's Run tries again.
    """
    allowed = true() if claim.by_person else TransferRow.outcome.not_in(STAYS_ENDED)
    session.execute(
        update(TransferRow)
        .where(
            TransferRow.decision_id.in_(select(DecisionRow.id).where(copies)),
            TransferRow.state == TransferState.ENDED,
            allowed,
        )
        .values(
            state=TransferState.WAITING,
            outcome=None,
            ended_at=None,
            tries=0,
            deaths=0,
            next_attempt_at=now,
            sent_at=None,
        )
    )


def _adopt(session: Session, claim: RunClaim) -> None:
    """Every unfinished Transfer of the Scope holds this Run open from now on, not an older one."""
    inside = select(DecisionRow.id).where(within(session, claim.mapping, claim.scope))
    session.execute(
        update(TransferRow)
        .where(TransferRow.decision_id.in_(inside), TransferRow.state != TransferState.ENDED)
        .values(run_id=claim.id)
    )


def _hurry(session: Session, claim: RunClaim, now: datetime) -> None:
    """What waits for its next attempt is due now, and begins to count anew, as somebody asks for it."""
    at_once = {"next_attempt_at": now, "sent_at": None, "tries": 0, "deaths": 0}
    waits = TransferRow.state.in_([TransferState.WAITING, TransferState.READY])
    mine = and_(TransferRow.run_id == claim.id, waits)
    digests = (
        select(DecisionRow.sha256)
        .join(TransferRow, TransferRow.decision_id == DecisionRow.id)
        .where(TransferRow.run_id == claim.id, TransferRow.state == TransferState.WAITING)
    )
    wanted = and_(BlobRow.state == BlobState.WANTED, BlobRow.sha256.in_(digests))
    session.execute(update(BlobRow).where(wanted).values(**at_once))
    session.execute(update(TransferRow).where(mine).values(**at_once))


def _want_blobs(session: Session, claim: RunClaim, now: datetime) -> None:
    waiting = (
        select(DecisionRow.sha256)
        .join(TransferRow, TransferRow.decision_id == DecisionRow.id)
        .where(TransferRow.run_id == claim.id, TransferRow.state == TransferState.WAITING)
        .distinct()
    )
    for batch in in_batches(session.scalars(waiting).all()):
        _want_again(session, list(batch), now)
        _skip_download(session, claim, list(batch))


def _want_again(session: Session, digests: list[str], now: datetime) -> None:
    session.execute(
        update(BlobRow)
        .where(BlobRow.sha256.in_(digests), BlobRow.state.in_([BlobState.REFUSED, BlobState.RELEASED]))
        .values(state=BlobState.WANTED, tries=0, deaths=0, next_attempt_at=now, sent_at=None)
    )


def _skip_download(session: Session, claim: RunClaim, digests: list[str]) -> None:
    """Transfers whose Blob is staged already are ready at once."""
    staged = select(BlobRow.sha256).where(BlobRow.sha256.in_(digests), BlobRow.state == BlobState.STAGED)
    decisions = select(DecisionRow.id).where(DecisionRow.sha256.in_(staged))
    session.execute(
        update(TransferRow)
        .where(
            TransferRow.run_id == claim.id,
            TransferRow.state == TransferState.WAITING,
            TransferRow.decision_id.in_(decisions),
        )
        .values(state=TransferState.READY)
    )


def _work(session: Session, claim: RunClaim, now: datetime) -> PlannedWork:
    """What is to be sent now; it counts as sent, and reconcile sends it again should it be lost."""
    blobs = (
        select(BlobRow.sha256)
        .join(DecisionRow, DecisionRow.sha256 == BlobRow.sha256)
        .join(TransferRow, TransferRow.decision_id == DecisionRow.id)
        .where(
            TransferRow.run_id == claim.id,
            BlobRow.state == BlobState.WANTED,
            BlobRow.next_attempt_at <= now,
        )
        .distinct()
    )
    ready = select(TransferRow.id).where(
        TransferRow.run_id == claim.id,
        TransferRow.state == TransferState.READY,
        TransferRow.next_attempt_at <= now,
    )
    work = PlannedWork(tuple(session.scalars(blobs)), tuple(session.scalars(ready)))
    for digests in in_batches(work.blobs):
        session.execute(update(BlobRow).where(BlobRow.sha256.in_(digests)).values(sent_at=now))
    for ids in in_batches(work.transfers):
        session.execute(update(TransferRow).where(TransferRow.id.in_(ids)).values(sent_at=now))
    return work
