"""An installation in parts: two prefork workers, beat and status view, Valkey, PostgreSQL."""

from __future__ import annotations

import contextlib
import random
import shutil
from collections.abc import Iterator

import redis

from tests.chaos.postgres import Postgres
from tests.chaos.site import ChaosWorld, Site
from tests.support.broker import Broker
from tests.support.world import QUEUES

PROGRAMS = {"worker1": "worker", "worker2": "worker", "beat": "beat", "web": "web"}
LOUD = ("-l", "INFO")
BEAT = "beat: Starting"


class Pool(Site):
    """Nothing mends itself here: ``mend`` does what systemd or a person would do."""

    kind = "pool"
    database_folder = "pg"
    clocks = ("all", "worker1", "worker2", "beat", "web")

    def _world(self) -> ChaosWorld:
        self.postgres = Postgres(self.database_disk.folder / "data")
        self._stack.callback(self.postgres.stop)
        self.broker = self._stack.enter_context(Broker(self.folder / "broker"))
        self._running: dict[str, int] = {}
        options = self._options()
        return ChaosWorld(
            self.folder,
            self.gitea,
            self.devpi,
            self.broker,
            database=self.postgres.url,
            **options,  # type: ignore[arg-type]  # passed through
        )

    def start(self) -> None:
        """Whatever does not run is started, in the order in which a person would."""
        for name in PROGRAMS:
            if not self._is_alive(name):
                self._running[name] = self._start(name)

    def _start(self, name: str) -> int:
        environ = {"CHAOS_CLOCK": str(self.world.clock(name))}
        if name == "beat":
            schedule = ("--schedule", str(self.folder / "beat-schedule"))
            return self.world.start(name, "celery", "beat", *LOUD, *schedule, ready=BEAT, **environ)
        if name == "web":
            return self.world.start(name, "syncer.web", ready="", **environ)
        words = ("worker", "-Q", QUEUES, "-n", f"{name}@chaos", "-c", "3", *LOUD)
        return self.world.start(
            name, "celery", *words, "--without-gossip", "--without-mingle", ready="ready.", **environ
        )

    def pids(self, role: str) -> list[int]:
        """The programs of the role that run."""
        if role == "broker":
            process = self.broker._process
            return [process.pid] if process else []
        return [pid for name, pid in self._running.items() if PROGRAMS[name] == role and self._is_alive(name)]

    def kill(self, role: str, rng: random.Random) -> str:
        """One program of the role and its whole group are gone."""
        names = [name for name in PROGRAMS if PROGRAMS[name] == role and self._is_alive(name)]
        if not names:
            return "nothing, as none was running just then"
        name = rng.choice(sorted(names))
        self.world.kill(self._running.pop(name))
        return name

    def mend(self) -> None:
        """PostgreSQL, broker and every program run."""
        if not self.postgres.is_alive():
            self.postgres.start()
        if self.broker._process is None or self.broker._process.poll() is not None:
            self.broker.start()
        self.start()

    def lose_power(self) -> None:
        """PostgreSQL, the broker and every program are gone at once."""
        self.postgres.halt("killed")
        self.broker.kill()
        for name in list(self._running):
            if self._is_alive(name):
                self.world.kill(self._running.pop(name))

    def stop_broker(self, *, kill: bool, forget: bool) -> None:
        """It stays away until ``mend``."""
        if not kill:
            with contextlib.suppress(redis.RedisError):
                self.broker.client().shutdown()
        self.broker.kill()
        if forget:
            shutil.rmtree(self.broker.folder)
            self.broker.folder.mkdir()

    def flush_broker(self) -> None:
        """FLUSHALL."""
        self.broker.client().flushall()

    @contextlib.contextmanager
    def database_disk_full(self) -> Iterator[None]:
        """PostgreSQL's log is written until no segment has room."""
        with self.database_disk.full():
            self.postgres.write_log(mebibytes=200)
            yield

    def _is_alive(self, name: str) -> bool:
        return name in self._running and self.world.is_alive(self._running[name])
