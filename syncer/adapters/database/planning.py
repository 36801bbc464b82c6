"""From current Copy decisions to Transfers and Blobs that somebody can work on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Update, and_, exists, or_, select, true, update
from sqlalchemy.orm import Session, aliased

from syncer.adapters.database.schema import BlobRow, Claimable, DecisionRow, TransferRow
from syncer.adapters.database.scopes import CURRENT, within
from syncer.adapters.database.statements import in_batches, insert_new
from syncer.adapters.database.text import storable_name
from syncer.core.model import DistributionFile
from syncer.core.plan import DecisionKind
from syncer.core.states import STAYS_ENDED, BlobState, TransferState
from syncer.ports.claims import PlannedWork, RunClaim


def hold_blobs(session: Session, files: list[DistributionFile], source: str, now: datetime) -> None:
    """Each file, in its turn, has its Blob, and no worker moves one of them until this transaction ends.

    A Transfer must not begin to wait for a Blob whose fate another transaction is just deciding. The
    order keeps two Plans, and a Plan and a worker, from waiting for each other: Blobs before Transfers.
    """
    wanted = {file.sha256: (file.size, turn) for turn, file in reversed(list(enumerate(files)))}
    rows = [
        {
            "sha256": sha256,
            "size": size,
            "state": BlobState.WANTED,
            "server": source,
            "turn": turn,
            "next_attempt_at": now,
        }
        for sha256, (size, turn) in sorted(wanted.items())
    ]
    insert_new(session, BlobRow, rows)
    for batch in in_batches(sorted(wanted)):
        held = select(BlobRow.sha256).where(BlobRow.sha256.in_(batch)).order_by(BlobRow.sha256)
        session.execute(held.with_for_update())
        at_rest = BlobRow.state.in_([BlobState.REFUSED, BlobState.RELEASED])
        session.execute(update(BlobRow).where(BlobRow.sha256.in_(batch), at_rest).values(server=source))


def open_transfers(
    session: Session, claim: RunClaim, files: list[DistributionFile], server: str, now: datetime
) -> PlannedWork:
    """Every current Copy of the Scope has an open Transfer of this Run, unless it stays ended.

    ``files`` are those of the Plan in their turns.
    """
    copies = and_(CURRENT, within(session, claim.mapping, claim.scope), DecisionRow.kind == DecisionKind.COPY)
    _create_missing(session, claim, copies, files, server, now)
    _reopen(session, claim, copies, now)
    _adopt(session, claim)
    if claim.by_person:
        _hurry(session, claim, now)
    _want_blobs(session, claim, now)
    return _work(session, claim, now)


def _create_missing(
    session: Session,
    claim: RunClaim,
    copies: Any,
    files: list[DistributionFile],
    server: str,
    now: datetime,
) -> None:
    has_none = ~select(TransferRow.id).where(TransferRow.decision_id == DecisionRow.id).exists()
    columns = DecisionRow.id, DecisionRow.project, DecisionRow.filename
    turns = {(storable_name(file.project), storable_name(file.filename)): n for n, file in enumerate(files)}
    rows = [
        {
            "decision_id": row.id,
            "run_id": claim.id,
            "stands_for": claim.mapping,
            "server": server,
            "turn": turns.get((row.project, row.filename), 0),
            "state": TransferState.WAITING,
            "next_attempt_at": now,
            "created_at": now,
        }
        for row in session.execute(select(*columns).where(copies, has_none))
    ]
    insert_new(session, TransferRow, rows)


def _reopen(session: Session, claim: RunClaim, copies: Any, now: datetime) -> None:
    """A Copy that is still wanted although its Transfer ended is tried anew.

    Where the same bytes can only end the same way, only a person's Run tries again.
    """
    allowed = true() if claim.by_person else TransferRow.outcome.not_in(STAYS_ENDED)
    _change(
        session,
        update(TransferRow)
        .where(
            TransferRow.stands_for == claim.mapping,
            TransferRow.state == TransferState.ENDED,
            TransferRow.decision_id.in_(select(DecisionRow.id).where(copies)),
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
        ),
    )


def _adopt(session: Session, claim: RunClaim) -> None:
    """Every unfinished Transfer of the Scope holds this Run open from now on, not an older one.

    Asked of the few unfinished Transfers, each by itself, as the Scope may be a hundred thousand files.
    """
    unfinished = TransferRow.state.in_([state for state in TransferState if state is not TransferState.ENDED])
    its_decision = DecisionRow.id == TransferRow.decision_id
    inside = exists().where(its_decision, within(session, claim.mapping, claim.scope))
    of_others = and_(unfinished, TransferRow.run_id != claim.id)
    _change(session, update(TransferRow).where(of_others, inside).values(run_id=claim.id))


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
    _change(session, update(BlobRow).where(wanted, _was_tried(BlobRow, now)).values(**at_once))
    _change(session, update(TransferRow).where(mine, _was_tried(TransferRow, now)).values(**at_once))


def _was_tried(row: type[Claimable], now: datetime) -> Any:
    """Not just begun anew, as most rows of a first Run are."""
    return or_(row.next_attempt_at != now, row.sent_at.is_not(None), row.tries > 0, row.deaths > 0)


def _change(session: Session, statement: Update) -> None:
    """No object is loaded that would have to follow, so the database need not tell which rows it were."""
    session.execute(statement, execution_options={"synchronize_session": False})


def _want_blobs(session: Session, claim: RunClaim, now: datetime) -> None:
    """What the Run's Transfers wait for is wanted; those whose Blob is staged already are ready at once."""
    mine = and_(TransferRow.run_id == claim.id, TransferRow.state == TransferState.WAITING)
    at_rest = aliased(BlobRow)
    # The states are asked within, so that SQLite begins with what is waited for and not with all at rest.
    waited_for = (
        select(at_rest.sha256)
        .join(DecisionRow, DecisionRow.sha256 == at_rest.sha256)
        .join(TransferRow, TransferRow.decision_id == DecisionRow.id)
        .where(mine, at_rest.state.in_([BlobState.REFUSED, BlobState.RELEASED]))
    )
    _change(
        session,
        update(BlobRow)
        .where(BlobRow.sha256.in_(waited_for))
        .values(state=BlobState.WANTED, tries=0, deaths=0, next_attempt_at=now, sent_at=None),
    )
    staged = (
        select(DecisionRow.id)
        .join(BlobRow, BlobRow.sha256 == DecisionRow.sha256)
        .where(BlobRow.state == BlobState.STAGED)
    )
    _change(
        session,
        update(TransferRow)
        .where(mine, TransferRow.decision_id.in_(staged))
        .values(state=TransferState.READY),
    )


def _work(session: Session, claim: RunClaim, now: datetime) -> PlannedWork:
    """What is to be sent now; it counts as sent, and reconcile sends it again should it be lost."""
    blobs = (
        select(BlobRow.sha256, BlobRow.turn)
        .join(DecisionRow, DecisionRow.sha256 == BlobRow.sha256)
        .join(TransferRow, TransferRow.decision_id == DecisionRow.id)
        .where(
            TransferRow.run_id == claim.id,
            BlobRow.state == BlobState.WANTED,
            BlobRow.next_attempt_at <= now,
        )
        .distinct()
        .order_by(BlobRow.turn)
    )
    ready = (
        select(TransferRow.id)
        .where(
            TransferRow.run_id == claim.id,
            TransferRow.state == TransferState.READY,
            TransferRow.next_attempt_at <= now,
        )
        .order_by(TransferRow.turn)
    )
    work = PlannedWork(tuple(session.scalars(blobs)), tuple(session.scalars(ready)))
    for digests in in_batches(work.blobs):
        session.execute(update(BlobRow).where(BlobRow.sha256.in_(digests)).values(sent_at=now))
    for ids in in_batches(work.transfers):
        session.execute(update(TransferRow).where(TransferRow.id.in_(ids)).values(sent_at=now))
    return work
