"""A whole installation: stand-in Gitea, real devpi, real broker, real Celery processes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import requests

from syncer.bootstrap.container import Container, build
from syncer.bootstrap.database import prepare_database
from syncer.config import load
from tests.standin.gitea import StandinGitea
from tests.support.broker import Broker
from tests.support.devpi import DevpiServer
from tests.support.dists import Dist

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
TOKEN = "gitea-token-of-a-test"
PASSWORD = "devpi-password-of-a-test"
QUEUES = "discover,download,upload,housekeeping"


def eventually(look: Callable[[], T | None], seconds: float = 60.0, what: str = "") -> T:
    """The first true answer; fails when there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.1)
    raise TimeoutError(f"never happened within {seconds} s: {what or look}")


@dataclass
class World:
    """One installation in ``folder``; ``mappings`` are (name, owner, index)."""

    folder: Path
    gitea: StandinGitea
    devpi: DevpiServer
    broker: Broker | None = None
    database: str = ""
    interval: float = 1.0
    reconcile: float = 1.0
    mappings: list[tuple[str, str, str]] = field(default_factory=list)
    extra: str = ""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "syncer.conf"

    def add_mapping(self, name: str, *, volatile: bool = False, owner: str = "", **index: Any) -> str:
        """A Gitea owner, a devpi index and the Mapping between them exist; the index."""
        if not self.mappings:
            self.devpi.create_user(self.user, PASSWORD)
            self.gitea.add_token(TOKEN)
        owner = owner or name
        if owner not in {taken for _, taken, _ in self.mappings}:
            self.gitea.add_owner(owner, visibility="private")
        path = f"{self.user}/{name}"
        self.devpi.create_index(path, volatile=volatile, **index)
        self.mappings.append((name, owner, path))
        self.write_config()
        return path

    @property
    def user(self) -> str:
        """The devpi user, one for each World, as Worlds share a server."""
        return "".join(char for char in self.folder.name if char.isalnum())[-30:].lower()

    def write_config(self) -> None:
        """The file says what the World is now."""
        sections = [
            f"[gitea]\nurl = {self.gitea.url}\ntoken = {TOKEN}\ntimeout = 5\n",
            f"[devpi]\nurl = {self.devpi.url}\nusername = {self.user}\npassword = {PASSWORD}\n",
            f"[runtime]\nstate_dir = {self.folder / 'state'}\n",
            f"poll_interval_seconds = {self.interval:g}\nreconcile_interval_seconds = {self.reconcile:g}\n",
        ]
        if self.broker is not None:
            sections.append(f"[broker]\nurl = {self.broker.url}\n")
        if self.database:
            sections.append(f"[database]\nurl = {self.database}\n")
        sections += [
            f"[mapping:{name}]\norganization = {owner}\nindex = {index}\n"
            for name, owner, index in self.mappings
        ]
        self.config.write_text("".join([*sections, self.extra]))
        self.config.chmod(0o600)

    def publish(self, dist: Dist, owner: str = "", **options: Any) -> Dist:
        """The file is in Gitea."""
        self.gitea.publish(owner or self.mappings[0][1], dist.filename, dist.content, **options)
        return dist

    @property
    def environment(self) -> Mapping[str, str]:
        """What the World's processes run in."""
        return {**os.environ, "SYNCER_CONFIG": str(self.config), "PYTHONPATH": str(ROOT)}

    def container(self) -> Container:
        """This process's own view on the ledger."""
        settings = load(self.config, {})
        made = build(settings)
        prepare_database(settings, made.database)
        return made

    def syncer(self, *words: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run ``syncer``."""
        return self._run("-m", "syncer", *words, timeout=timeout)

    def celery(self, *words: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run ``celery -A workers``."""
        return self._run("-m", "celery", "-A", "workers", *words, timeout=timeout)

    def _run(self, *words: str, timeout: float) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *words]
        return subprocess.run(
            command,
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def start_worker(self, queues: str = QUEUES, *, name: str = "w1", concurrency: int = 4) -> int:
        """A real prefork worker is ready; its pid."""
        words = ["worker", "-Q", queues, "-n", f"{name}@test", "-c", str(concurrency), "-l", "INFO"]
        return self._start(name, *words, "--without-gossip", "--without-mingle", ready="ready.")

    def start_beat(self, name: str = "beat") -> int:
        """A real beat ticks; its pid."""
        return self._start(name, "beat", "-l", "INFO", ready="beat: Starting")

    def _start(self, name: str, *words: str, ready: str) -> int:
        log = self.folder / f"{name}.log"
        with log.open("ab") as sink:
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "workers", *words],
                env={**self.environment, "REMAP_SIGTERM": "SIGQUIT"},
                cwd=self.folder,
                stdout=sink,
                stderr=sink,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.processes.append(process)
        eventually(lambda: ready in log.read_text() or self._died(process, log), 60, f"{name} ready")
        return process.pid

    def _died(self, process: subprocess.Popen[bytes], log: Path) -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"exited with {process.returncode}:\n{log.read_text()[-3000:]}")
        return False

    def kill(self, pid: int) -> None:
        """The process and all its children are gone at once, as by SIGKILL."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        next(process for process in self.processes if process.pid == pid).wait()

    def stop(self) -> None:
        """No process of the World is left."""
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def on_target(self, index: str, project: str) -> dict[str, str]:
        """What an installer sees of the index's own files of a project: sha256 by file name."""
        page = requests.get(
            f"{self.devpi.url}/{index}/+simple/{project}/",
            headers={"Accept": "application/vnd.pypi.simple.v1+json"},
            timeout=30,
        )
        if page.status_code == 404:
            return {}
        own = f"{self.devpi.url}/{index}/+f/"
        base = f"{self.devpi.url}/{index}/+simple/{project}/"
        return {
            row["filename"]: row["hashes"].get("sha256", "")
            for row in page.json()["files"]
            if requests.compat.urljoin(base, row["url"]).startswith(own)
        }

    def arrives(self, index: str, project: str, *dists: Dist, seconds: float = 60) -> None:
        """The target holds exactly these files of the project, byte for byte."""
        wanted = {dist.filename: dist.sha256 for dist in dists}
        eventually(lambda: self.on_target(index, project) == wanted, seconds, f"{project} on {index}")

    def last_run(self, mapping: str) -> dict[str, Any]:
        """The newest finished Run of a Mapping as ``status --json`` gives it."""
        answer = json.loads(self.syncer("status", "--json").stdout)
        return next(row["last_run"] or {} for row in answer["mappings"] if row["name"] == mapping)


@contextlib.contextmanager
def world(folder: Path, devpi: DevpiServer, *, broker: bool = True, **options: Any) -> Iterator[World]:
    """A World that leaves nothing behind."""
    with contextlib.ExitStack() as stack:
        gitea = stack.enter_context(StandinGitea())
        running = stack.enter_context(Broker(folder / "broker")) if broker else None
        made = World(folder, gitea, devpi, running, **options)
        stack.callback(made.stop)
        yield made
