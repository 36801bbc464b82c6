"""A Scope as conditions on decisions, and whether everything within it is at the target."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from syncer.adapters.database.schema import DecisionRow, TransferRow
from syncer.core.model import Scope, same_version
from syncer.core.plan import REFUSALS, DecisionKind
from syncer.core.states import AT_TARGET, TransferState

CURRENT = DecisionRow.to_run_id.is_(None)


def within(session: Session, mapping: str, scope: Scope) -> ColumnElement[bool]:
    """The condition that a decision belongs to the Mapping and lies within the Scope."""
    conditions = [DecisionRow.mapping == mapping]
    if scope.project:
        conditions.append(DecisionRow.project == scope.project)
    if scope.projects is not None:
        conditions.append(DecisionRow.project.in_(sorted(scope.projects)))
    if scope.version:
        spelled = session.scalars(select(DecisionRow.version).where(*conditions).distinct())
        matching = [version for version in spelled if same_version(version, scope.version)]
        conditions.append(DecisionRow.version.in_(matching))
    return and_(*conditions)


def all_at_target(session: Session, mapping: str, scope: Scope) -> bool:
    """Whether nothing within the Scope is refused, missing, or not read back yet."""
    inside = within(session, mapping, scope)
    not_there = or_(TransferRow.outcome.is_(None), TransferRow.outcome.not_in(AT_TARGET))
    refused = exists().where(CURRENT, inside, DecisionRow.kind.in_(REFUSALS))
    missing = (
        select(DecisionRow.id)
        .outerjoin(TransferRow, TransferRow.decision_id == DecisionRow.id)
        .where(CURRENT, inside, DecisionRow.kind == DecisionKind.COPY, not_there)
        .exists()
    )
    unread = exists().where(
        TransferRow.decision_id == DecisionRow.id,
        inside,
        TransferRow.state.in_([TransferState.UPLOADING, TransferState.UPLOADED]),
    )
    return not any(session.scalar(select(problem)) for problem in (refused, missing, unread))
