"""Small statements that several ledgers share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from typing import Any, TypeVar, cast

from sqlalchemy import CursorResult, Executable, Table, bindparam, update
from sqlalchemy.orm import Session

from syncer.adapters.database.schema import Base

T = TypeVar("T")

#: SQLite takes 32 766 variables in one statement; this many keys stay far below it.
BATCH = 500


def changed(session: Session, statement: Executable) -> int:
    """Execute an UPDATE or DELETE; the number of rows it changed."""
    return cast("CursorResult[Any]", session.execute(statement)).rowcount


def table_of(row: type[Base]) -> Table:
    """The row's table, for statements that bring no objects."""
    return cast("Table", row.__table__)


def change(session: Session, row: type[Base], where: dict[str, Any], values: dict[str, Any]) -> int:
    """The rows whose columns equal ``where`` have these values; how many there were.

    Each kind of change is built once: building a statement takes longer than SQLite to execute it.
    """
    statement = _update(
        table_of(row), tuple((name, value is None) for name, value in where.items()), tuple(values)
    )
    given = {f"was_{name}": value for name, value in where.items() if value is not None}
    given |= {f"new_{name}": value for name, value in values.items()}
    return cast("CursorResult[Any]", session.execute(statement, given)).rowcount


@cache
def _update(table: Table, where: tuple[tuple[str, bool], ...], names: tuple[str, ...]) -> Any:
    conditions = [
        table.c[name].is_(None) if is_null else table.c[name] == bindparam(f"was_{name}")
        for name, is_null in where
    ]
    return update(table).where(*conditions).values({name: bindparam(f"new_{name}") for name in names})


def insert_new(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows whose key is not there yet; the others are left as they are."""
    # The other dialect is not imported: a command that only looks should not wait for it.
    dialect = import_module(f"sqlalchemy.dialects.{session.get_bind().dialect.name}")
    if rows:
        # One row of values, executed many times: a statement with all of them is compiled anew each time.
        session.execute(dialect.insert(table.__table__).on_conflict_do_nothing(), list(rows))


def in_batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items in pieces small enough for one statement."""
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))
