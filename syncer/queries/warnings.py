"""The standing warnings about Mappings, as the last look at each left them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from syncer.adapters.database.schema import WarningRow

#: How many warnings a page names; a thousand would say no more than a hundred.
WARNINGS_SHOWN = 100


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
    """The first warnings of these Mappings: an open whitelist first, then by name."""
    order = (WarningRow.kind.desc(), WarningRow.mapping, WarningRow.subject)
    wanted = select(WarningRow).where(WarningRow.mapping.in_(mappings)).order_by(*order)
    return tuple(
        MappingWarning(row.mapping, row.kind, row.subject, row.text, row.next_step, row.since)
        for row in session.scalars(wanted.limit(WARNINGS_SHOWN))
    )
