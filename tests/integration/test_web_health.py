"""`/health` tells the truth: 503 in each red situation, ok only when all is well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from syncer.adapters.database.engine import Database, sqlite_url
from syncer.core.errors import Unauthorized
from syncer.web.pulse import BrokerPulse
from tests.integration.web_harness import Site, site
from tests.support.broker import Broker
from tests.support.databases import closing
from tests.support.ledgers import World, wheel

NEITHER = wheel("notes", filename="notes.egg")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with Broker(tmp_path_factory.mktemp("broker")) as running:
        yield running


@pytest.fixture
def well(database: Database, tmp_path: Path, broker: Broker) -> Iterator[Site]:
    """A view of a complete Mapping, with everybody alive."""
    with site(database, tmp_path, broker=broker.url) as opened:
        opened.world.sync([wheel("alpha"), wheel("alpha", "2.0"), wheel("beta")])
        opened.world.alive()
        yield opened


def test_ok_with_exactly_these_fields(well: Site) -> None:
    answer = well.get("/health")
    assert answer.status_code == 200
    finished = answer.json()["last_refreshed"]
    seen = {"alive": True, "last_seen": finished, "age_seconds": 0}
    assert answer.json() == {
        "status": "ok",
        "last_refreshed": "2026-03-01T12:00:17+00:00",
        "refreshing": False,
        "errors": [],
        "package_versions_total": 3,
        "synced": 3,
        "missing": 0,
        "mappings": [
            {
                "name": "my-org",
                "state": "complete",
                "last_complete_at": "2026-03-01T12:00:01+00:00",
                "age_seconds": 16,
                "stale_after_seconds": 240,
                "stale": False,
                "missing": 0,
                "error": "",
                "checks": {
                    "window": 2592000.0,
                    "files": 3,
                    "checked": 0,
                    "today": 0,
                    "oldest": None,
                    "through_at": None,
                    "differs": 0,
                    "missing": 0,
                    "unreadable": 0,
                },
            }
        ],
        "beat": {"name": "beat", "workers": [], **seen},
        "workers": [
            {"name": "discover", "workers": ["a@host"], **seen},
            {"name": "download", "workers": ["b@host"], **seen},
            {"name": "upload", "workers": ["b@host"], **seen},
            {"name": "housekeeping", "workers": ["a@host"], **seen},
        ],
        "broker": True,
        "database": True,
        "warnings": [],
    }


def stale(world: World) -> None:
    world.wait(241)
    world.alive()


def beat_gone(world: World) -> None:
    world.ledger.heartbeats.gone("beat")


def everybody_silent(world: World) -> None:
    world.wait(46)


def queue_unserved(world: World) -> None:
    world.ledger.heartbeats.gone("worker:b@host")


@pytest.mark.parametrize("happen", [stale, beat_gone, everybody_silent, queue_unserved])
def test_503_when_something_stands_still(well: Site, happen: Callable[[World], None]) -> None:
    happen(well.world)
    answer = well.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "degraded")
    assert answer.json()["errors"]


def failed(world: World) -> None:
    world.fail(Unauthorized("Gitea answered 401."))


def syncing(world: World) -> None:
    world.plan([wheel("gamma")])


def incomplete(world: World) -> None:
    world.sync([wheel("alpha"), NEITHER])


@pytest.mark.parametrize("happen", [failed, syncing, incomplete])
def test_degraded_but_answering_while_something_is_missing(
    well: Site, happen: Callable[[World], None]
) -> None:
    happen(well.world)
    answer = well.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")


def test_503_when_the_broker_does_not_answer(database: Database, tmp_path: Path) -> None:
    with site(database, tmp_path, broker="redis://127.0.0.1:1/0") as view:
        view.world.sync([wheel("alpha")])
        view.world.alive()
        answer = view.get("/health")
    assert (answer.status_code, answer.json()["broker"]) == (503, False)
    assert answer.json()["errors"] == ["the broker does not answer"]


def test_503_when_the_database_does_not_answer(tmp_path: Path, broker: Broker) -> None:
    broken = Database(sqlite_url(tmp_path / "missing" / "syncer.db"))
    with closing(broken), site(broken, tmp_path, broker=broker.url) as view:
        answer = view.get("/health")
    assert (answer.status_code, answer.json()["database"], answer.json()["missing"]) == (503, False, None)


def test_503_when_nothing_ever_ran_for_too_long_after_the_start(
    database: Database, tmp_path: Path, broker: Broker
) -> None:
    with site(database, tmp_path, broker=broker.url) as view:
        view.world.alive()
        begins = view.get("/health")
        view.world.wait(241)
        view.world.alive()
        later = view.get("/health")
    assert (begins.status_code, begins.json()["status"]) == (200, "degraded")
    assert (later.status_code, later.json()["mappings"][0]["stale"]) == (503, True)


def test_alive_whatever_else_is_gone(tmp_path: Path) -> None:
    broken = Database(sqlite_url(tmp_path / "missing" / "syncer.db"))
    with closing(broken), site(broken, tmp_path) as view:
        answer = view.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_a_broker_that_comes_and_goes_is_noticed(tmp_path: Path) -> None:
    found: list[str] = []
    asked = BrokerPulse(lambda: found[-1] if found else None, believed=0.0)
    assert asked.alive() is False
    with Broker(tmp_path / "broker") as running:
        found.append(running.url)
        assert asked.alive() is True
        running.kill()
        assert asked.alive() is False


def test_the_brokers_last_answer_is_believed_for_a_while() -> None:
    questions: list[None] = []
    asked = BrokerPulse(lambda: questions.append(None), believed=60.0)
    assert (asked.alive(), asked.alive(), len(questions)) == (False, False, 1)


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1:1/0", "redis+socket:///nowhere/broker.sock", "amqp://host//", "nonsense"]
)
def test_a_broker_that_cannot_be_asked_is_not_alive(url: str) -> None:
    assert BrokerPulse(lambda: url).alive() is False
