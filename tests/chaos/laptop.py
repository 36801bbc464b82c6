"""An installation of one launcher: the real ``syncer up`` with SQLite and the embedded broker."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psutil
import redis

from syncer.adapters.broker_url import client_url, find_broker_url
from tests.chaos.site import Broken, ChaosWorld, Site, await_true
from tests.support.world import eventually

#: Words that stand on the command line of a program of each role.
ROLES = {
    "worker": ("celery", "worker"),
    "beat": ("celery", "beat"),
    "web": ("syncer.web",),
}
STOP_SECONDS = 30.0


class Laptop(Site):
    """``syncer up``; it mends by itself all that is killed, but for the launcher."""

    kind = "laptop"
    database_folder = "state"

    def _world(self) -> ChaosWorld:
        self._all: list[psutil.Process] = []
        self._stack.callback(self._leave_nothing)
        return ChaosWorld(self.folder, self.gitea, self.devpi, None, **self._options())  # type: ignore[arg-type]  # passed through

    def start(self) -> None:
        """``syncer up`` says that everything is ready."""
        self._launcher = self.world.start("up", "syncer", "up", ready="Everything is ready.")
        self._remember()

    def _remember(self) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            launcher = psutil.Process(self._launcher)
            self._all = [each for each in self._all if each.is_running()]
            self._all += [launcher, *launcher.children(recursive=True)]

    def pids(self, role: str) -> list[int]:
        """The launcher, or those of its programs that have the role."""
        if role == "launcher":
            return [self._launcher]
        try:
            programs = psutil.Process(self._launcher).children()
        except psutil.NoSuchProcess:
            return []
        return [each.pid for each in programs if _is(role, each)]

    def kill(self, role: str, rng: random.Random) -> str:
        """One program of the role is killed; the launcher clears away what is left of it."""
        found = self.pids(role)
        if not found:
            return "nothing, as none was running just then"
        pid = rng.choice(sorted(found))
        self._remember()
        name = " ".join(_command(pid)[-6:])
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        if role == "launcher":
            await_true(lambda: not self.world.is_alive(pid), 10, "the launcher outlived SIGKILL")
        return name

    def mend(self) -> None:
        """A launcher that was killed is started again; everything else mends itself."""
        if not self.world.is_alive(self._launcher):
            self.start()

    def lose_power(self) -> None:
        """The launcher, its guard and all programs are gone at once."""
        self._remember()
        for process in self._all:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()
        self._kill_all()

    def stop_broker(self, *, kill: bool, forget: bool) -> None:
        """The launcher starts it again, perhaps without its data."""
        self._remember()
        for pid in self.pids("broker"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL if kill else signal.SIGTERM)
                if forget:
                    _empty(self.folder / "state" / "broker")

    def flush_broker(self) -> None:
        """FLUSHALL; a broker that is just starting is waited for."""
        url = find_broker_url(self.folder / "state")
        if url is None:
            raise Broken("no broker is announced")

        def flushed() -> bool:
            with contextlib.suppress(redis.RedisError), redis.Redis.from_url(client_url(url)) as client:
                return bool(client.flushall())
            return False

        await_true(flushed, 20, "the broker did not take FLUSHALL")

    @contextlib.contextmanager
    def database_disk_full(self) -> Iterator[None]:
        """SQLite's log is cut to nothing first, so that the next write needs new pages."""
        path = self.folder / "state" / "syncer.db"
        with contextlib.closing(sqlite3.connect(path, timeout=10)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with self.database_disk.full():
            yield

    def logs(self) -> dict[str, Path]:
        """What each program wrote through the launcher."""
        return super().logs() | {path.stem: path for path in (self.folder / "state" / "logs").glob("*.log")}

    def _leave_nothing(self) -> None:
        """The launcher stops what it started; what then is left is killed, by its pid."""
        self._remember()
        with contextlib.suppress(ProcessLookupError, AttributeError):
            os.kill(self._launcher, signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                eventually(
                    lambda: not self.world.is_alive(self._launcher), STOP_SECONDS, "the launcher's end"
                )
        self._kill_all()

    def _kill_all(self) -> None:
        for process in self._all:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(self._all, timeout=10)
        self._all.clear()


def _is(role: str, process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        words = process.cmdline()
        if role == "broker":
            return bool(words) and words[0].endswith("-server")
        return all(word in words for word in ROLES[role])
    return False


def _command(pid: int) -> list[str]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).cmdline()
    return [str(pid)]


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name != "server.conf":
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
