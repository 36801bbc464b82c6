"""`/health` is ok only when everything is complete, and red when something stands still."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from syncer.adapters.database.engine import Database, sqlite_url
from syncer.core.errors import Unauthorized
from syncer.queries.health import Health, health
from syncer.queries.runs import RunSummary, run_detail
from tests.support.ledgers import START, World, mapping, no_answer, wheel

A, B = wheel("alpha"), wheel("beta")
A2 = wheel("alpha", "2.0")
NEITHER = wheel("alpha", "2.0", filename="alpha-2.0.egg")
RULES = {"my-org": mapping()}


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def asked(world: World, *, broker: bool | None = True) -> Health:
    return health(world.database, RULES, world.now, broker, since=world.now)


def recent(world: World, run: int) -> RunSummary:
    found = run_detail(world.database, run)
    assert found is not None
    return found.run


def test_its_fields_are_those_of_the_tool_it_replaces_and_who_is_alive() -> None:
    assert [field.name for field in fields(Health)] == [
        "status",
        "last_refreshed",
        "refreshing",
        "errors",
        "package_versions_total",
        "synced",
        "missing",
        "mappings",
        "beat",
        "workers",
        "broker",
        "database",
        "warnings",
    ]


def test_ok_when_everything_is_complete_and_everybody_alive(world: World) -> None:
    run = recent(world, world.sync([A, A2, B]))
    world.alive()
    found = asked(world)
    assert (found.status, found.red, found.errors) == ("ok", False, ())
    assert (found.package_versions_total, found.synced, found.missing) == (3, 3, 0)
    assert (found.refreshing, found.broker, found.database) == (False, True, True)
    assert (found.last_refreshed, found.mappings[0].last_complete_at) == (run.finished_at, run.started_at)


def test_degraded_before_the_first_run(world: World) -> None:
    world.alive()
    found = asked(world)
    assert (found.status, found.red, found.mappings[0].state) == ("degraded", False, "never_run")
    assert (found.package_versions_total, found.last_refreshed) == (0, None)


def test_a_version_counts_as_synced_with_its_last_file(world: World) -> None:
    world.sync([A, A2, NEITHER, B])
    world.alive()
    found = asked(world)
    assert (found.package_versions_total, found.synced, found.missing) == (3, 2, 1)
    assert (found.status, found.red) == ("degraded", False)
    assert found.mappings[0].missing == 1


def test_a_failed_run_is_told(world: World) -> None:
    world.sync([A])
    world.fail(Unauthorized("Gitea answered 401.", "The token expired.", "Make a new one."))
    world.alive()
    found = asked(world)
    assert (found.status, found.red) == ("degraded", False)
    assert found.mappings[0].error == "Gitea answered 401. The token expired. Make a new one."
    assert found.errors == ("my-org: Gitea answered 401. The token expired. Make a new one.",)


def test_an_open_run_is_refreshing(world: World) -> None:
    world.plan([A])
    assert asked(world).refreshing is True


def test_red_when_a_mapping_is_stale(world: World) -> None:
    world.sync([A])
    world.wait(1000)
    world.alive()
    found = asked(world)
    assert (found.status, found.red, found.mappings[0].stale) == ("degraded", True, True)
    assert "not complete for more than 240 s" in found.errors[0]


def test_red_when_a_mapping_was_never_complete_since_its_first_run(world: World) -> None:
    world.sync([NEITHER])
    world.wait(1000)
    world.alive()
    found = asked(world)
    assert (found.red, found.mappings[0].age_seconds) == (True, None)


@pytest.mark.parametrize("gone", ["beat", "worker:a@host", "worker:b@host"])
def test_red_when_beat_or_all_workers_of_a_queue_are_gone(world: World, gone: str) -> None:
    world.sync([A])
    world.alive()
    world.ledger.heartbeats.gone(gone)
    found = asked(world)
    assert (found.status, found.red, bool(found.errors)) == ("degraded", True, True)


def test_red_when_the_broker_does_not_answer(world: World) -> None:
    world.sync([A])
    world.alive()
    found = asked(world, broker=False)
    assert (found.status, found.red, found.errors) == ("degraded", True, ("the broker does not answer",))


def test_a_broker_that_was_not_asked_is_never_ok(world: World) -> None:
    world.sync([A])
    world.alive()
    found = asked(world, broker=None)
    assert (found.status, found.red) == ("degraded", False)


def test_red_with_unknown_numbers_when_the_database_does_not_answer(tmp_path: Path) -> None:
    broken = Database(sqlite_url(tmp_path / "missing" / "syncer.db"))
    found = health(broken, RULES, START, broker_alive=True)
    assert (found.status, found.red, found.database) == ("degraded", True, False)
    assert (found.package_versions_total, found.synced, found.missing, found.refreshing) == (None,) * 4
    assert "did not answer" in found.errors[0]


def test_a_server_that_is_left_alone_is_told_and_nothing_is_green(world: World) -> None:
    world.sync([A])
    world.alive()
    for _ in range(3):
        world.ledger.circuits.failed(RULES["my-org"].target.url, no_answer(), world.now)
    found = asked(world)
    assert (found.status, found.red) == ("degraded", False)
    assert ["failed 3 times in a row" in error for error in found.errors] == [True]
