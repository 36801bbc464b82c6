"""Whether a flood towards a slow devpi server holds up a single file on its way to another one."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from benchmarks.accounts import OWNER
from benchmarks.arrival import arrival
from benchmarks.devpi import Asked, fresh_index, writes
from benchmarks.figures import median, ratio
from benchmarks.gitea import Gitea, gitea_process
from benchmarks.installation import DAY, Installation, Plan, Rule, eventually, installation, phases
from benchmarks.packages import dists, one_wheel
from benchmarks.row import Bench, Figure, Result, Row, at_most
from tests.support.devpi import DevpiServer
from tests.support.passage import Look, Passage

BURST = "burst"
PROJECTS, VERSIONS, SIZE = 200, 5, 2_000
ROUNDS = 5
#: Seconds that every piece of a request or an answer takes on its way to the slow server and back.
DELAY = 0.25


class SlowWay(Passage):
    """Each piece takes its time."""

    def looks(self) -> tuple[Look, Look]:
        """The same in both directions."""
        return _late, _late


def _late(data: bytes) -> bytes:
    time.sleep(DELAY)
    return data


@dataclass
class Singles:
    """Single files on their way, one after the other; seconds, and how long each phase of their Runs was."""

    made: Installation
    gitea: Gitea
    devpi: DevpiServer
    index: str
    seconds: list[float] = field(default_factory=list)
    lasted: list[dict[str, float]] = field(default_factory=list)

    def send(self, version: str) -> None:
        """One more; the next one begins when the Run of this one is over."""
        self.gitea.publish(OWNER, [one_wheel("single", version, SIZE)])
        tasks: list[str] = []
        seconds = arrival(
            self.devpi, self.index, "single", version, lambda: tasks.append(self.made.call(OWNER))
        )
        self.seconds.append(seconds)
        self.lasted.append(phases(self.made.complete(OWNER, tasks[0])))


def run(bench: Bench) -> Result:
    """The single file's way is measured on the idle system and again while the burst is carried out."""
    with (
        gitea_process() as gitea,
        DevpiServer(bench.folder / "fast") as fast,
        DevpiServer(bench.folder / "slow") as slow,
        SlowWay(slow.port) as way,
    ):
        gitea.add_owner(BURST)
        index, flooded = fresh_index(fast, "single"), fresh_index(slow, BURST)
        rules = [Rule(OWNER, index, lines=DAY), Rule(BURST, flooded, BURST, "slow", DAY)]
        plan = Plan(gitea.url(), {"default": fast.url, "slow": way.url}, rules)
        with installation(bench.folder / "installation", plan) as made:
            idle, busy = Singles(made, gitea, fast, index), Singles(made, gitea, fast, index)
            Singles(made, gitea, fast, index).send("0.1")  # workers load what they need
            _send(idle, "1", bench)
            gitea.publish(BURST, list(dists(PROJECTS, VERSIONS, size=SIZE)))
            asked = Asked(slow)
            made.call(BURST)
            eventually(lambda: asked.kinds().get("POST index"), 120, "the burst's first upload")
            _send(busy, "2", bench)
            left = PROJECTS * VERSIONS * 2 - sum(1 for _ in writes(slow, flooded))
    return _result(idle, busy, left)


def _send(singles: Singles, major: str, bench: Bench) -> None:
    for number in range(bench.rounds or ROUNDS):
        singles.send(f"{major}.{number}")
        bench.say(f"  {singles.seconds[-1]:.2f} s, {singles.lasted[-1]}")


def _result(idle: Singles, busy: Singles, left: int) -> Result:
    figures = [
        Figure("a single file beside the burst / idle", ratio(busy.seconds, idle.seconds), "×", at_most(2))
    ]
    for name, singles in (("idle", idle), ("beside the burst", busy)):
        figures.append(Figure(f"{name}, median", median(singles.seconds), "s"))
        figures += [
            Figure(f"  {phase}, {name}", median([lasted[phase] for lasted in singles.lasted]), "s")
            for phase in singles.lasted[0]
        ]
    figures.append(Figure("files of the burst left at the end", left, "files"))
    return Result(figures, {"idle": idle.seconds, "beside the burst": busy.seconds})


ROW = Row("isolation", f"{PROJECTS * VERSIONS * 2} files for a slow devpi, a single one for another", run)
