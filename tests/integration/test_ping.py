"""A monitor elsewhere hears from us while everything is complete, and learns nothing but that."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from syncer.adapters.database.engine import Database
from syncer.bootstrap.container import Container, build
from syncer.bootstrap.logs import configure_logging, hide_secrets, redact
from syncer.bootstrap.ping import ping_if_complete
from syncer.config.settings import DevpiServer, GiteaServer, Settings
from syncer.core.secret import Secret
from tests.support.databases import empty
from tests.support.ledgers import World, mapping, wheel

SECRET = "hush-uuid-of-the-monitor"


@dataclass(slots=True)
class Monitor:
    """What it heard, and what it answers."""

    url: str
    heard: list[str] = field(default_factory=list)
    status: int = 200


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.heard.append(self.path)
            self.send_response(found.status)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Nothing is said."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Monitor(f"http://127.0.0.1:{server.server_port}/{SECRET}")
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def installation(world: World, folder: Path, url: str) -> Container:
    settings = Settings(
        gitea=GiteaServer("https://gitea.example"),
        devpi={"default": DevpiServer("default", "http://devpi.example", "user", Secret("hush-devpi"))},
        mappings={"my-org": mapping()},
        state_dir=folder / "state",
        staging_dir=folder / "staging",
        database_url=Secret(world.database.url.render_as_string(hide_password=False)),
        ping_url=Secret(url) if url else None,
    )
    built = build(settings)
    services = replace(built.services, ledger=world.ledger, clock=lambda: world.now)
    return replace(built, database=world.database, services=services)


@pytest.fixture
def world(shared_sqlite: Database) -> Iterator[World]:
    made = World(shared_sqlite)
    made.sync([wheel("alpha")])
    made.alive()
    yield made
    empty(shared_sqlite)


def test_it_is_told_while_everything_is_complete(world: World, tmp_path: Path, monitor: Monitor) -> None:
    assert ping_if_complete(installation(world, tmp_path, monitor.url))
    assert monitor.heard == [f"/{SECRET}"]


def stale(world: World) -> None:
    world.wait(1000)
    world.alive()


def silent(world: World) -> None:
    world.wait(50)


def incomplete(world: World) -> None:
    world.sync([wheel("alpha"), wheel("eggs", filename="eggs.egg")])


@pytest.mark.parametrize("happen", [stale, silent, incomplete])
def test_it_hears_nothing_when_something_is_wrong(
    world: World, tmp_path: Path, monitor: Monitor, happen: Callable[[World], None]
) -> None:
    happen(world)
    assert not ping_if_complete(installation(world, tmp_path, monitor.url))
    assert monitor.heard == []


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_monitor_that_refuses_is_told_without_its_address(
    world: World, tmp_path: Path, monitor: Monitor, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    monitor.status = status
    caplog.set_level(logging.WARNING, "syncer")
    assert not ping_if_complete(installation(world, tmp_path, monitor.url))
    assert "was not reached" in caplog.text
    assert SECRET not in caplog.text


def test_a_monitor_that_is_away_changes_nothing(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    caplog.set_level(logging.WARNING, "syncer")
    assert not ping_if_complete(installation(world, tmp_path, f"http://127.0.0.1:{port}/{SECRET}"))
    assert "ConnectionError" in caplog.text
    assert SECRET not in caplog.text


def test_no_log_line_shows_the_address_or_its_path(world: World, tmp_path: Path) -> None:
    made = installation(world, tmp_path, f"https://monitor.example/{SECRET}")
    configure_logging(0)
    hide_secrets(made.settings)
    assert SECRET not in redact(f"GET https://monitor.example/{SECRET} and /{SECRET} again")
