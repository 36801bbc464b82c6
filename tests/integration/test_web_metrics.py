"""``/metrics`` says in numbers what stands, and never that all is well when it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from syncer.adapters.database.engine import Database, sqlite_url
from syncer.config.settings import WebSettings
from syncer.core.check import CheckResult, Finding
from syncer.core.secret import Secret
from syncer.core.warning import StandingWarning, WarningKind
from tests.integration.web_harness import Site, busy, counted, site
from tests.support.broker import Broker
from tests.support.databases import closing
from tests.support.ledgers import World, mapping, no_answer, wheel

MANY = {"my-org": mapping(), **{f"m{number}": mapping(f"m{number}") for number in range(5)}}


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


def numbers(view: Site) -> dict[str, float]:
    """Every sample by its name and the values of its labels."""
    answer = view.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            key = " ".join([sample.name.removeprefix("syncer_"), *sample.labels.values()])
            assert key not in found
            found[key] = sample.value
    return found


def test_everything_in_numbers_when_all_is_well(well: Site) -> None:
    found = numbers(well)
    begun = well.world.now - timedelta(seconds=16)
    assert found == {
        "up": 1,
        "healthy": 1,
        "complete": 1,
        "database_up": 1,
        "broker_up": 1,
        "beat_alive": 1,
        **{f"queue_alive {queue}": 1 for queue in ("discover", "download", "upload", "housekeeping")},
        **{f"queue_workers {queue}": 1 for queue in ("discover", "download", "upload", "housekeeping")},
        "mapping_complete my-org": 1,
        "mapping_stale my-org": 0,
        "mapping_last_complete_timestamp_seconds my-org": begun.timestamp(),
        "mapping_age_seconds my-org": 16,
        "mapping_stale_after_seconds my-org": 240,
        "mapping_files my-org synced": 3,
        **{
            f"mapping_files my-org {status}": 0
            for status in ("conflict", "refused", "failing", "waiting", "unverified", "unknown", "excluded")
        },
        "check_files my-org": 3,
        "check_files_done my-org": 0,
        **{f"check_findings my-org {result}": 0 for result in ("differs", "missing", "unreadable")},
    }


def stale(world: World) -> None:
    world.wait(241)
    world.alive()


def beat_gone(world: World) -> None:
    world.ledger.heartbeats.gone("beat")


def beat_of_a_clock_ahead(world: World) -> None:
    """It was written an hour from now, and says nothing of whether beat lives."""
    world.ledger.heartbeats.beat("beat", world.now + timedelta(hours=1))


def everybody_silent(world: World) -> None:
    world.wait(46)


def queue_unserved(world: World) -> None:
    world.ledger.heartbeats.gone("worker:b@host")


def clock_set_back(world: World) -> None:
    """What was proved an hour from now proves nothing."""
    world.wait(-3600)
    world.alive()


@pytest.mark.parametrize(
    ("happen", "zero"),
    [
        pytest.param(stale, "mapping_complete my-org", id="not complete for k intervals"),
        pytest.param(beat_gone, "beat_alive", id="beat gone"),
        pytest.param(beat_of_a_clock_ahead, "beat_alive", id="beat's clock ahead"),
        pytest.param(everybody_silent, "beat_alive", id="everybody silent"),
        pytest.param(queue_unserved, "queue_alive upload", id="all workers of a queue gone"),
        pytest.param(clock_set_back, "mapping_complete my-org", id="clock set back"),
    ],
)
def test_what_stands_still_is_unhealthy_here_and_for_health(
    well: Site, happen: Callable[[World], None], zero: str
) -> None:
    happen(well.world)
    found = numbers(well)
    assert (found["healthy"], found["complete"], found[zero]) == (0, 0, 0)
    assert well.get("/health").status_code == 503


def test_a_broker_that_is_gone_is_unhealthy(database: Database, tmp_path: Path) -> None:
    with site(database, tmp_path, broker="redis://127.0.0.1:1/0") as view:
        view.world.sync([wheel("alpha")])
        view.world.alive()
        found = numbers(view)
    assert (found["broker_up"], found["healthy"], found["complete"], found["database_up"]) == (0, 0, 0, 1)


def test_a_database_that_is_gone_is_told_and_nothing_else_is_claimed(tmp_path: Path, broker: Broker) -> None:
    broken = Database(sqlite_url(tmp_path / "missing" / "syncer.db"))
    with closing(broken), site(broken, tmp_path, broker=broker.url) as view:
        found = numbers(view)
    assert found == {"up": 1, "broker_up": 1, "database_up": 0, "healthy": 0, "complete": 0}


def test_a_mapping_may_have_its_own_patience(database: Database, tmp_path: Path, broker: Broker) -> None:
    rules = {"my-org": replace(mapping(), stale_intervals=10)}
    with site(database, tmp_path, rules, broker=broker.url) as view:
        view.world.sync([wheel("alpha")])
        for seconds, stale_now in ((500, 0), (200, 1)):
            view.world.wait(seconds)
            view.world.alive()
            assert numbers(view)["mapping_stale my-org"] == stale_now
        assert numbers(view)["mapping_stale_after_seconds my-org"] == 660


def test_a_mapping_that_never_was_complete_has_no_time_of_it(
    database: Database, tmp_path: Path, broker: Broker
) -> None:
    with site(database, tmp_path, broker=broker.url) as view:
        view.world.alive()
        found = numbers(view)
    assert found["mapping_complete my-org"] == 0
    assert "mapping_last_complete_timestamp_seconds my-org" not in found
    assert "mapping_age_seconds my-org" not in found


def test_checks_and_warnings_are_counted(well: Site) -> None:
    world = well.world
    alpha, *_, beta = world.ledger.checks.due("my-org", 1.0, world.now, 10)
    world.ledger.checks.record(alpha, Finding(CheckResult.SAME, alpha.file.sha256, 2048), world.now)
    world.ledger.checks.record(beta, Finding(CheckResult.DIFFERS, "f" * 64, 2048), world.now)
    about = [StandingWarning(WarningKind.RELEASE, f"alpha {n}.0", "It lacks.", "Look.") for n in range(3)]
    world.ledger.warnings.replace("my-org", WarningKind.RELEASE, about, world.now)
    found = numbers(well)
    assert (found["check_files_done my-org"], found["check_findings my-org differs"]) == (1, 1)
    assert found["check_oldest_timestamp_seconds my-org"] == world.now.timestamp()
    assert (found["mapping_complete my-org"], found["mapping_files my-org conflict"]) == (0, 1)
    assert found["mapping_warnings release my-org"] == 3
    page = well.get("/mappings/my-org").text
    assert "<strong>1</strong> of 2 files within 30 d" in page
    assert "1 file with other bytes" in page


def test_a_server_that_is_left_alone_is_told(well: Site) -> None:
    for _ in range(3):
        well.world.ledger.circuits.failed("http://devpi.example", no_answer(), well.world.now)
    found = numbers(well)
    assert (found["server_failures http://devpi.example"], found["complete"]) == (3, 0)


def test_only_who_may_look_at_the_view_gets_the_numbers(database: Database, tmp_path: Path) -> None:
    web = WebSettings(password=Secret("hush-web"))
    with site(database, tmp_path, web=web) as view:
        assert view.get("/metrics").status_code == 401
        assert view.client.get("/metrics", auth=("syncer", "hush-web")).status_code == 200
        assert view.client.get("/metrics", headers={"Host": "evil.example"}).status_code == 400


def test_it_costs_few_statements_however_many_mappings_there_are(
    database: Database, tmp_path: Path, broker: Broker
) -> None:
    def cost(view: Site) -> int:
        with counted(database) as statements:
            numbers(view)
        return len(statements)

    with site(database, tmp_path, MANY, broker=broker.url) as view:
        busy(view.world)
        few = cost(view)
        for number in range(5):
            view.world.sync([wheel(f"p{each}") for each in range(10)], name=f"m{number}")
        assert cost(view) == few <= 12
