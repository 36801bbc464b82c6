"""A Scope as conditions on decisions, and whether everything within it is at the target."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from syncer.adapters.database.schema import CheckRow, DecisionRow, TransferRow
from syncer.core.check import SPOILT
from syncer.core.model import Scope, same_version
from syncer.core.plan import REFUSALS, DecisionKind
from syncer.core.states import AT_TARGET, TransferState

CURRENT = DecisionRow.to_run_id.is_(None)
#: What the last check of a file has in common with the current decision about it.
SAME_FILE = and_(
    CheckRow.mapping == DecisionRow.mapping,
    CheckRow.project == DecisionRow.project,
    CheckRow.filename == DecisionRow.filename,
    CheckRow.sha256 == DecisionRow.sha256,
)


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
    spoilt = spoilt_files(DecisionRow.id).where(CheckRow.mapping == mapping, inside).exists()
    return not any(session.scalar(select(problem)) for problem in (refused, missing, unread, spoilt))


def is_there() -> ColumnElement[bool]:
    """The condition that a current decision, outer-joined with its Transfer, says that the file is there."""
    copied = and_(DecisionRow.kind == DecisionKind.COPY, TransferRow.outcome.in_(AT_TARGET))
    return and_(CURRENT, or_(DecisionRow.kind == DecisionKind.ALREADY_THERE, copied))


def spoilt_files(*columns: Any) -> Any:
    """The current files, each with its last check, of which the Target was found not to serve the bytes.

    What a Run has made of it already is not among them: a Conflict, or a Copy that is under way.
    """
    return (
        select(*columns)
        .select_from(CheckRow)
        .join(DecisionRow, and_(CURRENT, SAME_FILE))
        .outerjoin(TransferRow, TransferRow.decision_id == DecisionRow.id)
        .where(CheckRow.result.in_(SPOILT), is_there())
    )
