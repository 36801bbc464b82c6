"""What an answer costs: few statements whatever the ledger holds, each through an index."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from syncer.adapters.database.engine import Database
from syncer.adapters.database.scopes import all_at_target
from syncer.core.model import EVERYTHING, Scope
from syncer.core.states import Outcome, TransferState
from tests.integration.web_harness import Site, busy, counted, site
from tests.ledger.steps import Steps
from tests.support.ledgers import SERVER, World, mapping, wheel

RULES = {"my-org": mapping(), **{f"m{number}": mapping(f"m{number}") for number in range(8)}}
ALPHA = wheel("alpha")
FILE = f"/files/my-org/alpha/{ALPHA.filename}"

#: The most statements that an answer may cost, whatever the ledger holds.
MOST = {
    "/": 14,
    "/health": 12,
    "/health/live": 0,
    "/mappings/my-org": 15,
    "/mappings/my-org?page=2": 15,
    "/mappings/my-org?status=missing": 15,
    "/mappings/my-org?status=synced": 15,
    "/mappings/my-org?status=waiting": 15,
    "/mappings/my-org?status=failing": 15,
    "/runs/4": 4,
    "/runs/4?status=synced&page=2": 4,
    FILE: 3,
    f"/files?q={ALPHA.filename}": 4,
    f"/files?q={ALPHA.sha256[:8]}": 4,
    "/tasks/task-1": 3,
    "/metrics": 12,
}

#: Tables that grow with files or with time.
GROWING = re.compile(r"SCAN (decisions|transfers|attempts|blobs|tasks|checks)(_\d+)?\b")

#: What waits, or is ready: during a first sync, that is everything.
BY_STATE_ALONE = re.compile(r"\(state=\?\)")


def get(view: Site, path: str) -> None:
    assert view.get(path).status_code in (200, 503)


def grow(world: World) -> None:
    for number in range(8):
        world.sync([wheel(f"p{number}-{each}") for each in range(25)], name=f"m{number}")


@pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True
)
def test_an_answer_costs_few_statements_however_many_files_and_mappings_there_are(
    database: Database, tmp_path: Path
) -> None:
    def costs(view: Site) -> dict[str, int]:
        found = {}
        for path in MOST:
            with counted(database) as statements:
                get(view, path)
            found[path] = len(statements)
        return found

    with site(database, tmp_path, RULES) as view:
        busy(view.world)
        few = costs(view)
        grow(view.world)
        assert costs(view) == few
    assert {path: cost for path, cost in few.items() if cost > MOST[path]} == {}


def plans(database: Database, act: Callable[[], Any]) -> list[str]:
    """How SQLite goes about every statement that is executed meanwhile."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    with database.engine.connect() as connection:
        return [
            line
            for statement, parameters in seen
            for line in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).scalars(3)
        ]


@pytest.mark.parametrize("path", [path for path in MOST if MOST[path]])
def test_no_page_reads_a_growing_table_from_end_to_end(
    shared_sqlite: Database, database: Database, tmp_path: Path, path: str
) -> None:
    if database is not shared_sqlite:
        pytest.skip("PostgreSQL decides by what it knows of the rows")
    with site(database, tmp_path, RULES) as view:
        busy(view.world)
        assert [line for line in plans(database, lambda: get(view, path)) if GROWING.search(line)] == []


def whole(world: Steps, scope: Scope) -> bool:
    with world.database.read() as session:
        return all_at_target(session, "my-org", scope)


#: What a worker asks after each of its tasks.
ASKED: dict[str, Callable[[Steps], Any]] = {
    "what is to be read back": lambda world: world.ledger.transfers.to_read_back(world.now),
    "what of a project is to be read back": lambda world: world.ledger.transfers.unverified("my-org", "a"),
    "whether more of a project comes": lambda world: world.ledger.transfers.is_coming(
        "my-org", "alpha", world.now
    ),
    "which runs are unsettled": lambda world: world.ledger.runs.unsettled(world.now),
    "which runs may start": lambda world: world.ledger.runs.startable(world.now),
    "what is ready": lambda world: world.ledger.transfers.next_ready(SERVER, world.now),
    "what staging has to keep": lambda world: world.ledger.blobs.needed(),
    "whether anything is known": lambda world: world.ledger.runs.knows("my-org"),
    "whether all is there": lambda world: whole(world, EVERYTHING),
    "which files are to be checked": lambda world: world.ledger.checks.due("my-org", 1.0, world.now, 50),
    "what checking has cost": lambda world: world.ledger.checks.spent(["my-org"], world.now),
    "which files are known to be spoilt": lambda world: world.ledger.rulings.known("my-org"),
    "whether the releases have changed": lambda world: world.ledger.releases.mark("my-org"),
    "whether a project is there": lambda world: whole(world, Scope("alpha")),
}


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED.keys())
def test_no_worker_reads_a_growing_table_from_end_to_end(
    shared_sqlite: Database, database: Database, ask: Callable[[Steps], Any]
) -> None:
    if database is not shared_sqlite:
        pytest.skip("PostgreSQL decides by what it knows of the rows")
    world = Steps(database)
    busy(world)
    assert [line for line in plans(database, lambda: ask(world)) if GROWING.search(line)] == []


def test_the_way_of_one_file_touches_no_other_files(shared_sqlite: Database, database: Database) -> None:
    if database is not shared_sqlite:
        pytest.skip("PostgreSQL decides by what it knows of the rows")
    world = Steps(database)
    file = wheel("alpha")
    world.planned([file, wheel("beta"), wheel("gamma")])

    def carry_over() -> None:
        world.stage([file.sha256])
        upload = world.uploaded(file)
        assert world.ledger.transfers.ended(upload, Outcome.COPIED, world.now)
        world.ledger.blobs.release(file.sha256)

    lines = plans(database, carry_over)
    assert world.state(file) == (TransferState.ENDED, Outcome.COPIED)
    assert [line for line in lines if GROWING.search(line) or BY_STATE_ALONE.search(line)] == []


@pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True
)
def test_an_unchanged_plan_costs_the_same_however_many_files_there_are(database: Database) -> None:
    world = Steps(database)

    def cost(number: int) -> tuple[int, int]:
        files = [wheel(f"p{each:04}") for each in range(number)]
        world.sync(files)
        world.sync(files, files)
        rows = len(world.decisions(current=False))
        with counted(database) as statements:
            run = world.planned(files, files)
        world.settle(run)
        return len(statements), len(world.decisions(current=False)) - rows

    few, many = cost(5), cost(600)
    assert many == few == (few[0], 0)
