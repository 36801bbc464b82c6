"""One installation of the syncer as ``syncer up`` makes it, less the launcher unless asked for."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from celery import Celery

from benchmarks.accounts import OWNER, PASSWORD, TOKEN, USER
from syncer.bootstrap.container import Container, build
from syncer.bootstrap.database import prepare_database
from syncer.config import load
from syncer.config.settings import Settings
from syncer.core.states import RunOutcome
from syncer.launch.broker import EmbeddedBroker
from syncer.launch.program import Program
from syncer.launch.programs import build_programs
from syncer.ports.claims import TaskRecord
from syncer.queries.runs import RunSummary, recent_runs
from tests.support.devpi import free_port

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[1]
Workers = Callable[[Path], Sequence[Program]]
CONFIG = "syncer.conf"
ALL_QUEUES = "discover,download,upload,housekeeping"
DAY = "poll_interval_seconds = 86400"


@dataclass(frozen=True, slots=True)
class Rule:
    """A section ``[mapping:name]``; ``lines`` are further options."""

    name: str
    index: str
    owner: str = OWNER
    devpi: str = "default"
    lines: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is installed; ``devpi`` tells the URL of each server, ``runtime`` lines of that section."""

    gitea: str
    devpi: Mapping[str, str]
    rules: Sequence[Rule]
    runtime: str = ""
    timeout: float = 10.0

    def config(self, folder: Path) -> Path:
        """The configuration file, which says no more than it must, so that defaults are measured."""
        sections = [f"[gitea]\nurl = {self.gitea}\ntoken = {TOKEN}\n"]
        sections += [
            f"[{section(name)}]\nurl = {url}\nusername = {USER}\npassword = {PASSWORD}\n"
            for name, url in self.devpi.items()
        ]
        sections += [
            f"[mapping:{rule.name}]\norganization = {rule.owner}\nindex = {rule.index}\n"
            f"devpi = {rule.devpi}\n{rule.lines}\n"
            for rule in self.rules
        ]
        sections.append(f"[web]\nport = {free_port()}\nflower_port = {free_port()}\n")
        sections.append(f"[runtime]\nstate_dir = {folder / 'state'}\n{self.runtime}\n")
        path = folder / CONFIG
        path.touch(mode=0o600)
        path.write_text("\n".join(sections))
        return path

    def settings(self, folder: Path) -> Settings:
        """What the syncer makes of it."""
        return load(self.config(folder), {})


def section(server: str) -> str:
    """The section of a devpi server."""
    return "devpi" if server == "default" else f"devpi:{server}"


@dataclass
class Installation:
    """Its processes run; ``seen`` is the measuring process's own view on the ledger."""

    folder: Path
    config: Path
    seen: Container
    broker_url: str
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def pids(self) -> dict[str, int]:
        """Its processes by role."""
        return {name: process.pid for name, process in self.processes.items()}

    def start(self, program: Program) -> None:
        """The program runs; it is waited for when something else needs it."""
        with self.log(program.name).open("ab") as sink:
            self.processes[program.name] = subprocess.Popen(  # the launcher's own programs
                program.argv,
                env=program.environment(os.environ),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )
        if program.base:
            self.wait_for(program)

    def wait_for(self, program: Program) -> None:
        """The program says that it is ready."""
        eventually(lambda: self._is_ready(program) or self._has_died(program), 60, f"{program.name} ready")

    def _is_ready(self, program: Program) -> bool:
        if program.probe is not None:
            return program.probe()
        return re.search(program.ready_line, self.said(program)) is not None

    def _has_died(self, program: Program) -> bool:
        if self.processes[program.name].poll() is not None:
            raise RuntimeError(f"{program.name} ended:\n{self.said(program)[-3000:]}")
        return False

    def said(self, program: Program) -> str:
        """All that the program has written."""
        return self.log(program.name).read_text(errors="replace")

    def log(self, name: str) -> Path:
        """The log of a program."""
        return self.folder / f"{name}.log"

    def call(self, mapping: str, **arguments: str) -> str:
        """What ``celery call syncer.resync`` sends, without the seconds that its process takes to start."""
        return self.send("syncer.resync", mapping=mapping, **arguments)

    def send(self, task: str, **arguments: str) -> str:
        """The message is in the queue ``discover``; the task's id."""
        return str(self.client.send_task(task, kwargs=arguments, queue="discover").id)

    @cached_property
    def client(self) -> Celery:
        """Somebody who can reach the broker and knows none of our other settings."""
        return Celery(broker=self.broker_url, set_as_current=False)

    def task(self, task_id: str, seconds: float = 120.0) -> TaskRecord:
        """The record of the task, which has ended."""
        tasks = self.seen.services.ledger.tasks
        return eventually(lambda: tasks.get(task_id), seconds, f"the end of task {task_id}")

    def runs(self, mapping: str) -> tuple[RunSummary, ...]:
        """The Runs of the Mapping, newest first."""
        return recent_runs(self.seen.database, mapping)

    def at_rest(self, mapping: str) -> None:
        """Every Run of the Mapping has finished."""
        eventually(lambda: all(run.finished_at for run in self.runs(mapping)), 120, f"the end of {mapping}")

    def complete(self, mapping: str, task_id: str, seconds: float = 600.0) -> RunSummary:
        """The Run that the task asked for; RuntimeError when it finished otherwise than complete."""
        run = eventually(lambda: self._finished(mapping, task_id), seconds, f"a run of {mapping}", 0.1)
        if run.outcome != RunOutcome.COMPLETE:
            raise RuntimeError(f"the run ended as {run.outcome}: {run.error}")
        return run

    def _finished(self, mapping: str, task_id: str) -> RunSummary | None:
        runs = self.runs(mapping)
        return next((run for run in runs if run.task_id == task_id and run.finished_at), None)

    def timed(self, mapping: str) -> tuple[float, RunSummary]:
        """Seconds from the call to the end of its complete Run, by the one clock of this machine."""
        began = time.time()
        run = self.complete(mapping, self.call(mapping))
        return (run.finished_at.timestamp() if run.finished_at else time.time()) - began, run

    def stop(self) -> None:
        """Nothing of it runs any more."""
        for process in reversed(self.processes.values()):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.seen.database.dispose()
        if "client" in self.__dict__:
            self.client.close()


@contextmanager
def installation(
    folder: Path, plan: Plan, *, also: Collection[str] = (), workers: Workers | None = None
) -> Iterator[Installation]:
    """Broker and workers run and are ready, and of ``beat``, ``web`` and ``flower`` those in ``also``.

    ``workers`` makes other ones, out of the path of the configuration, than those of ``syncer up``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = plan.settings(folder)
    config = folder / CONFIG
    container = build(settings)
    prepare_database(settings, container.database)
    with EmbeddedBroker(settings.state_dir) as broker:
        made = Installation(folder, config, container, broker.url)
        base, *others = build_programs(settings, broker)
        usual = [program for program in others if program.name.startswith("worker")]
        others = [program for program in others if program.name in also]
        others += workers(config) if workers else usual
        try:
            made.start(base)
            for program in others:
                made.start(program)
            for program in others:
                made.wait_for(program)
            yield made
        finally:
            made.stop()


def phases(run: RunSummary) -> dict[str, float]:
    """Seconds that a finished Run waited, planned and carried out."""
    if not (run.started_at and run.planned_at and run.finished_at):
        return {}
    return {
        "until planning": (run.started_at - run.requested_at).total_seconds(),
        "planning": (run.planned_at - run.started_at).total_seconds(),
        "carrying out": (run.finished_at - run.planned_at).total_seconds(),
    }


def eventually(look: Callable[[], T | None], seconds: float, what: str, pause: float = 0.05) -> T:
    """The first true answer; TimeoutError when there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(pause)
    raise TimeoutError(f"never happened within {seconds:g} s: {what}")
