"""Broker, devpi and databases that go away, come back and forget."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from tests.chaos.disks import why_no_mount
from tests.chaos.faults.kind import Kind, Notes
from tests.chaos.laptop import Laptop
from tests.chaos.pool import Pool
from tests.chaos.site import Site

_LOCKER = """
import random, sqlite3, sys, time
path, seed, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
rng, end = random.Random(seed), time.monotonic() + seconds
connection = sqlite3.connect(path, timeout=60, isolation_level=None)
while time.monotonic() < end:
    connection.execute("BEGIN IMMEDIATE")
    time.sleep(min(rng.uniform(0.5, 6.0), max(0.0, end - time.monotonic())))
    connection.execute("ROLLBACK")
    time.sleep(rng.uniform(0.0, 0.3))
"""


@contextmanager
def broker_gone(site: Site, rng: random.Random, *, kill: bool, forget: bool) -> Iterator[Notes]:  # noqa: ARG001
    """The broker is away, and comes back with or without what it knew."""
    site.stop_broker(kill=kill, forget=forget)
    yield [f"broker {'killed' if kill else 'told to end'}{', its data removed' if forget else ''}"]
    site.mend()


@contextmanager
def broker_flushed(site: Site, rng: random.Random) -> Iterator[Notes]:  # noqa: ARG001  # as every fault
    """FLUSHALL."""
    site.flush_broker()
    yield ["FLUSHALL"]


@contextmanager
def devpi_gone(site: Site, rng: random.Random, *, keep_secret: bool) -> Iterator[Notes]:
    """devpi is away; without its secret every login is void when it is back."""
    process = site.devpi._process
    killed = rng.random() < 0.5
    if killed and process is not None:
        process.kill()
    site.devpi.stop()
    yield [f"devpi {'killed' if killed else 'told to end'}, {'same' if keep_secret else 'another'} secret"]
    site.devpi._start(keep_secret=keep_secret)


@contextmanager
def gitea_gone(site: Site, rng: random.Random) -> Iterator[Notes]:  # noqa: ARG001  # as every fault
    """Gitea's port is closed and every connection cut."""
    site.gitea.stop()
    yield ["Gitea stopped"]
    site.gitea.start()


@contextmanager
def postgres_gone(site: Site, rng: random.Random) -> Iterator[Notes]:
    """PostgreSQL is away, in one of three ways."""
    assert isinstance(site, Pool)
    mode = rng.choice(("fast", "immediate", "killed"))
    site.postgres.halt(mode)
    yield [f"PostgreSQL {mode}"]
    site.postgres.start()


@contextmanager
def sqlite_locked(site: Site, rng: random.Random) -> Iterator[Notes]:
    """Another process holds the write lock again and again, for up to six seconds at a time."""
    path = site.folder / "state" / "syncer.db"
    seed, seconds = rng.randrange(10**6), rng.uniform(6.0, 14.0)
    words = [sys.executable, "-c", _LOCKER, str(path), str(seed), str(seconds)]
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL)
    try:
        yield [f"lock storm of {seconds:.0f} s"]
        process.wait(seconds + 70)
    finally:
        process.kill()
        process.wait()


@contextmanager
def staging_full(site: Site, rng: random.Random) -> Iterator[Notes]:  # noqa: ARG001  # as every fault
    """No byte can be staged."""
    with site.staging_disk.full():
        yield ["staging disk full"]


@contextmanager
def database_full(site: Site, rng: random.Random) -> Iterator[Notes]:  # noqa: ARG001  # as every fault
    """No byte is free under the database; afterwards a person starts what ended because of that."""
    with site.database_disk_full():
        yield ["database disk full"]
    time.sleep(0.5)
    site.mend()


@contextmanager
def staging_lost(site: Site, rng: random.Random) -> Iterator[Notes]:  # noqa: ARG001  # as every fault
    """Every staged byte is gone, half-written ones too, as soon as there is one."""
    notes: Notes = []
    yield notes
    deadline, removed = time.monotonic() + 5, 0
    while not removed and time.monotonic() < deadline:
        for path in list((site.staging_disk.folder / "blobs").glob("*/*")):
            path.unlink(missing_ok=True)
            removed += 1
    notes.append(f"{removed} staged files removed")


KINDS = (
    Kind("broker killed", partial(broker_gone, kill=True, forget=False), hold=(0.5, 3.0)),
    Kind("broker restarted", partial(broker_gone, kill=False, forget=False), hold=(0.5, 3.0)),
    Kind("broker lost its data", partial(broker_gone, kill=True, forget=True), hold=(0.5, 3.0)),
    Kind("broker flushed", broker_flushed),
    Kind("devpi restarted", partial(devpi_gone, keep_secret=True), hold=(0.5, 6.0), during=1.0),
    Kind(
        "devpi restarted without its secret",
        partial(devpi_gone, keep_secret=False),
        hold=(0.5, 6.0),
        during=1.0,
    ),
    Kind("gitea restarted", gitea_gone, hold=(1.0, 8.0), during=1.0),
    Kind("postgresql restarted", postgres_gone, hold=(0.5, 5.0), during=1.0, sites=(Pool.kind,)),
    Kind("sqlite lock storm", sqlite_locked, during=1.0, sites=(Laptop.kind,)),
    Kind(
        "disk full in staging",
        staging_full,
        hold=(2.0, 8.0),
        during=1.0,
        why_not=why_no_mount,
    ),
    Kind(
        "disk full under the database",
        database_full,
        hold=(2.0, 8.0),
        during=1.0,
        why_not=why_no_mount,
    ),
    Kind("staging lost", staging_lost, hold=(0.0, 0.3), during=1.0),
)
