"""Two workers with a budget, against a stand-in Gitea and a real devpi-server."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from syncer.bootstrap.container import Container, build
from syncer.bootstrap.database import prepare_database
from syncer.config import load
from syncer.core.circuit import OPENS_AFTER
from syncer.core.errors import OverBudget
from syncer.core.model import DistributionFile
from syncer.usecases.bandwidth import grain
from syncer.usecases.circuit import asking
from syncer.usecases.fetch import fetch
from tests.support.devpi import DevpiServer
from tests.support.dists import Dist, wheel
from tests.support.world import World, world

RATE = 2 * 2**20
DISTS = [wheel(f"p{number}", "1.0", payload=random.Random(number).randbytes(2**20)) for number in range(4)]
WORKERS = 2


@pytest.fixture
def place(tmp_path: Path, devpi_server: DevpiServer) -> Iterator[World]:
    with world(tmp_path, devpi_server, broker=False) as made:
        made.add_mapping("my-org")
        for dist in DISTS:
            made.publish(dist)
        yield made


def worker(place: World, number: int, bandwidth: str, **options: str) -> Container:
    """A process's own view: its connections to the database, its meter, its staging."""
    environ = {
        "SYNCER_RUNTIME__BANDWIDTH": bandwidth,
        "SYNCER_STAGING__DIR": str(place.folder / f"staging-{number}"),
        **options,
    }
    settings = load(place.config, environ)
    made = build(settings)
    prepare_database(settings, made.database)
    return made


def carry(container: Container, files: list[DistributionFile]) -> None:
    """Each file goes down and up, as a worker carries it."""
    services = container.services
    target = services.target_of(services.mapping("my-org"))
    for file in files:
        path, metadata = fetch(services, "my-org", file)
        target.upload(file, path, metadata, services.spending())


def carried_by_workers(place: World, bandwidth: str) -> float:
    """Seconds until so many workers have carried all files, each its part of them."""
    workers = [worker(place, number, bandwidth) for number in range(WORKERS)]
    services = workers[0].services
    files = list(services.source_of(services.mapping("my-org")).list().files)
    try:
        with ThreadPoolExecutor(WORKERS) as pool:
            began = time.monotonic()
            list(pool.map(carry, workers, [files[number::WORKERS] for number in range(WORKERS)]))
            return time.monotonic() - began
    finally:
        for container in workers:
            container.database.dispose()


def arrived(place: World, dist: Dist) -> bool:
    found = place.on_target(f"{place.user}/my-org", dist.filename.partition("-")[0])
    return found == {dist.filename: dist.sha256}


def test_two_workers_together_keep_to_the_budget(place: World) -> None:
    """What a worker has not paid for yet, and the turn that it is in, is all that may come on top."""
    total = 2 * sum(len(dist.content) for dist in DISTS)
    on_top = WORKERS * 2 * grain(RATE)
    elapsed = carried_by_workers(place, "2M")
    assert elapsed >= (total - on_top) / RATE
    assert elapsed <= 3 * total / RATE
    assert all(arrived(place, dist) for dist in DISTS)


def test_a_budget_that_is_too_small_is_not_held_against_the_servers(place: World) -> None:
    """A try of one second at 64 KiB a second ends; afterwards both servers are asked as before."""
    container = worker(place, 0, "64k", SYNCER_RUNTIME__FILE_DEADLINE_SECONDS="1")
    services, free = container.services, replace(container.services, meter=None)
    mapping = services.mapping("my-org")
    target, file = services.target_of(mapping), services.source_of(mapping).list().files[0]
    try:
        for _ in range(OPENS_AFTER):
            with pytest.raises(OverBudget):
                fetch(services, "my-org", file)
        assert services.ledger.circuits.wait(str(mapping.source), services.clock()) == 0
        path, metadata = fetch(free, "my-org", file)
        for _ in range(OPENS_AFTER):
            with pytest.raises(OverBudget), asking(services, mapping.target.url):
                target.upload(file, path, metadata, services.spending())
        assert services.ledger.circuits.wait(mapping.target.url, services.clock()) == 0
        assert target.read_back(file.project).files == ()
        assert target.upload(file, path, metadata)
        assert [each.sha256 for each in target.read_back(file.project).files] == [file.sha256]
    finally:
        container.database.dispose()


@pytest.mark.parametrize("bandwidth", ["", "off", "00:00,off 12:00,off"])
def test_without_a_limit_nothing_is_metered(place: World, bandwidth: str) -> None:
    container = worker(place, 0, bandwidth)
    container.database.dispose()
    assert container.services.spending() is None
