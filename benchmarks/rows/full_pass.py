"""What the full proof costs of a large registry in which nothing has changed."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.accounts import OWNER, USER
from benchmarks.bare import copy_all
from benchmarks.cost import PeakMemory, cpu_of
from benchmarks.devpi import Asked, fresh_index, pid_of, require_files
from benchmarks.figures import median
from benchmarks.gitea import Gitea, gitea_process, kinds
from benchmarks.installation import DAY, Plan, Rule, installation
from benchmarks.packages import dists
from benchmarks.row import Bench, Figure, Result, Row, at_most
from tests.support.devpi import DevpiServer, initialized

PROJECTS, VERSIONS = 1_000, 5
FILES, PAGES = PROJECTS * VERSIONS * 2, PROJECTS * VERSIONS // 50
SIZE = 1_500
INDEX = f"{USER}/large"
AGE = timedelta(days=90)
ROUNDS = 3
#: Login, the index itself, and whether it has changed.
QUESTIONS = 3


def run(bench: Bench) -> Result:
    """The passes that somebody asks for, once the ledger knows that everything is there."""
    with gitea_process() as gitea:
        bench.say(f"  publishing {FILES} files")
        for project in range(0, PROJECTS, 50):
            gitea.publish(OWNER, list(dists(50, VERSIONS, size=SIZE, first=project)), datetime.now(UTC) - AGE)
        cache = _filled(bench, gitea)
        with DevpiServer(bench.folder / "devpi", cache=cache) as devpi:
            return _measured(bench, gitea, devpi)


def _filled(bench: Bench, gitea: Gitea) -> Path:
    """A folder with a server that has every file; filled once by the bare script, then kept."""
    cache = bench.kept / f"devpi-{FILES}-files-of-{SIZE}"
    if (cache / "initialized").exists():
        return cache
    bench.say("  filling devpi, once; this takes some minutes")
    with DevpiServer(bench.folder / "filling") as devpi:
        fresh_index(devpi, INDEX.partition("/")[2])
        copy_all(gitea.url(), devpi.url, INDEX)
        require_files(devpi, INDEX, FILES)
    initialized(bench.folder / "filling" / "cache")
    cache.mkdir(parents=True, exist_ok=True)
    shutil.move(bench.folder / "filling" / "data", cache / "initialized")
    return cache


def _measured(bench: Bench, gitea: Gitea, devpi: DevpiServer) -> Result:
    plan = Plan(gitea.url(), {"default": devpi.url}, [Rule(OWNER, INDEX, lines=DAY)])
    seconds: list[float] = []
    with installation(bench.folder / "installation", plan) as made:
        first, _ = made.timed(OWNER)
        bench.say(f"  the first pass, which records {FILES} decisions, took {first:.1f} s")
        for _ in range(bench.rounds or ROUNDS):
            time.sleep(1)
            gitea.forget_requests()
            at_devpi = Asked(devpi)
            pids = made.pids | {"gitea": gitea.pid(), "devpi": pid_of(devpi)}
            with PeakMemory(made.pids) as memory, cpu_of(pids) as used:
                seconds.append(made.timed(OWNER)[0])
            at_gitea = gitea.requests()
            bench.say(f"  {seconds[-1]:.2f} s, {len(at_gitea)} + {len(at_devpi.requests())} requests, {used}")
    peak = max(size for role, size in memory.largest().items() if role.startswith("worker"))
    figures = [
        Figure("a full pass, median", median(seconds), "s", at_most(10)),
        Figure("requests at Gitea", len(at_gitea), "requests", at_most(PROJECTS + PAGES)),
        Figure("requests at devpi", len(at_devpi.requests()), "requests", at_most(QUESTIONS)),
        Figure("peak memory of the largest worker process", peak, "MB", at_most(200)),
        Figure("the first pass, which records every decision", first, "s"),
    ]
    figures += [Figure(f"CPU of {role}", spent, "s") for role, spent in used.items()]
    asked = {"gitea": dict(kinds(at_gitea)), "devpi": at_devpi.kinds()}
    return Result(figures, {"seconds": seconds}, _NOTES, {"requests": asked, "memory": memory.largest()})


_NOTES = (
    "P + V/50 requests go to Gitea; devpi is asked only whether anything has changed there.",
    "The stand-in Gitea sorts all versions anew for each page; its CPU is part of the time.",
)
ROW = Row(
    "full_pass",
    f"full pass over {PROJECTS} projects and {FILES} files, no change",
    run,
)
