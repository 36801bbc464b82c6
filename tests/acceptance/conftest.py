"""Whole installations at work: one that tests share, and others for those that break something."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.acceptance.live import Live
from tests.support.databases import BOTH, PostgresServer, postgres_server
from tests.support.devpi import DevpiServer
from tests.support.world import World, eventually, world

__all__ = ["postgres_server"]

#: A Mapping of this interval runs once when beat starts, and then only when it is asked for.
NEVER = "poll_interval_seconds = 86400"

NewWorld = Callable[..., World]


@dataclass(frozen=True, slots=True)
class Shared:
    """A World at work with Mappings in store: workers read the configuration when they start."""

    world: World
    steady: Live
    shaken: Live
    asked: Iterator[Live]


@pytest.fixture(scope="session")
def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, devpi_server: DevpiServer
) -> Iterator[Shared]:
    """A worker and beat at work on two scheduled Mappings and as many others as tests will ask for."""
    with world(tmp_path_factory.mktemp("shared"), devpi_server) as made:
        steady, shaken = Live.of(made, "steady"), Live.of(made, "shaken")
        asked = on_request(made, request, "asked")
        made.start_worker()
        made.start_beat()
        yield Shared(made, steady, shaken, iter(asked))


def on_request(made: World, request: pytest.FixtureRequest, fixture: str) -> list[Live]:
    """One Mapping for each test of the session that uses the fixture."""
    users = [item for item in request.session.items if fixture in getattr(item, "fixturenames", ())]
    return [Live.of(made, f"{fixture}{number}", lines=NEVER) for number in range(len(users))]


def ready(live: Live) -> Live:
    """The Mapping's first, empty Run is over."""
    eventually(lambda: live.status().state == "complete", 40, f"the first run of {live.name}")
    return live


@pytest.fixture
def asked(shared: Shared) -> Live:
    """A Mapping of the test's own, which is synced only when somebody asks for it."""
    return ready(next(shared.asked))


@pytest.fixture
def steady(shared: Shared) -> Live:
    """A Mapping that beat syncs every second, and in which nothing ever goes wrong."""
    return shared.steady


@pytest.fixture
def shaken(shared: Shared) -> Iterator[Live]:
    """Another one, which is mended and empty again when the test is over."""
    yield shared.shaken
    shared.shaken.mend()
    shared.shaken.withdraw_all()
    shared.world.send(mapping=shared.shaken.name)  # that all is gone is believed of a person only
    shared.shaken.is_empty()


@pytest.fixture
def new_world(tmp_path: Path, devpi_server: DevpiServer) -> Iterator[NewWorld]:
    """Makes a World of the test's own, in which nothing runs yet."""
    with contextlib.ExitStack() as stack:
        yield lambda **options: stack.enter_context(world(tmp_path, devpi_server, **options))


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The ledger's database: the embedded one, and a migrated PostgreSQL."""
    if request.param == "sqlite":
        yield ""
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.database() as database:
        yield database.url.render_as_string(hide_password=False)
