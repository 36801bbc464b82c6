"""One organization into five indexes of one devpi server."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from benchmarks.accounts import OWNER
from benchmarks.cost import cpu_of
from benchmarks.devpi import Asked, fresh_index, pid_of, writes
from benchmarks.figures import median, ratio
from benchmarks.gitea import Gitea, gitea_process, kinds
from benchmarks.installation import DAY, Installation, Plan, Rule, installation
from benchmarks.packages import dists
from benchmarks.row import Bench, Figure, Result, Row, at_most
from tests.support.devpi import DevpiServer

INDEXES = 5
PROJECTS, VERSIONS = 30, 4
FILES = PROJECTS * VERSIONS * 2
ROUNDS = 3


@dataclass
class Samples:
    """What was seen of installations with one index and with five, by the number of indexes."""

    seconds: dict[int, list[float]] = field(default_factory=lambda: {1: [], INDEXES: []})
    asked: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)
    cpu: dict[str, float] = field(default_factory=dict)


def run(bench: Bench) -> Result:
    """A fresh installation copies to one index, another one to five; by turns."""
    samples = Samples()
    with gitea_process() as gitea, DevpiServer(bench.folder / "devpi") as devpi:
        gitea.publish(OWNER, list(dists(PROJECTS, VERSIONS, requires_python=">=3.9")))
        for number in range(bench.rounds or ROUNDS):
            for width in samples.seconds:
                indexes = [fresh_index(devpi, f"n{number}w{width}i{each}") for each in range(width)]
                _copy(bench, gitea, devpi, indexes, samples)
    return Result(
        _figures(samples),
        {f"{width} indexes": seconds for width, seconds in samples.seconds.items()},
        details={"written": dict(samples.written), "gitea": dict(samples.asked)},
    )


def _copy(bench: Bench, gitea: Gitea, devpi: DevpiServer, indexes: list[str], samples: Samples) -> None:
    rules = [Rule(index.replace("/", "-"), index, lines=DAY) for index in indexes]
    plan = Plan(gitea.url(), {"default": devpi.url}, rules)
    gitea.forget_requests()
    at_devpi, width = Asked(devpi), len(indexes)
    servers = {"gitea": gitea.pid(), "devpi": pid_of(devpi)}
    folder = bench.folder / rules[0].name
    with installation(folder, plan) as made, cpu_of(made.pids | servers) as samples.cpu:
        samples.seconds[width].append(_all(made, rules))
    samples.asked = kinds(gitea.requests())
    asked = f"Gitea {dict(samples.asked)}, devpi {at_devpi.kinds()}"
    bench.say(f"  {width} indexes: {samples.seconds[width][-1]:.2f} s, {asked}")
    samples.written = Counter(what for index in indexes for what in writes(devpi, index))
    if samples.written.total() != FILES * width:
        raise RuntimeError(f"not every file is on every index: {samples.written}")


def _all(made: Installation, rules: list[Rule]) -> float:
    """Seconds from the first call until the last Run is complete; all are asked for at once."""
    asked = [(rule.name, made.call(rule.name)) for rule in rules]
    runs = [made.complete(name, task) for name, task in asked]
    ended = max(run.finished_at for run in runs if run.finished_at)
    return (ended - min(run.requested_at for run in runs)).total_seconds()


def _figures(samples: Samples) -> list[Figure]:
    one, five = samples.seconds[1], samples.seconds[INDEXES]
    pushed = samples.written["push"] / (FILES * (INDEXES - 1))
    return [
        Figure("downloads of a file, five indexes", samples.asked["file"] / FILES, "", at_most(1)),
        Figure("files of the further indexes that devpi pushed itself", 100 * pushed, "%"),
        Figure("five indexes / one index", ratio(five, one), "×"),
        Figure("one index, median", median(one), "s"),
        Figure("five indexes, median", median(five), "s"),
        *(Figure(f"CPU of {role}, five indexes", spent, "s") for role, spent in samples.cpu.items()),
    ]


ROW = Row("fan_out", "one organization to five indexes of one devpi", run)
