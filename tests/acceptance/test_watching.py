"""What nobody looks at is looked at: bytes at the target, files of a release, and whether anything moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from syncer.bootstrap.clock import now
from syncer.queries.health import health
from syncer.queries.overview import overview
from syncer.usecases.releases import Memory, watch_releases
from tests.acceptance.conftest import NewWorld
from tests.acceptance.live import Live
from tests.acceptance.test_truth import renamed
from tests.support.databases import PostgresServer
from tests.support.devpi import free_port
from tests.support.dists import Dist, sdist, wheel
from tests.support.world import World, eventually

GOOD, BAD = wheel("good", "1.0"), wheel("bad", "1.0")
LOST, GONE = wheel("lost", "1.0"), wheel("gone", "1.0")
PROJECTS = {"good": GOOD, "bad": BAD, "lost": LOST, "gone": GONE}


def stored(made: World, live: Live, dist: Dist) -> Path:
    """The file in devpi's own folder."""
    root = made.devpi.folder / "data" / "+files" / live.index
    (path,) = root.rglob(dist.filename)
    return path


def served(made: World, live: Live) -> dict[str, bytes]:
    """What an installer gets."""
    found = {}
    for project, dist in PROJECTS.items():
        start, rest = dist.sha256[:3], dist.sha256[3:16]
        url = f"{made.devpi.url}/{live.index}/+f/{start}/{rest}/{dist.filename}"
        found[project] = requests.get(url, timeout=30).content
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    "database_url", [pytest.param("sqlite", marks=pytest.mark.slow), "postgresql"], indirect=True
)
def test_bytes_that_spoil_at_the_target_are_found_and_repaired(
    new_world: NewWorld, database_url: str
) -> None:
    made = new_world(database=database_url)
    live = Live.of(made, lines="poll_interval_seconds = 86400", volatile=True)
    live.publish(*PROJECTS.values())
    made.start_worker()
    made.send(mapping=live.name)
    live.becomes("complete")

    path = stored(made, live, BAD)
    path.write_bytes(bytes(reversed(BAD.content)))
    stored(made, live, LOST).unlink()
    made.devpi.call("DELETE", f"{live.index}/gone/1.0")
    assert live.status().state == "complete", "no listing shows it"

    made.client.send_task("syncer.recheck")
    reasons = eventually(lambda: _reasons(live))
    live.arrives("gone", GONE)
    assert "serves others" in reasons[BAD.filename]
    assert "does not serve them" in reasons[LOST.filename]
    assert live.status().state == "incomplete"
    seen = made.seen
    assert health(seen.database, seen.settings.mappings, now(), broker_alive=True).status == "degraded"
    said = made.syncer("status")
    assert (said.returncode, "at the target: 1 with other bytes, 1 not served" in said.stdout) == (1, True)

    made.send(mapping=live.name, force=True)
    live.becomes("complete")
    assert served(made, live) == {project: dist.content for project, dist in PROJECTS.items()}
    made.client.send_task("syncer.recheck")
    eventually(lambda: (checks := live.status().checks) and checks.checked == 4 and not checks.spoilt)
    said = made.syncer("status")
    assert (said.returncode, "bytes read back: 4 of 4 files within 30 d" in said.stdout) == (0, True)


def _reasons(live: Live) -> dict[str, str] | None:
    """Why each file is in conflict, once a Run has said so."""
    reasons = {file.filename: file.reason for file in live.files().values() if file.status == "conflict"}
    return reasons if len(reasons) == 2 else None


@pytest.mark.slow
def test_a_version_without_a_wheel_is_told_of_everywhere_until_the_wheel_is_there(
    new_world: NewWorld,
) -> None:
    made = new_world(broker=False)
    live = Live.of(made)
    for version in ("1.0", "1.1"):
        live.publish(wheel("demo", version), sdist("demo", version))
    live.publish(sdist("demo", "1.2"))
    assert made.syncer("sync").returncode == 0

    def warned(hours: float) -> list[str]:
        """What stands after a look so much later; the ledger and its rows are the real ones."""
        services = replace(made.seen.services, clock=lambda: now() + timedelta(hours=hours))
        watch_releases(services, live.name, Memory())
        warnings = overview(made.seen.database, services.mappings, now()).warnings
        return [f"{warning.kind} {warning.subject}" for warning in warnings]

    assert warned(0.5) == []
    assert warned(2) == ["release demo 1.2"]
    said = made.syncer("status")
    assert said.returncode == 0, "it makes nothing red"
    assert "lacks what the versions before it have: wheel." in said.stdout
    live.publish(wheel("demo", "1.2"))
    assert made.syncer("sync").returncode == 0
    assert warned(4) == []


class Watched:
    """A whole installation with its status view, as a monitor sees it."""

    def __init__(self, made: World, url: str) -> None:
        self.made = made
        self.url = url

    def numbers(self) -> dict[str, float]:
        """The samples of ``/metrics``, which is always there, by name and labels."""
        answer = requests.get(f"{self.url}/metrics", timeout=30)
        assert answer.status_code == 200
        return {
            " ".join([sample.name, *sample.labels.values()]): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }

    def health(self) -> tuple[int, list[str]]:
        """The status of ``/health``, and its errors."""
        answer = requests.get(f"{self.url}/health", timeout=30)
        return answer.status_code, answer.json()["errors"]

    def is_red(self, metric: str, error: str, seconds: float = 40) -> None:
        """Both say that it stands still, and why."""

        def both() -> bool:
            code, errors = self.health()
            found = self.numbers()
            why = any(error in each for each in errors)
            return code == 503 and why and not found["syncer_healthy"] and not found.get(metric, 0.0)

        eventually(both, seconds, lambda: f"{metric}, {error}: {self.health()}")

    def is_green(self, seconds: float = 60) -> None:
        """Everything is complete."""
        eventually(
            lambda: self.health() == (200, []) and self.numbers()["syncer_complete"] == 1,
            seconds,
            lambda: f"green: {self.health()}",
        )


@pytest.fixture
def watched(new_world: NewWorld, postgres_server: PostgresServer) -> Iterator[Watched]:
    with postgres_server.database() as database:
        port = free_port()
        made = new_world(
            database=database.url.render_as_string(hide_password=False), extra=f"[web]\nport = {port}\n"
        )
        live = Live.of(made, lines="stale_intervals = 1")
        live.publish(GOOD)
        made.start_worker("discover,housekeeping")
        made.start_worker("download,upload", name="w2")
        made.start_beat()
        made.start("web", "syncer.web", ready="")
        found = Watched(made, f"http://127.0.0.1:{port}")
        eventually(lambda: _answers(found.url), 40, "the status view")
        found.is_green()
        yield found
        made.stop()


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/health/live", timeout=5).ok
    except requests.ConnectionError:
        return False


@pytest.mark.slow
def test_a_broker_a_database_and_workers_that_are_gone_are_told_at_once(watched: Watched) -> None:
    made = watched.made
    assert made.broker is not None
    made.broker.kill()
    watched.is_red("syncer_broker_up", "the broker does not answer")
    made.broker.start()
    watched.is_green()

    with renamed(made.seen.database, "runs"):
        watched.is_red("syncer_database_up", "did not answer")
        assert set(watched.numbers()) >= {"syncer_up", "syncer_broker_up", "syncer_complete"}
    watched.is_green()

    worker = next(each for each in made.processes if "w2@test" in each.args)  # type: ignore[operator]  # a list of words
    worker.terminate()
    worker.wait(timeout=40)
    watched.is_red("syncer_queue_alive download", "no worker serves the queue download")
    watched.is_red("syncer_queue_alive upload", "no worker serves the queue upload")
    made.start_worker("download,upload", name="w3")
    watched.is_green()


@pytest.mark.slow
def test_a_beat_that_was_killed_and_a_mapping_that_is_late_are_told(watched: Watched) -> None:
    made = watched.made
    made.kill(next(each.pid for each in made.processes if "beat" in each.args))  # type: ignore[operator]  # a list of words
    watched.is_red("syncer_beat_alive", "beat is gone", seconds=60)
    name = made.mappings[0][0]
    watched.is_red(f"syncer_mapping_complete {name}", "not complete for more than 61 s", seconds=90)
    assert watched.numbers()[f"syncer_mapping_stale {name}"] == 1
    made.start_beat("beat2")
    watched.is_green()
    eventually(lambda: watched.numbers()[f"syncer_check_files_done {name}"] == 1, 90, "what beat asks for")
