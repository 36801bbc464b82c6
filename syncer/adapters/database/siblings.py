"""The same files on several indexes of one server."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from syncer.adapters.database.attempts import error_columns, forget_attempt
from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import DecisionRow, TransferRow
from syncer.adapters.database.scopes import CURRENT
from syncer.adapters.database.statements import change
from syncer.adapters.database.transfer_moves import held, is_ready, take_row, tried_again
from syncer.core.states import Outcome, TransferState
from syncer.ports.claims import TransferClaim, Worker
from syncer.ports.siblings import Sibling


class DatabaseSiblings:
    """SiblingLedger on tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_project(self, mapping: str, project: str) -> dict[tuple[str, str], Sibling]:
        """What the Mapping's Transfers of the project have come to, by file name and sha256."""
        columns = (
            DecisionRow.filename,
            DecisionRow.sha256,
            TransferRow.requires_python,
            TransferRow.state,
            TransferRow.outcome,
            TransferRow.error_code,
            TransferRow.created_at,
        )
        found = (
            select(*columns)
            .join(TransferRow, TransferRow.decision_id == DecisionRow.id)
            .where(DecisionRow.mapping == mapping, DecisionRow.project == project)
            .order_by(TransferRow.id)
        )
        with self._database.read() as session:
            return {(row.filename, row.sha256): _sibling(row) for row in session.execute(found)}

    def claim_project(
        self, claim: TransferClaim, worker: Worker, now: datetime, lease: float
    ) -> list[TransferClaim]:
        """The other ready Transfers of the claim's Mapping and project are uploading too."""
        with self._database.write() as session:
            rows = session.execute(
                select(TransferRow, DecisionRow)
                .join(DecisionRow, DecisionRow.id == TransferRow.decision_id)
                .where(is_ready(now), CURRENT, *_of(claim.mapping, claim.file.project))
                .with_for_update(skip_locked=True, of=TransferRow)
            ).all()
            return [take_row(session, row, decision, worker, now, lease) for row, decision in rows]

    def put_back(self, claim: TransferClaim, at: datetime, now: datetime) -> None:
        """The Transfer is ready again at that time, as if it had not been claimed, and so is its project."""
        with self._database.write() as session:
            row = session.get_one(TransferRow, claim.id)
            decision = session.get_one(DecisionRow, row.decision_id, with_for_update={"read": True})
            back = {"tries": claim.tries - 1, "lease_until": None, **error_columns(None)}
            back |= tried_again(decision, None, at, sent_at=now, now=now)
            if change(session, TransferRow, held(claim), back):
                forget_attempt(session, claim.file.sha256, claim.attempt, claim.id)
            mine = select(DecisionRow.id).where(*_of(claim.mapping, claim.file.project))
            waits = update(TransferRow).where(TransferRow.decision_id.in_(mine), is_ready(now))
            session.execute(waits.values(next_attempt_at=at, sent_at=now))

    def hurry(self, server: str, project: str, now: datetime) -> None:
        """What waited for the project on another index of the server is due now."""
        with self._database.write() as session:
            _wake(session, server, project, now)


def _of(mapping: str, project: str) -> tuple[Any, Any]:
    return DecisionRow.mapping == mapping, DecisionRow.project == project


def _wake(session: Session, server: str, project: str, now: datetime) -> None:
    decisions = select(DecisionRow.id).where(DecisionRow.project == project, CURRENT)
    waiting = (
        TransferRow.server == server,
        TransferRow.state == TransferState.READY,
        TransferRow.error_code == "",
        TransferRow.next_attempt_at > now,
        TransferRow.decision_id.in_(decisions),
    )
    session.execute(update(TransferRow).where(*waiting).values(next_attempt_at=now, sent_at=now))


def _sibling(row: Any) -> Sibling:
    return Sibling(
        requires_python=row.requires_python,
        is_there=row.outcome == Outcome.COPIED,
        is_coming=row.state != TransferState.ENDED and not row.error_code,
        created_at=row.created_at,
    )
