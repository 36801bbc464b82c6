"""The figures of a Run's balance sheet, counted in the rows themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from syncer.adapters.database.attempts import error_columns
from syncer.adapters.database.schema import DecisionRow, LookRow, RunRow, TransferRow
from syncer.adapters.database.scopes import CURRENT, all_at_target, within
from syncer.adapters.database.text import storable_name
from syncer.core.balance import Balance, Figures, balance_of
from syncer.core.errors import SyncerError
from syncer.core.look import Depth
from syncer.core.model import EVERYTHING, Scope
from syncer.core.plan import DecisionKind, Plan
from syncer.core.states import AT_TARGET, RunOutcome, RunState, TransferState
from syncer.ports.claims import RunClaim, Seen

#: Which files of some projects are decided about, and whether each is selected.
Standing = Mapping[tuple[str, str], bool]


class Unbalanced(SyncerError):
    """Everything known is at the Target, and the figures of the Run do not agree."""


@dataclass(frozen=True, slots=True)
class Before:
    """What stood when a Run began to record: the files of its projects, and the last look's totals."""

    standing: Standing
    listed: int | None
    selected: int | None


def figures_balance(row: Any) -> Balance:
    """The balance sheet of a Run's row, or of a summary of it."""
    return balance_of(Figures(**{field.name: getattr(row, field.name) for field in fields(Figures)}))


def before_recording(session: Session, claim: RunClaim, seen: Seen) -> Before:
    """What stands now; a Run of the whole Mapping that reads everything needs none of it."""
    if seen.depth is Depth.FULL and claim.scope == EVERYTHING:
        return Before({}, None, None)
    look = session.get(LookRow, claim.mapping)
    known = look is not None and seen.rule in ("", look.rule)
    return Before(
        _standing(session, claim, seen),
        look.listed_files if look and known else None,
        look.selected_files if look and known else None,
    )


def record_figures(session: Session, claim: RunClaim, plan: Plan, seen: Seen, before: Before) -> None:
    """The Run's row has what was listed, selected, and counted in the rows after they were recorded.

    A look at what is new adds what it saw to what the last look left: that the rows are as many shows
    that none was lost since.
    """
    listed = len({file.key for file in seen.listing.files})
    selected = sum(decision.kind is not DecisionKind.EXCLUDED for decision in plan.decisions)
    scope = claim.scope
    totals: tuple[int | None, int | None] = listed, selected
    if seen.depth is not Depth.FULL:
        totals, scope = _carried(before, plan), EVERYTHING
    decided, excluded = _counted(session, claim.mapping, scope)
    columns = {
        "listed_files": totals[0],
        "selected_files": totals[1],
        "decided_files": decided,
        "excluded_files": excluded,
    }
    session.execute(update(RunRow).where(RunRow.id == claim.id).values(**columns))
    if scope != EVERYTHING:
        totals = _moved(before, _standing(session, claim, seen))
    kept = {"listed_files": totals[0], "selected_files": totals[1]}
    session.execute(update(LookRow).where(LookRow.mapping == claim.mapping).values(**kept))


def finish(session: Session, run: RunRow, now: datetime) -> None:
    """The Run is finished: complete when nothing is missing and its balance agrees."""
    scope = Scope(run.project, run.version)
    whole = all_at_target(session, run.mapping, scope)
    run.proved_files = _proved(session, run.mapping, scope)
    balance = figures_balance(run)
    if whole and not balance.agrees:
        for column, text in error_columns(_unbalanced(balance)).items():
            setattr(run, column, text)
    run.state = RunState.FINISHED
    run.outcome = RunOutcome.COMPLETE if whole and balance.agrees else RunOutcome.INCOMPLETE
    run.finished_at = now


def is_as_left(session: Session, mapping: str) -> bool:
    """Whether as many decisions stand as the last look left, where it is known."""
    look = session.get(LookRow, mapping)
    if look is None:
        return True
    decided, excluded = _counted(session, mapping, EVERYTHING)
    return (look.listed_files, look.selected_files) == (decided, decided - excluded)


def _proved(session: Session, mapping: str, scope: Scope) -> int:
    """How many files within the Scope the Target was found to hold, or were copied there and read back."""
    there = select(func.count()).where(
        CURRENT, within(session, mapping, scope), DecisionRow.kind == DecisionKind.ALREADY_THERE
    )
    copied = select(func.count()).where(
        TransferRow.stands_for == mapping,
        TransferRow.state == TransferState.ENDED,
        TransferRow.outcome.in_(AT_TARGET),
    )
    if scope != EVERYTHING:
        inside = within(session, mapping, scope)
        copied = copied.where(TransferRow.decision_id.in_(select(DecisionRow.id).where(CURRENT, inside)))
    return (session.scalar(there) or 0) + (session.scalar(copied) or 0)


def _unbalanced(balance: Balance) -> Unbalanced:
    """Why a Run is not complete although nothing is known to be missing."""
    return Unbalanced(
        f"The run's balance does not agree ({balance}).",
        "Rows of the ledger were lost or changed from outside, or the source was not read whole.",
        "A run that reads everything follows by itself; if it says the same, compare both sides with "
        "`syncer verify`.",
    )


def _standing(session: Session, claim: RunClaim, seen: Seen) -> Standing:
    """What stands of the projects that the Run reads."""
    scope = seen.scope or claim.scope
    projects = Scope(scope.project, projects=scope.projects)
    columns = DecisionRow.project, DecisionRow.filename, DecisionRow.kind
    rows = session.execute(select(*columns).where(CURRENT, within(session, claim.mapping, projects)))
    return {(row.project, row.filename): row.kind != DecisionKind.EXCLUDED for row in rows}


def _carried(before: Before, plan: Plan) -> tuple[int | None, int | None]:
    """The last look's totals, with what this one decided in the place of what stood for the same files."""
    if before.listed is None or before.selected is None:
        return None, None
    new = {
        (storable_name(decision.file.project), storable_name(decision.file.filename)): (
            decision.kind is not DecisionKind.EXCLUDED
        )
        for decision in plan.decisions
    }
    old = {key: selected for key, selected in before.standing.items() if key in new}
    return (
        before.listed + len(new) - len(old),
        before.selected + sum(new.values()) - sum(old.values()),
    )


def _moved(before: Before, after: Standing) -> tuple[int | None, int | None]:
    """The last look's totals after a Run of one project."""
    if before.listed is None or before.selected is None:
        return None, None
    old = before.standing
    return (
        before.listed + len(after) - len(old),
        before.selected + sum(after.values()) - sum(old.values()),
    )


def _counted(session: Session, mapping: str, scope: Scope) -> tuple[int, int]:
    """How many decisions stand within the Scope, and how many of them exclude their file."""
    inside = within(session, mapping, scope)
    kinds = select(DecisionRow.kind, func.count().label("number")).where(CURRENT, inside)
    numbers = {row.kind: row.number for row in session.execute(kinds.group_by(DecisionRow.kind))}
    return sum(numbers.values()), numbers.get(DecisionKind.EXCLUDED, 0)
