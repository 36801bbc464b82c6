"""Fixtures that every test may ask for."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.devpi import DevpiServer
from tests.support.devpi_place import Place

pytest_plugins = ["tests.support.databases"]

# The first text strategy on a fresh machine builds a table of all characters, which takes seconds.
settings.register_profile(
    "syncer", deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", settings.get_profile("syncer"), max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "syncer"))


@pytest.fixture(scope="session")
def devpi_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the initialized devpi server is kept; all processes of one test session share it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base
    return shared / "devpi-cache"


@pytest.fixture(scope="session")
def devpi_server(devpi_cache: Path) -> Iterator[DevpiServer]:
    """One real devpi-server per process; each test makes its own users and indexes."""
    with (
        tempfile.TemporaryDirectory(prefix="devpi-") as folder,
        DevpiServer(Path(folder), cache=devpi_cache) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def narrow_devpi_server(devpi_cache: Path) -> Iterator[DevpiServer]:
    """A devpi-server that takes no more than 1 MiB, and that a test may restart."""
    options = ["--max-request-body-size", str(2**20)]
    with (
        tempfile.TemporaryDirectory(prefix="devpi-") as folder,
        DevpiServer(Path(folder), cache=devpi_cache, options=options) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def online_devpi_server(devpi_cache: Path) -> Iterator[DevpiServer]:
    """A devpi-server whose mirrors ask their upstream."""
    with (
        tempfile.TemporaryDirectory(prefix="devpi-") as folder,
        DevpiServer(Path(folder), cache=devpi_cache, offline=False) as server,
    ):
        yield server


@pytest.fixture
def devpi_place(devpi_server: DevpiServer, tmp_path: Path) -> Iterator[Place]:
    """A user of the test's own on the shared devpi-server."""
    with closing(Place(devpi_server, tmp_path)) as made:
        yield made


@pytest.fixture
def narrow_devpi_place(narrow_devpi_server: DevpiServer, tmp_path: Path) -> Iterator[Place]:
    """A user of the test's own on the devpi-server that takes 1 MiB and may be restarted."""
    with closing(Place(narrow_devpi_server, tmp_path)) as made:
        yield made
