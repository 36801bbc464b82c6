"""Files that left their Source: marked when a Plan is recorded, and what becomes of them then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session, aliased

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import DecisionRow, RunRow, TransferRow, WithdrawalRow
from syncer.adapters.database.scopes import CURRENT
from syncer.adapters.database.statements import changed, in_batches
from syncer.adapters.database.text import storable_name
from syncer.core.deletion import OPEN, SCANS_NEEDED, Scan, Withdrawal, WithdrawalState
from syncer.core.look import Depth
from syncer.core.model import Deletion, DistributionFile, Mapping, OnSourceDelete
from syncer.core.plan import DecisionKind, Plan
from syncer.core.states import AT_TARGET
from syncer.ports.claims import RunClaim

IS_OPEN = WithdrawalRow.state.in_(sorted(OPEN))
#: More scans than this prove nothing more.
SCANS_READ = 1000


class DatabaseWithdrawals:
    """WithdrawalLedger on tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, mapping: str) -> Sequence[Withdrawal]:
        """Those that are marked or due, by project and file name."""
        rows = select(WithdrawalRow).where(WithdrawalRow.mapping == mapping, IS_OPEN)
        order = WithdrawalRow.project, WithdrawalRow.filename, WithdrawalRow.id
        with self._database.read() as session:
            return [withdrawal_of(row) for row in session.scalars(rows.order_by(*order))]

    def scans(self, mapping: Mapping, since: int) -> Sequence[Scan]:
        """The whole scans of the Mapping as it is now, newest first."""
        whole = (
            RunRow.mapping == mapping.name,
            RunRow.source == str(mapping.source),
            RunRow.target == str(mapping.target),
            RunRow.depth == Depth.FULL,
            RunRow.project == "",
            RunRow.dry_run.is_(False),
            RunRow.planned_at.is_not(None),
            RunRow.started_at.is_not(None),
        )
        columns = select(RunRow.id, RunRow.started_at, RunRow.listed_files)
        newest = columns.where(*whole).order_by(RunRow.id.desc()).limit(SCANS_READ)
        with self._database.read() as session:
            found = [
                Scan(row.id, row.started_at, row.listed_files)
                for row in session.execute(newest)
                if row.started_at is not None
            ]
        return [scan for place, scan in enumerate(found) if place < SCANS_NEEDED or scan.run_id >= since]

    def files(self, mapping: str) -> int:
        """How many files of the Mapping ought to be at its Target, the open ones included."""
        at_target = DecisionRow.kind.in_([DecisionKind.COPY, DecisionKind.ALREADY_THERE])
        wanted = select(func.count()).where(CURRENT, DecisionRow.mapping == mapping, at_target)
        gone = select(func.count()).where(WithdrawalRow.mapping == mapping, IS_OPEN)
        with self._database.read() as session:
            return (session.scalar(wanted) or 0) + (session.scalar(gone) or 0)

    def wanted(self, mappings: Sequence[str], file: DistributionFile) -> str:
        """The first of these Mappings whose Source has the file now, empty where none has."""
        same = (DecisionRow.project == file.project, DecisionRow.filename == file.filename)
        having = select(DecisionRow.mapping).where(
            CURRENT, *same, DecisionRow.mapping.in_(mappings), DecisionRow.kind != DecisionKind.EXCLUDED
        )
        with self._database.read() as session:
            return session.scalar(having.order_by(DecisionRow.mapping).limit(1)) or ""

    def put_off(self, ids: Sequence[int], until: datetime) -> None:
        """The grace of these lasts until then."""
        self._change(ids, IS_OPEN, due_at=until)

    def due(self, ids: Sequence[int]) -> None:
        """Of these the grace is over."""
        self._change(ids, IS_OPEN, state=WithdrawalState.DUE)

    def confirm(self, ids: Sequence[int], now: datetime) -> int:
        """A person has confirmed these."""
        return self._change(ids, IS_OPEN, confirmed_at=now)

    def is_open(self, one: Withdrawal) -> bool:
        """Whether nobody has ended it yet."""
        with self._database.read() as session:
            return bool(session.scalar(select(exists().where(WithdrawalRow.id == one.id, IS_OPEN))))

    def end(
        self,
        one: Withdrawal,
        state: WithdrawalState,
        reason: str,
        now: datetime,
        *,
        even_ended: bool = False,
    ) -> bool:
        """It has ended so."""
        values = {"state": state, "reason": reason, "ended_at": now}
        return bool(self._change([one.id], *([] if even_ended else [IS_OPEN]), **values))

    def _change(self, ids: Sequence[int], *conditions: Any, **values: Any) -> int:
        with self._database.write() as session:
            return sum(
                changed(
                    session,
                    update(WithdrawalRow).where(WithdrawalRow.id.in_(batch), *conditions).values(values),
                )
                for batch in in_batches(ids)
            )


def withdrawal_of(row: WithdrawalRow) -> Withdrawal:
    """The row as a value."""
    return Withdrawal(
        id=row.id,
        mapping=row.mapping,
        file=DistributionFile(row.project, row.version, row.filename, row.sha256),
        state=WithdrawalState(row.state),
        gone_at=row.gone_at,
        run_id=row.run_id,
        due_at=row.due_at,
        confirmed_at=row.confirmed_at,
    )


def return_listed(session: Session, claim: RunClaim, plan: Plan, now: datetime) -> None:
    """What the Source lists again was never gone; other bytes under the name are the planner's business."""
    open_ = session.scalars(
        select(WithdrawalRow).where(WithdrawalRow.mapping == claim.mapping, IS_OPEN)
    ).all()
    if not open_:
        return
    listed = {
        (storable_name(decision.file.project), storable_name(decision.file.filename)): decision.file.sha256
        for decision in plan.decisions
    }
    for row in open_:
        if (sha256 := listed.get((row.project, row.filename))) is not None:
            row.state, row.ended_at = WithdrawalState.RETURNED, now
            row.reason = "the source has it again"
            if sha256 != row.sha256:
                row.reason = f"the source has the name again, with other bytes (sha256 {sha256})"


def mark_gone(session: Session, claim: RunClaim, policy: Deletion, now: datetime) -> None:
    """What this Run closed and nothing replaced is marked, if the Mapping brought it to this very Target."""
    if policy.action is OnSourceDelete.KEEP:
        return
    withdraws = policy.action is OnSourceDelete.WITHDRAW
    due_at = now + timedelta(seconds=policy.grace) if withdraws else None
    for row in session.execute(_gone(session, claim)).all():
        marked = WithdrawalRow(
            mapping=claim.mapping,
            project=row.project,
            version=row.version,
            filename=row.filename,
            sha256=row.sha256,
            state=WithdrawalState.MARKED,
            gone_at=now,
            run_id=claim.id,
            due_at=due_at,
        )
        session.add(marked)


def _gone(session: Session, claim: RunClaim) -> Any:
    """Closed by the Run and not replaced; decided between the same Source and Target as the Run."""
    run, decider, present = session.get_one(RunRow, claim.id), aliased(RunRow), aliased(DecisionRow)
    replaced = exists().where(
        present.to_run_id.is_(None),
        present.mapping == DecisionRow.mapping,
        present.project == DecisionRow.project,
        present.filename == DecisionRow.filename,
    )
    columns = DecisionRow.project, DecisionRow.version, DecisionRow.filename, DecisionRow.sha256
    return (
        select(*columns)
        .join(decider, decider.id == DecisionRow.from_run_id)
        .where(
            DecisionRow.mapping == claim.mapping,
            DecisionRow.to_run_id == claim.id,
            decider.source == run.source,
            decider.target == run.target,
            ~replaced,
            _brought(),
        )
    )


def _brought() -> Any:
    """Whether a Transfer of the Mapping, of this decision or one before, ended with these bytes there."""
    earlier = aliased(DecisionRow)
    same = [
        getattr(earlier, name) == getattr(DecisionRow, name)
        for name in ("mapping", "project", "filename", "sha256")
    ]
    return exists().where(*same, TransferRow.decision_id == earlier.id, TransferRow.outcome.in_(AT_TARGET))
