"""One whole installation under fault: what both kinds of it have in common."""

from __future__ import annotations

import os
import random
import shutil
import struct
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

from tests.chaos.disks import Disk
from tests.chaos.meter import Meter
from tests.chaos.secondhost import SecondHost
from tests.chaos.truth import Publication, Route, Truth
from tests.standin.gitea import StandinGitea
from tests.support.devpi import DevpiServer, free_port
from tests.support.dists import Dist
from tests.support.world import ROOT, World

OWNERS = ("acme", "beta")
#: Name, owner and index of each Mapping; two of them share every file.
MAPPINGS = (("alpha", "acme"), ("twin", "acme"), ("beta", "beta"))
#: Seconds between two looks, for everything that looks.
INTERVAL = 1.0
SHIFTED = Path(__file__).parent / "shifted"


class Broken(Exception):
    """The installation cannot go on and has to be built anew."""


@dataclass
class ChaosWorld(World):
    """A World whose processes have a clock that can be set, and a port for the status view."""

    web_port: int = 0
    flower_port: int = 0

    @property
    def environment(self) -> Mapping[str, str]:
        """What the processes run in; ``clock`` is the file that shifts their time."""
        clock = {"CHAOS_CLOCK": str(self.clock("all"))}
        return {**super().environment, **clock, "PYTHONPATH": f"{SHIFTED}{os.pathsep}{ROOT}"}

    def clock(self, name: str) -> Path:
        """The named clock, which is right until it is set."""
        path = self.folder / f"clock-{name}"
        if not path.exists():
            path.write_bytes(struct.pack("<d", 0.0))
        return path

    def set_clock(self, name: str, seconds: float) -> None:
        """The clock is so many seconds fast; processes that have it see that at once."""
        with self.clock(name).open("r+b") as file:
            file.write(struct.pack("<d", seconds))


class Site(ABC):
    """Gitea, devpi, a database, a broker and the syncer's processes, in a folder of their own.

    ``clocks`` are the names under which its processes' clocks can be set.
    """

    kind: str
    database_folder: str
    clocks: tuple[str, ...] = ("all",)

    def __init__(self, cache: Path) -> None:
        self._stack = ExitStack()
        self._cache = cache
        self.truth = Truth()
        self.gitea = StandinGitea()

    def __enter__(self) -> Self:
        try:
            self._build()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _build(self) -> None:
        # The path is short, for sockets lie inside.
        self.folder = Path(tempfile.mkdtemp(prefix="chaos-"))
        self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.staging_disk = Disk(self.folder / "staging", 96)
        self.database_disk = Disk(self.folder / self.database_folder, 300)
        for disk in (self.staging_disk, self.database_disk):
            self._stack.callback(disk.unmount)
            disk.mount()
        self._stack.enter_context(self.gitea)
        self.devpi = self._stack.enter_context(DevpiServer(self.folder / "devpi", cache=self._cache))
        self.meter = self._stack.enter_context(Meter(self.devpi.port))
        self.second_host = self._stack.enter_context(SecondHost(self.truth, OWNERS))
        self.world = self._world()
        self._stack.callback(self.world.stop)
        self._configure()
        self.start()

    def _configure(self) -> None:
        for name, owner in MAPPINGS:
            self.world.add_mapping(name, owner=owner)
        self.routes = [Route(name, owner, index) for name, owner, index in self.world.mappings]

    def _options(self) -> dict[str, object]:
        web, flower = free_port(), free_port()
        staging = f"[staging]\ndir = {self.staging_disk.folder / 'blobs'}\n"
        ports = f"[web]\nport = {web}\nflower_port = {flower}\n"
        return {
            "devpi_url": self.meter.url,
            "interval": INTERVAL,
            "reconcile": INTERVAL,
            "extra": staging + ports,
            "web_port": web,
            "flower_port": flower,
        }

    @property
    def health_url(self) -> str:
        """Where the status view answers."""
        return f"http://127.0.0.1:{self.world.web_port}"

    def publish(self, owner: str, project: str, version: str, python: str, dist: Dist, number: int) -> None:
        """The file is at Gitea, and known to be."""
        self.gitea.publish(owner, dist.filename, dist.content)
        self.truth.add(Publication(owner, project, version, dist, python, number))

    def withdraw_before(self, number: int) -> None:
        """Projects that no round since ``number`` touched are not at Gitea any more, to keep it small."""
        for owner, project in sorted(self.truth.stale_projects(number)):
            self.truth.withdraw(owner, project)
            self.gitea.delete_package(owner, project)

    @abstractmethod
    def _world(self) -> ChaosWorld:
        """The World, in which nothing runs yet."""

    @abstractmethod
    def start(self) -> None:
        """Every process runs and is ready."""

    @abstractmethod
    def pids(self, role: str) -> list[int]:
        """The first processes of the role: worker, beat, web, broker; launcher where there is one."""

    @abstractmethod
    def kill(self, role: str, rng: random.Random) -> str:
        """One program of the role is gone by SIGKILL, with all that it started; which one."""

    @abstractmethod
    def mend(self) -> None:
        """Whatever was killed runs again, or is about to be started by the launcher."""

    @abstractmethod
    def lose_power(self) -> None:
        """Every process of the syncer and the broker is gone at once; ``mend`` starts them."""

    @abstractmethod
    def stop_broker(self, *, kill: bool, forget: bool) -> None:
        """The broker is gone, told to or killed; its data too when it is to ``forget``."""

    @abstractmethod
    def flush_broker(self) -> None:
        """The broker has forgotten everything."""

    @abstractmethod
    def database_disk_full(self) -> AbstractContextManager[None]:
        """The database's disk is full, and the database has no reserve of its own on it."""

    def children(self) -> list[int]:
        """The prefork children of all workers."""
        found = []
        for pid in self.pids("worker"):
            try:
                found += [child.pid for child in psutil.Process(pid).children()]
            except psutil.NoSuchProcess:
                continue
        return found

    def logs(self) -> dict[str, Path]:
        """The log of each program by its name."""
        return {path.stem: path for path in sorted(self.folder.glob("*.log"))}


def await_true(look: object, seconds: float, what: str) -> None:
    """Waits until ``look()`` is true; Broken when it is not in time."""
    deadline = time.monotonic() + seconds
    while not look():  # type: ignore[operator]  # a function without arguments
        if time.monotonic() > deadline:
            raise Broken(what)
        time.sleep(0.05)
