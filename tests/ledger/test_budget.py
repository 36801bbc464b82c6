"""Whatever the workers do at once, together they never take more of the line than there is."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from syncer.adapters.database.budget import LONGEST_LINE, LONGEST_RESERVATION
from syncer.adapters.database.engine import Database, sqlite_url
from syncer.adapters.database.ledger import open_ledger
from syncer.adapters.database.schema import BudgetRow
from syncer.ports.shared import BudgetLedger
from tests.ledger.together import ROOT, at_once
from tests.support.databases import BOTH, PostgresServer, sqlite_database

NAME = "bandwidth"
#: Prints when each of its turns begins; the clock is read after the answer has come, so never too early.
SPENDER = """
import sys, time
from syncer.adapters.database.engine import Database
from syncer.adapters.database.ledger import open_ledger
budgets = open_ledger(Database(sys.argv[1])).budgets
print("ready", flush=True)
sys.stdin.readline()
print(*(budgets.reserve("bandwidth", float(sys.argv[2])) + time.time() for _ in range(int(sys.argv[3]))))
"""


@pytest.fixture
def budgets(database: Database) -> BudgetLedger:
    return open_ledger(database).budgets


def free_at(database: Database) -> float:
    with database.read() as session:
        return session.scalars(select(BudgetRow.free_at)).one()


def set_free_at(database: Database, free_at: float) -> None:
    with database.write() as session:
        session.execute(update(BudgetRow).values(free_at=free_at))


def reserve(budgets: BudgetLedger, seconds: float) -> float:
    wait = budgets.reserve(NAME, seconds)
    assert wait is not None
    return wait


def test_who_comes_alone_does_not_wait(budgets: BudgetLedger) -> None:
    assert reserve(budgets, 0.01) == 0
    time.sleep(0.05)
    assert reserve(budgets, 0.01) == 0


def test_who_comes_next_waits_for_those_before(budgets: BudgetLedger) -> None:
    waits = [reserve(budgets, 2) for _ in range(3)]
    assert waits == pytest.approx([0, 2, 4], abs=0.5)


def test_what_nobody_used_cannot_be_used_later(budgets: BudgetLedger) -> None:
    reserve(budgets, 0.01)
    time.sleep(0.1)
    reserve(budgets, 1)
    assert reserve(budgets, 1) == pytest.approx(1, abs=0.5)


def test_budgets_of_other_names_are_other_budgets(budgets: BudgetLedger) -> None:
    reserve(budgets, 5)
    assert budgets.reserve("another", 5) == 0


def test_threads_together_take_no_more_than_there_is(database: Database) -> None:
    budgets, cost, each = open_ledger(database).budgets, 0.02, 5
    began = time.time()
    turns = at_once(8, lambda _: [reserve(budgets, cost) + time.time() for _ in range(each)])
    begins = sorted(turn for of_one in turns for turn in of_one)
    assert all(begin >= began + cost * before - 0.01 for before, begin in enumerate(begins))
    assert free_at(database) == pytest.approx(began + cost * 8 * each, abs=1.0)


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database that other processes can open."""
    if request.param == "sqlite":
        with sqlite_database(tmp_path / "syncer.db"):
            yield sqlite_url(tmp_path / "syncer.db")
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        with server.database() as opened:
            yield opened.url.render_as_string(hide_password=False)


def test_processes_together_take_no_more_than_there_is(url: str) -> None:
    cost, each, count = 0.05, 20, 2
    command = [sys.executable, "-c", SPENDER, url, str(cost), str(each)]
    started = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    began = time.time()
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60)[0].split() for process in started]
    begins = sorted(float(word) for answer in answers for word in answer)
    assert len(begins) == count * each
    assert all(begin >= began + cost * before - 0.01 for before, begin in enumerate(begins))


def test_a_line_that_is_too_long_lets_nobody_in_and_does_not_grow(
    budgets: BudgetLedger, database: Database
) -> None:
    waits = [budgets.reserve(NAME, 9) for _ in range(10)]
    assert [wait is not None for wait in waits] == [True] * 4 + [False] * 6
    assert free_at(database) - time.time() <= LONGEST_LINE + LONGEST_RESERVATION


def test_a_single_reservation_never_blocks_the_line_for_long(budgets: BudgetLedger) -> None:
    reserve(budgets, 1e9)
    assert reserve(budgets, 1) <= LONGEST_RESERVATION


@pytest.mark.parametrize("ahead", [41.0, 3600.0, 1e9])
def test_a_clock_that_is_set_back_makes_nobody_wait(
    budgets: BudgetLedger, database: Database, ahead: float
) -> None:
    reserve(budgets, 1)
    set_free_at(database, time.time() + ahead)
    assert reserve(budgets, 1) == 0
    assert reserve(budgets, 1) == pytest.approx(1, abs=0.5)


def test_a_clock_that_is_set_back_a_little_costs_no_more_than_the_longest_line(
    budgets: BudgetLedger, database: Database
) -> None:
    reserve(budgets, 1)
    set_free_at(database, time.time() + LONGEST_LINE - 1)
    assert reserve(budgets, 1) <= LONGEST_LINE
    set_free_at(database, time.time() + LONGEST_LINE + 5)
    assert budgets.reserve(NAME, 1) is None


def test_a_clock_that_is_set_forward_lets_the_line_begin_anew(
    budgets: BudgetLedger, database: Database
) -> None:
    reserve(budgets, 1)
    set_free_at(database, time.time() - 86400)
    assert reserve(budgets, 1) == 0
    assert math.isclose(free_at(database), time.time() + 1, abs_tol=0.5)
