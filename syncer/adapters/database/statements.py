"""Small statements that several ledgers share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import CursorResult, Executable
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from syncer.adapters.database.schema import Base

T = TypeVar("T")

#: SQLite takes 32 766 variables in one statement; this many keys stay far below it.
BATCH = 500


def changed(session: Session, statement: Executable) -> int:
    """Execute an UPDATE or DELETE; the number of rows it changed."""
    return cast("CursorResult[Any]", session.execute(statement)).rowcount


def insert_new(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows whose key is not there yet; the others are left as they are."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    for batch in in_batches(rows):
        session.execute(dialect.insert(table).values(batch).on_conflict_do_nothing())


def in_batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items in pieces small enough for one statement."""
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))
