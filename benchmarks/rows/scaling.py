"""What three further workers bring where waiting for Gitea is most of the work."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.accounts import OWNER
from benchmarks.cost import cores, cpu_of
from benchmarks.devpi import fresh_index, pid_of
from benchmarks.figures import median, ratio
from benchmarks.gitea import Gitea, gitea_process
from benchmarks.installation import (
    ALL_QUEUES,
    DAY,
    Installation,
    Plan,
    Rule,
    eventually,
    installation,
)
from benchmarks.row import Bench, Figure, Result, Row, at_least
from syncer.adapters.database.schema import AttemptRow
from syncer.launch.program import Program
from tests.support.devpi import DevpiServer

#: Few projects, as their pages are read by one worker however many there are.
PROJECTS, VERSIONS, SIZE, LATENCY = 4, 20, 5_000_000, 0.05
WHEELS = PROJECTS * VERSIONS
ROUNDS = 3
DOWNLOADS = "discover,download"


@dataclass
class Samples:
    """Seconds, and the share of the machine's CPU that all processes took, by the number of workers."""

    seconds: dict[int, list[float]] = field(default_factory=lambda: {1: [], 4: []})
    shares: dict[int, list[float]] = field(default_factory=lambda: {1: [], 4: []})


@dataclass(frozen=True, slots=True)
class Copying:
    """The servers, and what ``queues`` the workers serve: all, or those up to the download."""

    bench: Bench
    gitea: Gitea
    devpi: DevpiServer
    queues: str

    def measure(self, index: str, workers: int, samples: Samples) -> None:
        """One sample with so many workers, of one process each."""
        plan = Plan(self.gitea.url(), {"default": self.devpi.url}, [Rule(OWNER, index, lines=DAY)])
        folder = self.bench.folder / index.replace("/", "-")
        servers = {"gitea": self.gitea.pid(), "devpi": pid_of(self.devpi)}
        kind = partial(_workers, workers, self.queues)
        with installation(folder, plan, workers=kind) as made, cpu_of(made.pids | servers) as used:
            seconds = made.timed(OWNER)[0] if self.queues == ALL_QUEUES else _staged(made)
        samples.seconds[workers].append(seconds)
        samples.shares[workers].append(100 * sum(used.values()) / seconds / cores())
        self.bench.say(f"  {workers} workers for {self.queues}: {seconds:.2f} s, CPU {used}")


def run(bench: Bench) -> Result:
    """One worker, then four, by turns: first for the downloads alone, then for the whole way."""
    downloads, everything = Samples(), Samples()
    with gitea_process(LATENCY) as gitea, DevpiServer(bench.folder / "devpi") as devpi:
        for number in range(WHEELS):
            gitea.publish_wheel(OWNER, f"wheel-{number % PROJECTS}", f"1.{number}", SIZE)
        for number in range(bench.rounds or ROUNDS):
            for workers in (1, 4):
                for queues, samples in ((DOWNLOADS, downloads), (ALL_QUEUES, everything)):
                    index = fresh_index(devpi, f"n{number}w{workers}q{len(queues)}")
                    Copying(bench, gitea, devpi, queues).measure(index, workers, samples)
    figures = [*_figures("downloads", downloads), *_figures("whole pipeline", everything)]
    samples_by_name = {
        f"{what}, {workers} workers": seconds
        for what, samples in (("downloads", downloads), ("whole pipeline", everything))
        for workers, seconds in samples.seconds.items()
    }
    return Result(figures, samples_by_name, _NOTES)


def _staged(made: Installation) -> float:
    """Seconds from the call until the last download has ended."""
    began = time.time()
    made.call(OWNER)
    ended = select(func.count(), func.max(AttemptRow.ended_at)).where(AttemptRow.result == "staged")

    def last() -> float | None:
        with made.seen.database.read() as session:
            number, moment = session.execute(ended).one()
        return moment.timestamp() - began if moment and number == WHEELS else None

    return eventually(last, 300, f"{WHEELS} staged files")


def _figures(what: str, samples: Samples) -> list[Figure]:
    one, four = samples.seconds.values()
    figures = [Figure(f"{what}: 1 worker / 4 workers", ratio(one, four), "×", at_least(3.2))]
    for workers, taken in samples.seconds.items():
        figures.append(Figure(f"  {what}, {workers} workers, median", median(taken), "s"))
        share = median(samples.shares[workers])
        figures.append(Figure(f"  share of the machine's CPU, {workers} workers", share, "%"))
    return figures


def _workers(number: int, queues: str, config: Path) -> list[Program]:
    return [_worker(f"w{each}", config, queues) for each in range(number)]


def _worker(name: str, config: Path, queues: str) -> Program:
    """One worker with one process for these queues."""
    argv = (sys.executable, "-m", "celery", "-A", "workers", "worker", "-Q", queues, "-n", f"{name}@%h")
    return Program(
        name=f"worker-{name}",
        argv=(*argv, "-c", "1", "--loglevel", "INFO", "--without-gossip", "--without-mingle"),
        env={"SYNCER_CONFIG": str(config), "REMAP_SIGTERM": "SIGQUIT", "PYTHONUNBUFFERED": "1"},
        ready_line=r"\bready\.",
    )


_NOTES = (
    "All servers share the cores with the workers: once the machine is full, further workers bring nothing.",
    "devpi takes its uploads one at a time; on the whole way four workers wait for that.",
)
ROW = Row("scaling", f"1 → 4 workers, {LATENCY * 1000:g} ms latency, {WHEELS} wheels of 5 MB", run)
