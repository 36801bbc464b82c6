"""How far the bytes of every Mapping's files were fetched back from its Target, and what that found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, column, func, select, values
from sqlalchemy.orm import Session

from syncer.adapters.database.schema import CheckRow
from syncer.adapters.database.scopes import spoilt_files
from syncer.core.check import DAY, SPOILT, CheckResult, Progress, through_at
from syncer.core.model import Mapping
from syncer.core.retry import CLOCK_SKEW


def check_progress(
    session: Session, mappings: Iterable[Mapping], there: dict[str, int], now: datetime
) -> dict[str, Progress]:
    """By Mapping that is checked at all; ``there`` is how many of its files are at the Target."""
    windows = {mapping.name: mapping.recheck for mapping in mappings if mapping.recheck}
    found: dict[str, Progress] = {}
    for window in set(windows.values()):
        names = [name for name in windows if windows[name] == window]
        rows = session.execute(_counts(names, window, now))
        found |= {row.name: _progress(row, window, there.get(row.name, 0), now) for row in rows}
    return found


def _counts(names: Collection[str], window: float, now: datetime) -> Any:
    """Each number and date is a range of one index: what is in the range is all that is read."""
    wanted = values(column("name", String), name="checked").data([(name,) for name in names]).cte()
    of_mapping, at = CheckRow.mapping == wanted.c.name, CheckRow.checked_at
    today = at > now - timedelta(seconds=DAY)

    def number(result: CheckResult, *within: ColumnElement[bool]) -> Any:
        return select(func.count()).where(of_mapping, CheckRow.result == result, *within).scalar_subquery()

    def first(*within: ColumnElement[bool]) -> Any:
        same = CheckRow.result == CheckResult.SAME
        return select(func.min(at)).where(of_mapping, same, *within).scalar_subquery()

    return select(
        wanted.c.name,
        number(CheckResult.SAME).label("same"),
        number(CheckResult.SAME, at <= now - timedelta(seconds=window)).label("late"),
        # A date in the future proves nothing.
        number(CheckResult.SAME, at > now + timedelta(seconds=CLOCK_SKEW)).label("ahead"),
        number(CheckResult.SAME, today).label("today"),
        first().label("oldest"),
        first(today).label("began_today"),
        *(number(result).label(result) for result in sorted(SPOILT)),
    )


def _progress(row: Any, window: float, files: int, now: datetime) -> Progress:
    """Only what was read back with the right bytes counts as checked."""
    checked = min(row.same - row.late - row.ahead, files)
    return Progress(
        window=window,
        files=files,
        checked=checked,
        today=row.today,
        oldest=row.oldest,
        through_at=through_at(files - checked, row.today, row.began_today, now),
        differs=row.differs,
        missing=row.missing,
        unreadable=row.unreadable,
    )


def spoilt_counts(session: Session, names: Collection[str]) -> Counter[str]:
    """By Mapping: files that count as synced otherwise, and of which the Target does not serve the bytes."""
    rows = spoilt_files(CheckRow.mapping, func.count()).where(CheckRow.mapping.in_(names))
    found = session.execute(rows.group_by(CheckRow.mapping))
    return Counter({row[0]: row[1] for row in found})
