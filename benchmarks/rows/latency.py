"""How long a published wheel takes until installers find it, in a system that has nothing else to do."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.accounts import OWNER
from benchmarks.arrival import arrival
from benchmarks.devpi import fresh_index
from benchmarks.figures import median, percentile
from benchmarks.gitea import Gitea, gitea_process
from benchmarks.installation import DAY, Plan, Rule, installation
from benchmarks.packages import one_wheel
from benchmarks.row import Bench, Figure, Result, Row, at_most
from tests.support.devpi import DevpiServer

SIZE = 1_000_000
ROUNDS = 20
#: The process that sends the call is no part of the syncer's way, and takes seconds.
BY_HAND = 3
#: Beat's interval in this row when the product's own is longer: else a row would take hours.
LONGEST_INTERVAL = 10.0


def run(bench: Bench) -> Result:
    """First by a call, then by beat."""
    rounds = bench.rounds or ROUNDS
    with gitea_process() as gitea, DevpiServer(bench.folder / "devpi") as devpi:
        called, by_hand = _called(bench, gitea, devpi, rounds)
        interval, usual, polled = _polled(bench, gitea, devpi, rounds)
    figures = [
        Figure("from the call, p95", percentile(called, 0.95), "s", at_most(2)),
        Figure("from the call, median", median(called), "s"),
        Figure("from the start of the process `celery call`, median", median(by_hand), "s"),
        Figure(
            f"from publication, polled each {interval:g} s, p95",
            percentile(polled, 0.95),
            "s",
            at_most(interval + 2),
        ),
        Figure("from publication, median", median(polled), "s"),
    ]
    notes = [f"The default interval is {usual:g} s; this row polls each {interval:g} s."]
    return Result(figures, {"called": called, "by hand": by_hand, "polled": polled}, notes)


def _called(bench: Bench, gitea: Gitea, devpi: DevpiServer, rounds: int) -> tuple[list[float], list[float]]:
    index = fresh_index(devpi, "called")
    plan = Plan(gitea.url(), {"default": devpi.url}, [Rule(OWNER, index, lines=DAY)])
    with installation(bench.folder / "called", plan) as made:
        made.timed(OWNER)
        command = [sys.executable, "-m", "celery", "-A", "workers", "call", "syncer.resync"]
        command += ["--kwargs", f'{{"mapping": "{OWNER}"}}']

        def by_hand() -> None:
            env = {**os.environ, "SYNCER_CONFIG": str(made.config)}
            subprocess.run(command, env=env, cwd=made.folder, check=True, capture_output=True)

        def sample(version: str, ask: Callable[[], object]) -> float:
            seconds = _published(gitea, devpi, index, version, ask)
            made.at_rest(OWNER)
            return seconds

        found = [sample(f"1.{number}", lambda: made.call(OWNER)) for number in range(rounds + 1)]
        return found[1:], [sample(f"2.{number}", by_hand) for number in range(BY_HAND)]


def _polled(bench: Bench, gitea: Gitea, devpi: DevpiServer, rounds: int) -> tuple[float, float, list[float]]:
    index = fresh_index(devpi, "polled")
    usual = _default_interval(bench.folder)
    interval = min(usual, LONGEST_INTERVAL)
    rule = Rule(OWNER, index, lines=f"poll_interval_seconds = {interval:g}")
    plan = Plan(gitea.url(), {"default": devpi.url}, [rule])
    chance = random.Random(1)  # phases, not secrets
    with installation(bench.folder / "polled", plan, also=["beat"]) as made:
        made.timed(OWNER)
        found = []
        for number in range(rounds):
            time.sleep(chance.uniform(0, interval))
            found.append(_published(gitea, devpi, index, f"3.{number}", lambda: None))
            bench.say(f"  polled: {found[-1]:.2f} s")
    return interval, usual, found


def _default_interval(folder: Path) -> float:
    nobody = "http://127.0.0.1:9"
    return Plan(nobody, {"default": nobody}, [Rule("a", "b/c")]).settings(folder).mappings["a"].interval


def _published(
    gitea: Gitea, devpi: DevpiServer, index: str, version: str, ask: Callable[[], object]
) -> float:
    """Seconds from the asking until the version is there, or from the publication where nobody asks."""
    gitea.publish(OWNER, [one_wheel("acme-wheel", version, SIZE)])
    return arrival(devpi, index, "acme-wheel", version, ask)


ROW = Row("latency", "published → installable, 1 MB wheel, idle system", run)
