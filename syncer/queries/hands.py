"""How much lies in human hands: conflicts to be decided, and files that left their Source."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select

from syncer.adapters.database.engine import Database
from syncer.queries.conflicts import count_open_conflicts
from syncer.queries.deletions import count_open_deletions


@dataclass(frozen=True, slots=True)
class InHands:
    """The numbers that the overview links to."""

    conflicts: int
    deletions: int


def in_hands(database: Database, mappings: Collection[str]) -> InHands:
    """How much of these Mappings waits for a person, or can be undone by one."""
    counts = count_open_conflicts(mappings), count_open_deletions(mappings)
    with database.read() as session:
        return InHands(*session.execute(select(*(each.scalar_subquery() for each in counts))).one())
