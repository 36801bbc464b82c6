"""The standing warnings about Mappings, as the last look at each left them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from syncer.adapters.database.schema import WarningRow
from syncer.core.warning import WarningKind

#: How many warnings a page names; a thousand would say no more than a hundred.
WARNINGS_SHOWN = 100
#: The gravest kinds first, so that many of another kind hide none of them.
ORDER = (WarningKind.OPEN_WHITELIST, WarningKind.RECHECK, WarningKind.RELEASE, WarningKind.NAMESAKE)


@dataclass(frozen=True, slots=True)
class MappingWarning:
    """One standing warning about a Mapping, and since when it stands."""

    mapping: str
    kind: str
    subject: str
    text: str
    next_step: str
    since: datetime

    def __str__(self) -> str:
        return f"{self.mapping}: {self.text} {self.next_step}".strip()


def standing_warnings(session: Session, mappings: Collection[str]) -> tuple[MappingWarning, ...]:
    """The first warnings of these Mappings: the gravest kinds first, then by name."""
    rank = case({kind: place for place, kind in enumerate(ORDER)}, value=WarningRow.kind, else_=len(ORDER))
    order = (rank, WarningRow.kind, WarningRow.mapping, WarningRow.subject)
    wanted = select(WarningRow).where(WarningRow.mapping.in_(mappings)).order_by(*order)
    return tuple(
        MappingWarning(row.mapping, row.kind, row.subject, row.text, row.next_step, row.since)
        for row in session.scalars(wanted.limit(WARNINGS_SHOWN))
    )


def warning_counts(session: Session, mappings: Collection[str]) -> list[tuple[tuple[str, str], float]]:
    """How many warnings of each kind stand about each of these Mappings that has any."""
    key = (WarningRow.mapping, WarningRow.kind)
    numbers = select(*key, func.count()).where(WarningRow.mapping.in_(mappings)).group_by(*key)
    return [((mapping, kind), float(number)) for mapping, kind, number in session.execute(numbers)]
