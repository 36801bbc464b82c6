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
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import requests
from celery import Celery

from syncer.bootstrap.container import Container, build
from syncer.bootstrap.database import prepare_database
from syncer.config import load
from tests.standin.gitea import StandinGitea
from tests.support.broker import Broker
from tests.support.devpi import DevpiServer, free_port
from tests.support.dists import Dist

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
TOKEN = "gitea-token-of-a-test"
PASSWORD = "devpi-password-of-a-test"
QUEUES = "discover,download,upload,housekeeping"
_numbers = count()


def eventually(look: Callable[[], T | None], seconds: float = 60.0, what: str | Callable[[], str] = "") -> T:
    """The first true answer; fails when there is none in time, saying what stands then."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.1)
    said = what() if callable(what) else what
    raise TimeoutError(f"never happened within {seconds} s: {said or look}")


@dataclass
class World:
    """One installation in ``folder``; ``mappings`` are (name, owner, index).

    ``user`` is its own devpi user, as Worlds share a server. ``lines`` are further lines of a Mapping's
    section, by its name; ``extra`` stands at the end of the configuration. ``devpi_url`` leads to devpi
    by another way than the straight one.
    """

    folder: Path
    gitea: StandinGitea
    devpi: DevpiServer
    broker: Broker | None = None
    database: str = ""
    devpi_url: str = ""
    interval: float = 1.0
    reconcile: float = 1.0
    mappings: list[tuple[str, str, str]] = field(default_factory=list)
    lines: dict[str, str] = field(default_factory=dict)
    extra: str = ""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    user: str = field(default_factory=lambda: f"user{os.getpid()}w{next(_numbers)}")

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "syncer.conf"

    def add_mapping(
        self, name: str, *, owner: str = "", lines: str = "", volatile: bool = False, **index: Any
    ) -> str:
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
        self.lines[name] = lines
        self.write_config()
        return path

    def write_config(self) -> None:
        """The file says what the World is now."""
        devpi_url = self.devpi_url or self.devpi.url
        sections = [
            f"[gitea]\nurl = {self.gitea.url}\ntoken = {TOKEN}\ntimeout = 5\n",
            f"[devpi]\nurl = {devpi_url}\nusername = {self.user}\npassword = {PASSWORD}\n",
            f"[runtime]\nstate_dir = {self.folder / 'state'}\n",
            f"poll_interval_seconds = {self.interval:g}\nreconcile_interval_seconds = {self.reconcile:g}\n",
        ]
        if self.broker is not None:
            sections.append(f"[broker]\nurl = {self.broker.url}\n")
        if self.database:
            sections.append(f"[database]\nurl = {self.database}\n")
        sections += [
            f"[mapping:{name}]\norganization = {owner}\nindex = {index}\n{self.lines.get(name, '')}\n"
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

    @cached_property
    def seen(self) -> Container:
        """The same, kept until the World ends; its mappings are those of the first look."""
        return self.container()

    def syncer(self, *words: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run ``syncer``."""
        return self._run("-m", "syncer", *words, timeout=timeout)

    def celery(self, *words: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run ``celery -A workers``."""
        return self._run("-m", "celery", "-A", "workers", *words, timeout=timeout)

    def call(self, task: str = "syncer.resync", *words: str, **arguments: Any) -> str:
        """``celery call``; the id that it prints."""
        asked = self.celery("call", task, *words, "--kwargs", json.dumps(arguments))
        if asked.returncode:
            raise RuntimeError(asked.stderr)
        return asked.stdout.strip()

    def send(self, /, *args: Any, **arguments: Any) -> str:
        """Ask for a resync without a process of its own, with arguments that no shell could pass."""
        return str(self.client.send_task("syncer.resync", args=args, kwargs=arguments).id)

    @cached_property
    def client(self) -> Celery:
        """Somebody who can reach the broker and knows the queues, but none of our other settings."""
        if self.broker is None:
            raise RuntimeError("this World has no broker")
        made = Celery(broker=self.broker.url, set_as_current=False)
        made.conf.task_routes = {"syncer.*": {"queue": "discover"}}
        return made

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

    def start_worker(self, queues: str = QUEUES, *, name: str = "w1", concurrency: int = 3) -> int:
        """A real prefork worker is ready; its pid."""
        words = ["worker", "-Q", queues, "-n", f"{name}@test", "-c", str(concurrency), "-l", "INFO"]
        return self.start(name, "celery", *words, "--without-gossip", "--without-mingle", ready="ready.")

    def start_beat(self, name: str = "beat") -> int:
        """A real beat ticks; its pid."""
        return self.start(name, "celery", "beat", "-l", "INFO", ready="beat: Starting")

    def start_flower(self) -> str:
        """A real Flower answers; its URL."""
        port = free_port()
        self.start("flower", "celery", "flower", f"--port={port}", ready="Connected to")
        return f"http://127.0.0.1:{port}"

    def start(self, name: str, module: str, *words: str, ready: str, **environ: str) -> int:
        """A program of the World runs and has logged ``ready``; its pid, which is its group's as well."""
        app = ["-A", "workers"] if module == "celery" else []
        log = self.log(name)
        before = log.stat().st_size if log.exists() else 0
        with log.open("ab") as sink:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *app, *words],
                env={**self.environment, "REMAP_SIGTERM": "SIGQUIT", **environ},
                cwd=self.folder,
                stdout=sink,
                stderr=sink,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.processes.append(process)
        eventually(
            lambda: ready.encode() in log.read_bytes()[before:] or self._died(process, log),
            60,
            f"{name} ready",
        )
        return process.pid

    def log(self, name: str) -> Path:
        """What the named program wrote, of all its lives."""
        return self.folder / f"{name}.log"

    def _died(self, process: subprocess.Popen[bytes], log: Path) -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"exited with {process.returncode}:\n{log.read_text()[-3000:]}")
        return False

    def is_alive(self, pid: int) -> bool:
        """Whether a program that was started still runs."""
        return any(process.pid == pid and process.poll() is None for process in self.processes)

    def kill(self, pid: int) -> None:
        """The process and all its children are gone at once, as by SIGKILL."""
        process = next(process for process in self.processes if process.pid == pid)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        process.wait()
        self.processes.remove(process)

    def stop(self) -> None:
        """No process of the World is left."""
        for process in list(self.processes):
            self.kill(process.pid)
        if "seen" in self.__dict__:
            self.seen.database.dispose()
        if "client" in self.__dict__:
            self.client.close()

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


@contextlib.contextmanager
def world(folder: Path, devpi: DevpiServer, *, broker: bool = True, **options: Any) -> Iterator[World]:
    """A World that leaves nothing behind."""
    with contextlib.ExitStack() as stack:
        gitea = stack.enter_context(StandinGitea())
        running = stack.enter_context(Broker(folder / "broker")) if broker else None
        made = World(folder, gitea, devpi, running, **options)
        stack.callback(made.stop)
        yield made
