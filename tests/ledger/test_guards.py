"""No statement, whoever wrote it, moves a row along a way that the core's tables do not have."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from syncer.adapters.database.engine import IllegalTransition
from syncer.adapters.database.schema import BlobRow, RunRow, TransferRow
from syncer.core.states import (
    BLOB_TRANSITIONS,
    RUN_TRANSITIONS,
    TRANSFER_TRANSITIONS,
    BlobState,
    Outcome,
    RunOutcome,
    RunState,
    TransferState,
)
from tests.ledger.steps import Steps
from tests.support.ledgers import wheel

Machine = Mapping[Any, frozenset[Any]]

MACHINES: dict[Any, Machine] = {
    RunRow: RUN_TRANSITIONS,
    BlobRow: BLOB_TRANSITIONS,
    TransferRow: TRANSFER_TRANSITIONS,
}
FIRST: dict[Any, StrEnum] = {
    RunRow: RunState.REQUESTED,
    BlobRow: BlobState.WANTED,
    TransferRow: TransferState.WAITING,
}
#: The state in which a row has an outcome, and one that it may have.
LAST: dict[Any, tuple[StrEnum, StrEnum]] = {
    RunRow: (RunState.FINISHED, RunOutcome.INCOMPLETE),
    TransferRow: (TransferState.ENDED, Outcome.GONE),
}


def moves() -> list[Any]:
    """Every pair of different states of every machine."""
    return [
        pytest.param(table, old, new, id=f"{table.__tablename__}: {old} to {new}")
        for table, machine in MACHINES.items()
        for old in machine
        for new in machine
        if old is not new
    ]


def path(machine: Machine, start: Any, goal: Any) -> list[Any]:
    """The states of the shortest legal way after ``start``."""
    ways = [[start]]
    while ways[0][-1] is not goal:
        way = ways.pop(0)
        ways += [[*way, state] for state in sorted(machine[way[-1]] - set(way))]
    return ways[0][1:]


class Rows:
    """One row of each table in its first state, and statements that do not go through the ledger."""

    def __init__(self, world: Steps) -> None:
        self._database = world.database
        world.planned([wheel("guarded")])
        self._run = world.ask(name="other")

    def execute(self, statement: Any) -> None:
        with self._database.write() as session:
            session.execute(statement)

    def change(self, table: Any, **values: Any) -> None:
        only = [table.id == self._run] if table is RunRow else []
        self.execute(update(table).where(*only).values(**values))

    def move(self, table: Any, state: StrEnum) -> None:
        last, outcome = LAST.get(table, (None, None))
        extra = {"outcome": outcome if state is last else None} if last else {}
        self.change(table, state=state, **extra)

    def lead(self, table: Any, state: StrEnum) -> None:
        """The row is in that state, to which it went along legal moves."""
        for step in path(MACHINES[table], FIRST[table], state):
            self.move(table, step)

    def copy(self, table: Any, **changes: Any) -> Any:
        """A statement that inserts the row once more, changed."""
        only = [table.id == self._run] if table is RunRow else []
        with self._database.read() as session:
            row = dict(session.execute(select(table.__table__).where(*only)).mappings().one())
        return insert(table).values(**{**row, **changes})


@pytest.fixture
def rows(world: Steps) -> Rows:
    return Rows(world)


@pytest.mark.parametrize(("table", "old", "new"), moves())
def test_a_row_moves_where_the_core_says_and_nowhere_else(
    rows: Rows, table: Any, old: StrEnum, new: StrEnum
) -> None:
    rows.lead(table, old)
    if new in MACHINES[table][old]:
        rows.move(table, new)
    else:
        with pytest.raises(IllegalTransition):
            rows.move(table, new)


@pytest.mark.parametrize("table", MACHINES)
def test_a_row_begins_in_its_first_state_and_in_no_other(rows: Rows, table: Any) -> None:
    keys: dict[Any, dict[str, Any]] = {RunRow: {"id": 99, "mapping": "third"}, BlobRow: {"sha256": "f" * 64}}
    copies = {
        state: rows.copy(table, state=str(state), **keys.get(table, {"id": 99})) for state in MACHINES[table]
    }
    if table is TransferRow:
        rows.execute(delete(TransferRow))
    first = copies.pop(FIRST[table])
    for statement in copies.values():
        with pytest.raises(IllegalTransition):
            rows.execute(statement)
    rows.execute(first)


@pytest.mark.parametrize("table", LAST)
def test_an_outcome_stands_at_the_end_only_and_is_not_rewritten(rows: Rows, table: Any) -> None:
    last, outcome = LAST[table]
    with pytest.raises(IllegalTransition):
        rows.change(table, outcome=outcome)
    rows.lead(table, last)
    for other in ("something_else", None):
        with pytest.raises(IllegalTransition):
            rows.change(table, outcome=other)
