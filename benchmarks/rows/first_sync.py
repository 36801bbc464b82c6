"""The first sync of a registry of small files, beside the bare script and beside devpi-gitea-sync."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks import peer
from benchmarks.accounts import OWNER
from benchmarks.bare import copy_all
from benchmarks.cost import cpu_of
from benchmarks.devpi import Asked, fresh_index, pid_of, require_files
from benchmarks.figures import median, ratio
from benchmarks.gitea import Gitea, gitea_process, kinds
from benchmarks.installation import DAY, Installation, Plan, Rule, installation, phases
from benchmarks.packages import dists
from benchmarks.profiler import profiled
from benchmarks.row import Bench, Figure, Result, Row, at_least, at_most
from tests.support.devpi import DevpiServer

PROJECTS, VERSIONS, FILES = 30, 10, 600
ROUNDS = 5
#: It takes more than a minute.
PEER_ROUNDS = 2
ALSO = ("beat", "web", "flower")


@dataclass
class Contest:
    """Two servers, and who copies from one to the other."""

    bench: Bench
    gitea: Gitea
    devpi: DevpiServer
    costs: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    phases: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    asked: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    numbers: Any = field(default_factory=count)

    def ours(self, index: str) -> float:
        """Seconds from the call to the finished, complete Run; the workers are up and have nothing to do."""
        folder = self.bench.folder / index.replace("/", "-")
        plan = Plan(self.gitea.url(), {"default": self.devpi.url}, [Rule(OWNER, index, lines=DAY)])
        with installation(folder, plan, also=ALSO if self.bench.everything else ()) as made:
            return self._measured(made)

    def _measured(self, made: Installation) -> float:
        pids = made.pids | {"gitea": self.gitea.pid(), "devpi": pid_of(self.devpi)}
        workers = {role: pid for role, pid in made.pids.items() if role.startswith("worker")}
        watching = (
            profiled(workers, self.bench.kept, self.bench.profile) if self.bench.profile else nullcontext()
        )
        with watching, cpu_of(pids) as used:
            seconds, run = made.timed(OWNER)
        for role, spent in used.items():
            self.costs[f"ours: {role}"].append(spent)
        for phase, lasted in phases(run).items():
            self.phases[phase].append(lasted)
        return seconds

    def bare(self, index: str) -> float:
        """Seconds that the bare script took, without the start of its interpreter."""
        with cpu_of({"gitea": self.gitea.pid(), "devpi": pid_of(self.devpi)}) as used:
            copied = copy_all(self.gitea.url(), self.devpi.url, index)
        for role, spent in {**used, "itself": copied.cpu}.items():
            self.costs[f"bare: {role}"].append(spent)
        return copied.seconds

    def peer(self, program: Path, index: str) -> float:
        """Seconds of one pass of devpi-gitea-sync, as a person would start it."""
        folder = self.bench.folder / index.replace("/", "-")
        return peer.sync(program, folder, self.gitea.url(), self.devpi.url, index)

    def take(self, name: str, contestant: Callable[[str], float]) -> float:
        """One measurement onto a fresh index, on which all files are found afterwards."""
        index = fresh_index(self.devpi, f"{name}{next(self.numbers)}")
        self.gitea.forget_requests()
        at_devpi = Asked(self.devpi)
        seconds = contestant(index)
        self.asked[name] = {"gitea": dict(kinds(self.gitea.requests())), "devpi": at_devpi.kinds()}
        require_files(self.devpi, index, FILES)
        self.bench.say(f"  {name}: {seconds:.2f} s   requests: {self.asked[name]}")
        return seconds


def measure(bench: Bench, *, latency: float, times_peer: float, times_bare: float | None) -> Result:
    """Rounds in which the contestants take turns, each time beginning with another."""
    with gitea_process(latency) as gitea, DevpiServer(bench.folder / "devpi") as devpi:
        gitea.publish(OWNER, list(dists(PROJECTS, VERSIONS, requires_python=">=3.9")))
        contest = Contest(bench, gitea, devpi)
        samples = _rounds(contest, bench)
    return Result(
        _figures(samples, times_peer, times_bare, contest),
        samples,
        notes=_notes(bench),
        details={
            "cpu seconds": dict(contest.costs),
            "phases": dict(contest.phases),
            "requests": contest.asked,
        },
    )


def _rounds(contest: Contest, bench: Bench) -> dict[str, list[float]]:
    contestants: dict[str, Callable[[str], float]] = {"bare": contest.bare, "ours": contest.ours}
    if bench.peer:
        contestants["peer"] = partial(contest.peer, peer.prepared(bench.kept))
    samples: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(bench.rounds or ROUNDS):
        names = list(contestants)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            if name != "peer" or len(samples[name]) < PEER_ROUNDS:
                samples[name].append(contest.take(name, contestants[name]))
    return samples


def _figures(
    samples: dict[str, list[float]], times_peer: float, times_bare: float | None, contest: Contest
) -> list[Figure]:
    bound = at_most(times_bare) if times_bare else None
    figures = [Figure("ours / bare script", ratio(samples["ours"], samples["bare"]), "×", bound)]
    if samples.get("peer"):
        faster = ratio(samples["peer"], samples["ours"])
        figures.append(Figure("devpi-gitea-sync / ours", faster, "×", at_least(times_peer)))
    figures.append(Figure("CPU of all processes, ours / bare script", _cpu_ratio(contest), "×"))
    figures += [Figure(f"{name}, median", median(seconds), "s") for name, seconds in samples.items()]
    figures += [Figure(f"  {name}", median(spent), "s") for name, spent in contest.phases.items()]
    figures += [Figure(f"CPU of {name}", median(spent), "s") for name, spent in contest.costs.items()]
    return figures


def _cpu_ratio(contest: Contest) -> float:
    """Which other work on the machine does not change."""
    spent = {
        name: sum(median(seconds) for role, seconds in contest.costs.items() if role.startswith(name))
        for name in ("ours", "bare")
    }
    return spent["ours"] / spent["bare"]


def _notes(bench: Bench) -> list[str]:
    notes = ["The bare script's time does not include the start of its interpreter, the peer's does."]
    if bench.peer:
        notes.append(f"The peer runs on Python {peer.python_of(peer.prepared(bench.kept))}.")
    return notes


def run(bench: Bench) -> Result:
    """Without latency."""
    return measure(bench, latency=0.0, times_peer=10, times_bare=1.2)


ROW = Row("first_sync", "first sync of 30 projects × 10 versions × 2 files of 5 KB, whole pipeline", run)
