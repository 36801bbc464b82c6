"""Processes that are killed, stopped, doubled, or of another version."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from syncer.usecases.leases import LEASE
from tests.chaos.faults.kind import Kind, Notes
from tests.chaos.laptop import Laptop
from tests.chaos.pool import Pool
from tests.chaos.site import Broken, Site
from tests.support.world import ROOT, eventually

_LATER_TASK = """

@shared_task(name="syncer.later")
def later() -> None:
    pass
"""
_LATER_QUEUE = """

_send = CeleryQueue.send

def _send_more(self, messages):
    messages = list(messages)
    downloads = [message for message in messages if message.task == "download"]
    for message in downloads:
        message.ids["hint"] = 1
    _send(self, messages)
    if downloads:
        self._app.send_task("syncer.later", queue="download")

CeleryQueue.send = _send_more
"""


@contextmanager
def killed(role: str, site: Site, rng: random.Random) -> Iterator[Notes]:
    """One program of the role is killed, and started again at the end where nobody else does so."""
    yield [f"killed {site.kill(role, rng)}"]
    site.mend()


@contextmanager
def child_killed(site: Site, rng: random.Random) -> Iterator[Notes]:
    """A prefork child is killed; its parent starts another one."""
    children = sorted(site.children())
    if not children:
        raise Broken("no worker has a child")
    pid = rng.choice(children)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    yield [f"killed child {pid}"]


@contextmanager
def power_lost(site: Site, rng: random.Random) -> Iterator[Notes]:  # noqa: ARG001  # as every fault
    """Everything of the syncer is gone at once."""
    site.lose_power()
    yield ["killed everything"]
    site.mend()


@contextmanager
def stopped(site: Site, rng: random.Random) -> Iterator[Notes]:
    """A worker stands still, as a machine does that sleeps, and goes on when others have its claims."""
    groups = [os.getpgid(pid) for pid in sorted(site.pids("worker"))]
    if not groups:
        raise Broken("no worker runs")
    group = rng.choice(groups)
    os.killpg(group, signal.SIGSTOP)
    try:
        yield [f"stopped the group of worker {group}"]
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGCONT)


@contextmanager
def two_beats(site: Site, rng: random.Random) -> Iterator[Notes]:  # noqa: ARG001  # as every fault
    """A second beat runs beside the first."""
    schedule = str(site.folder / "second-schedule")
    words = ("beat", "-l", "INFO", "--schedule", schedule)
    with _beside(site, site.world.start("beat2", "celery", *words, ready="beat: Starting")):
        yield ["a second beat"]


@contextmanager
def two_versions(site: Site, rng: random.Random) -> Iterator[Notes]:  # noqa: ARG001  # as every fault
    """A worker of a later version works beside this one's, and sends it what it does not know."""
    with _beside(site, _start_other(site, _later_version(site.folder / "later"), ready="ready.")):
        yield ["a worker of a later version"]


@contextmanager
def other_tables(site: Site, rng: random.Random) -> Iterator[Notes]:  # noqa: ARG001  # as every fault
    """A worker whose tables are others refuses to start; that it starts is Broken."""
    with _beside(site, _start_other(site, _other_revision(site.folder / "othertables"), ready="")) as pid:
        process = next(each for each in site.world.processes if each.pid == pid)
        eventually(lambda: process.poll() is not None, 40, "a worker with other tables ends")
        if process.returncode == 0 or "revision" not in site.world.log("other").read_text():
            raise Broken(f"a worker with other tables ended with {process.returncode}")
        yield ["a worker with other tables"]


@contextmanager
def _beside(site: Site, pid: int) -> Iterator[int]:
    """The program is gone afterwards."""
    try:
        yield pid
    finally:
        site.world.kill(pid)


def _start_other(site: Site, folder: Path, *, ready: str) -> int:
    queues = "discover,download,upload,housekeeping"
    words = ("worker", "-Q", queues, "-n", "other@chaos", "-c", "2", "-l", "INFO")
    return site.world.start(
        "other", "celery", *words, "--without-mingle", ready=ready, PYTHONPATH=str(folder)
    )


def _later_version(folder: Path) -> Path:
    """A copy of the code with one more task, and one more argument in its messages."""
    _copy(folder)
    tasks, queue = (
        folder / "workers" / "tasks.py",
        folder / "syncer" / "adapters" / "queue" / "celery_queue.py",
    )
    old = "def download(self: Task[Any, Any], sha256: str)"
    if old not in tasks.read_text():
        raise Broken(f"{tasks.name} has changed: {old!r} is not in it")
    tasks.write_text(tasks.read_text().replace(old, f"{old[:-1]}, hint: int = 0)") + _LATER_TASK)
    queue.write_text(queue.read_text() + _LATER_QUEUE)
    return folder


def _other_revision(folder: Path) -> Path:
    """A copy of the code that has one more migration."""
    _copy(folder)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from syncer.adapters.database.revision import HEAD; print(HEAD)"
    )
    head = subprocess.run(
        [sys.executable, "-c", code, str(folder)], check=True, capture_output=True, text=True
    ).stdout.strip()
    (folder / "alembic" / "versions" / "9999_later.py").write_text(
        f'revision = "9999"\ndown_revision = "{head}"\nbranch_labels = None\ndepends_on = None\n\n\n'
        "def upgrade() -> None:\n    pass\n\n\ndef downgrade() -> None:\n    pass\n"
    )
    return folder


def _copy(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for package in ("syncer", "workers", "alembic"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))


KINDS = (
    Kind("prefork child killed", child_killed),
    Kind("worker killed", partial(killed, "worker")),
    Kind("beat killed", partial(killed, "beat")),
    Kind("status view killed", partial(killed, "web")),
    Kind("launcher killed", partial(killed, "launcher"), sites=(Laptop.kind,)),
    Kind("everything killed", power_lost),
    Kind("worker stopped beyond its lease", stopped, hold=(LEASE + 2, LEASE + 6)),
    Kind("two beats", two_beats, hold=(3.0, 6.0)),
    Kind("two versions", two_versions, hold=(2.0, 6.0)),
    Kind("worker of other tables", other_tables, sites=(Pool.kind,)),
)
