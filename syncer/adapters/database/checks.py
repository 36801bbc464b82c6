"""Files whose bytes were fetched back from the Target: which are due, and what came of each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, exists, func, select
from sqlalchemy.orm import Session

from syncer.adapters.database.blobs import file_of
from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import CheckRow, DecisionRow, TransferRow
from syncer.adapters.database.scopes import CURRENT, SAME_FILE, is_there
from syncer.adapters.database.text import storable
from syncer.core.check import (
    AGAIN,
    DAY,
    DUE_AFTER,
    HOUR,
    Check,
    CheckResult,
    Extent,
    Finding,
    Spent,
)
from syncer.core.plan import DecisionKind
from syncer.core.retry import CLOCK_SKEW
from syncer.core.states import AT_TARGET


class DatabaseChecks:
    """CheckLedger on tables; without a row a file was never checked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, mapping: str, window: float, now: datetime, limit: int) -> Sequence[Check]:
        """Files of the Mapping that are at its Target and due."""
        with self._database.read() as session:
            found = chain(
                _read(session, _suspects(mapping, now), limit),
                _read(session, _dated_ahead(mapping, now), limit),
                _read(session, _listed_and_unchecked(mapping), limit),
                _read(session, _copied_and_unchecked(mapping), limit),
                _read(session, _oldest(mapping, now - timedelta(seconds=window * DUE_AFTER)), limit),
            )
            return list(islice(found, limit))

    def record(self, check: Check, finding: Finding, now: datetime) -> bool:
        """This came of it, unless the file was decided about anew meanwhile."""
        with self._database.write() as session:
            decision = session.get(DecisionRow, check.decision_id, with_for_update={"read": True})
            if decision is None or decision.to_run_id is not None:
                return False
            session.merge(_row(check, finding, now))
            return True

    def spent(self, mappings: Collection[str], now: datetime) -> Spent:
        """What the checks of these Mappings have cost lately; what a clock ahead has dated counts as well."""
        hour, day = (now - timedelta(seconds=seconds) for seconds in (HOUR, DAY))
        lately = case((CheckRow.checked_at > hour, CheckRow.size), else_=0)
        costs = select(func.sum(lately), func.sum(CheckRow.size)).where(
            CheckRow.mapping.in_(mappings), CheckRow.checked_at > day
        )
        with self._database.read() as session:
            return Spent(*(int(size or 0) for size in session.execute(costs).one()))

    def extent(self, mapping: str) -> Extent:
        """How much there is to check; rows of files that are no longer there are gone."""
        gone = ~exists().where(CURRENT, SAME_FILE).correlate(CheckRow)
        sizes = select(func.count(), func.sum(CheckRow.size)).where(
            CheckRow.mapping == mapping, CheckRow.size.is_not(None)
        )
        with self._database.read() as session:
            orphan = session.scalar(select(exists().where(CheckRow.mapping == mapping, gone)))
        with self._database.write() if orphan else self._database.read() as session:
            if orphan:
                session.execute(delete(CheckRow).where(CheckRow.mapping == mapping, gone))
            checked, size = session.execute(sizes).one()
            return Extent(_number_there(session, mapping), checked, int(size or 0))


_FILE = (
    DecisionRow.id,
    DecisionRow.project,
    DecisionRow.version,
    DecisionRow.filename,
    DecisionRow.sha256,
    DecisionRow.size,
    DecisionRow.requires_python,
    DecisionRow.locator,
    DecisionRow.repository,
    DecisionRow.mapping,
)
_BEFORE = (CheckRow.result, CheckRow.found_sha256, CheckRow.size.label("checked_size"))
_UNCHECKED = ~exists().where(SAME_FILE).correlate(DecisionRow)
_OF_DECISION = TransferRow.decision_id == DecisionRow.id


def _suspects(mapping: str, now: datetime) -> Any:
    """Something was wrong with them, a while ago."""
    again = case(
        {result: now - timedelta(seconds=seconds) for result, seconds in AGAIN.items()},
        value=CheckRow.result,
    )
    doubted = and_(CheckRow.result.in_(AGAIN), CheckRow.checked_at <= again)
    return _checked(mapping, doubted).where(DecisionRow.kind != DecisionKind.EXCLUDED)


def _dated_ahead(mapping: str, now: datetime) -> Any:
    return _checked(mapping, CheckRow.checked_at > now + timedelta(seconds=CLOCK_SKEW)).where(is_there())


def _listed_and_unchecked(mapping: str) -> Any:
    return select(*_FILE).where(
        CURRENT, DecisionRow.mapping == mapping, DecisionRow.kind == DecisionKind.ALREADY_THERE, _UNCHECKED
    )


def _copied_and_unchecked(mapping: str) -> Any:
    return (
        select(*_FILE)
        .select_from(TransferRow)
        .join(DecisionRow, _OF_DECISION)
        .where(TransferRow.stands_for == mapping, TransferRow.outcome.in_(AT_TARGET), CURRENT, _UNCHECKED)
    )


def _oldest(mapping: str, before: datetime) -> Any:
    return _checked(mapping, CheckRow.result == CheckResult.SAME, CheckRow.checked_at <= before).where(
        is_there()
    )


def _checked(mapping: str, *conditions: ColumnElement[bool]) -> Any:
    return (
        select(*_FILE, *_BEFORE)
        .select_from(CheckRow)
        .join(DecisionRow, and_(CURRENT, SAME_FILE))
        .outerjoin(TransferRow, _OF_DECISION)
        .where(CheckRow.mapping == mapping, *conditions)
        .order_by(CheckRow.checked_at)
    )


def _read(session: Session, files: Any, limit: int) -> Iterator[Check]:
    """Asked only when what comes before is not enough."""
    for row in session.execute(files.limit(limit)):
        result = getattr(row, "result", None)
        yield Check(
            row.mapping,
            row.id,
            file_of(row),
            CheckResult(result) if result else None,
            getattr(row, "found_sha256", ""),
            getattr(row, "checked_size", None) or row.size,
        )


def _row(check: Check, finding: Finding, now: datetime) -> CheckRow:
    return CheckRow(
        mapping=check.mapping,
        project=check.file.project,
        filename=check.file.filename,
        sha256=check.file.sha256,
        found_sha256=finding.found_sha256,
        result=finding.result,
        size=finding.size,
        detail=storable(finding.detail),
        checked_at=now,
    )


def _number_there(session: Session, mapping: str) -> int:
    listed = select(func.count()).where(
        CURRENT, DecisionRow.mapping == mapping, DecisionRow.kind == DecisionKind.ALREADY_THERE
    )
    copied = select(func.count()).where(TransferRow.stands_for == mapping, TransferRow.outcome.in_(AT_TARGET))
    return sum(session.scalar(each) or 0 for each in (listed, copied))
