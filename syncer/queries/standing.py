"""The files that stand now, counted and found through indexes alone.

A Transfer says itself for which Mapping it stands, so nothing here looks up the decision of each one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, and_, func, null, select, union_all
from sqlalchemy.orm import Session

from syncer.adapters.database.schema import DecisionRow, TransferRow
from syncer.adapters.database.scopes import CURRENT
from syncer.core.plan import REFUSALS, DecisionKind
from syncer.queries.checks import spoilt_counts
from syncer.queries.statuses import BY_KIND, FileStatus, by_kind, file_status, of_transfer

#: Every selected file that is not synced.
MISSING = "missing"

#: Statuses that say of a Copy that nobody has to do anything about it.
_QUIET = (FileStatus.SYNCED, FileStatus.WAITING, FileStatus.UNVERIFIED)


def status_counts(session: Session, mappings: Collection[str]) -> dict[str, Counter[str]]:
    """By Mapping and status: how many files there are."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in mappings}
    for mapping, kind, status, number in session.execute(union_all(_kinds(mappings), _carried_out(mappings))):
        counts[mapping][status or by_kind(kind)] += number
        if status:
            counts[mapping][by_kind(DecisionKind.COPY)] -= number
    # At once, and not only when a Run has looked at them and called them conflicts.
    for mapping, number in spoilt_counts(session, mappings).items():
        counts[mapping][FileStatus.SYNCED] -= number
        counts[mapping][FileStatus.CONFLICT] += number
    return counts


def _kinds(mappings: Collection[str]) -> Any:
    key = (DecisionRow.mapping, DecisionRow.kind)
    number = func.count().label("number")
    current = select(*key, null().label("status"), number).where(CURRENT, DecisionRow.mapping.in_(mappings))
    return current.group_by(*key)


def _carried_out(mappings: Collection[str]) -> Any:
    """Counted first as the index holds them: SQLite would sort all rows by a status that it works out."""
    key = (TransferRow.stands_for, TransferRow.state, TransferRow.outcome, TransferRow.error_code)
    groups = select(*key, func.count().label("number")).where(TransferRow.stands_for.in_(mappings))
    same = groups.group_by(*key).subquery().c
    return select(same.stands_for, null(), of_transfer(same), same.number)


def has_status(mapping: str, status: str) -> ColumnElement[bool]:
    """The condition that a current file of the Mapping has the status, or that it is ``missing``."""
    if status == MISSING:
        return lacks([mapping])
    if status == FileStatus.SYNCED:
        proved = DecisionRow.kind.in_([DecisionKind.ALREADY_THERE, DecisionKind.COPY])
        return and_(proved, DecisionRow.id.not_in(_copies([mapping], of_transfer() != FileStatus.SYNCED)))
    if status == FileStatus.WAITING:
        under_way = _copies([mapping], of_transfer() != FileStatus.WAITING)
        return and_(DecisionRow.kind == DecisionKind.COPY, DecisionRow.id.not_in(under_way))
    if status in (FileStatus.UNKNOWN, FileStatus.PLANNED):
        return file_status() == status
    return _one_of([mapping], [kind for kind in BY_KIND if BY_KIND[kind] == status], of_transfer() == status)


def lacks(mappings: Collection[str]) -> ColumnElement[bool]:
    """The condition that a current file is selected and not proved to be at its target."""
    return _one_of(mappings, REFUSALS, of_transfer() != FileStatus.SYNCED)


def needs_somebody(mappings: Collection[str]) -> ColumnElement[bool]:
    """The condition that a current file is not at its target, nor on its way there."""
    return _one_of(mappings, REFUSALS, of_transfer().not_in(_QUIET))


def _one_of(
    mappings: Collection[str], kinds: Collection[DecisionKind], copy_is: ColumnElement[bool]
) -> ColumnElement[bool]:
    """A decision of one of these kinds, or a Copy like that; asked kind by kind, each through its index."""
    of_kind = (
        select(DecisionRow.id).where(CURRENT, DecisionRow.mapping.in_(mappings), DecisionRow.kind == kind)
        for kind in sorted(kinds)
    )
    return DecisionRow.id.in_(union_all(*of_kind, _copies(mappings, copy_is)))


def _copies(mappings: Collection[str], copy_is: ColumnElement[bool]) -> Any:
    return select(TransferRow.decision_id).where(TransferRow.stands_for.in_(mappings), copy_is)
