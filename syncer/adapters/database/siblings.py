"""The same files on several indexes of one server."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import DecisionRow, TransferRow
from syncer.adapters.database.scopes import CURRENT
from syncer.adapters.database.transfer_moves import READY_OF_PROJECT, give_back, is_ready, take
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
        which = {"mapping": claim.mapping, "project": claim.file.project, "now": now}
        with self._database.write() as session:
            rows = session.execute(READY_OF_PROJECT, which).all()
            return [take(session, row, worker, now, lease) for row in rows]

    def put_back(self, claim: TransferClaim, at: datetime, now: datetime) -> None:
        """The Transfer is ready again at that time, as if it had not been claimed, and so is its project."""
        with self._database.write() as session:
            give_back(session, claim, None, at, now)
            mine = select(DecisionRow.id).where(
                DecisionRow.mapping == claim.mapping, DecisionRow.project == claim.file.project
            )
            waits = update(TransferRow).where(TransferRow.decision_id.in_(mine), is_ready(now))
            session.execute(waits.values(next_attempt_at=at, sent_at=now))

    def hurry(self, server: str, project: str, now: datetime) -> None:
        """What waited for the project on another index of the server is due now."""
        decisions = select(DecisionRow.id).where(DecisionRow.project == project, CURRENT)
        waiting = (
            TransferRow.server == server,
            TransferRow.state == TransferState.READY,
            TransferRow.error_code == "",
            TransferRow.next_attempt_at > now,
            TransferRow.decision_id.in_(decisions),
        )
        with self._database.write() as session:
            session.execute(update(TransferRow).where(*waiting).values(next_attempt_at=now, sent_at=None))


def _sibling(row: Any) -> Sibling:
    return Sibling(
        requires_python=row.requires_python,
        is_there=row.outcome == Outcome.COPIED,
        is_coming=row.state != TransferState.ENDED and not row.error_code,
        created_at=row.created_at,
    )
