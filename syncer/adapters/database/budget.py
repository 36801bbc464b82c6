"""Budgets: virtual scheduling, as in ITU-T I.371's GCRA; one row and one UPDATE per reservation."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Double, case, func, literal, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import BudgetRow
from syncer.adapters.database.statements import insert_new

#: Seconds; whoever would have to wait longer is not let into the line.
LONGEST_LINE = 30.0
#: Seconds of the line that one reservation may take.
LONGEST_RESERVATION = 10.0


class DatabaseBudgets:
    """BudgetLedger on tables: the row says until when the line is taken.

    Times are the database's own: the clocks of workers differ, and the fastest would make all others wait.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def reserve(self, name: str, seconds: float) -> float | None:
        """So many seconds of the line are taken; seconds until they begin, None when it is too long."""
        with self._database.write() as session:
            wait = _join(session, name, seconds)
            if wait is None:  # too long, or the first to come
                insert_new(session, BudgetRow, [{"name": name, "free_at": 0.0}])
                wait = _join(session, name, seconds)
        return None if wait is None else max(0.0, wait)


def _join(session: Session, name: str, seconds: float) -> float | None:
    """A line longer than it can ever become is no line: the clock was set back, and it begins anew."""
    now, free_at = _now(session), BudgetRow.free_at
    unbelievable = free_at > now + LONGEST_LINE + LONGEST_RESERVATION
    begin = case((unbelievable, now), (free_at > now, free_at), else_=now)
    statement = (
        update(BudgetRow)
        .where(BudgetRow.name == name, (free_at <= now + LONGEST_LINE) | unbelievable)
        .values(free_at=begin + min(seconds, LONGEST_RESERVATION))
        .returning(free_at - min(seconds, LONGEST_RESERVATION) - now)
        .execution_options(synchronize_session=False)
    )
    return session.execute(statement).scalar_one_or_none()


def _now(session: Session) -> ColumnElement[Any]:
    """Unix time when a row is written, not when the transaction began: it may have waited for the row."""
    if session.get_bind().dialect.name == "postgresql":
        return func.extract("epoch", func.clock_timestamp()).cast(Double)
    return (func.julianday("now", type_=Double) - literal(2440587.5)) * 86400.0
