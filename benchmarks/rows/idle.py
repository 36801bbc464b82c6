"""What an installation costs that has nothing to do: ``syncer up`` itself, with all its programs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.accounts import OWNER
from benchmarks.cost import cpu_seconds, family
from benchmarks.devpi import fresh_index
from benchmarks.gitea import gitea_process
from benchmarks.installation import Plan, Rule, eventually
from benchmarks.packages import dists
from benchmarks.row import Bench, Figure, Result, Row, at_most
from tests.support.devpi import DevpiServer

SECONDS = 600.0
#: Caches fill, modules are imported, and the first sync is over.
SETTLE = 20.0
STOP_SECONDS = 40


def run(bench: Bench) -> Result:
    """A mapping of ten files that are all there, with every default."""
    seconds = bench.seconds or SECONDS
    with gitea_process() as gitea, DevpiServer(bench.folder / "devpi") as devpi:
        gitea.publish(OWNER, list(dists(5, 1)))
        plan = Plan(gitea.url(), {"default": devpi.url}, [Rule(OWNER, fresh_index(devpi, "idle"))])
        with _up(bench.folder, plan) as pid:
            before = _by_program(pid)
            time.sleep(seconds)
            after = _by_program(pid)
    spent = {name: used - before.get(name, 0.0) for name, used in after.items()}
    figures = [Figure("CPU of all processes", 100 * sum(spent.values()) / seconds, "% core", at_most(2))]
    figures += [Figure(f"  {name}", 100 * used / seconds, "% core") for name, used in sorted(spent.items())]
    return Result(figures, notes=[f"Watched for {seconds:g} s; a look every poll interval is included."])


@contextmanager
def _up(folder: Path, plan: Plan) -> Iterator[int]:
    log = folder / "up.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "syncer", "up"],
            env={**os.environ, "SYNCER_CONFIG": str(plan.config(folder))},
            stdout=sink,
            stderr=sink,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        eventually(lambda: "Everything is ready" in log.read_text(), 120, "syncer up")
        time.sleep(SETTLE)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS)


def _by_program(pid: int) -> dict[str, float]:
    spent: dict[str, float] = {}
    launcher, *_ = family(pid)
    times = launcher.cpu_times()
    spent["launcher"] = times.user + times.system
    for child in launcher.children():
        name = _program(child.cmdline())
        spent[name] = spent.get(name, 0.0) + cpu_seconds(child.pid)
    return spent


def _program(words: list[str]) -> str:
    for option in ("-n", "-m"):
        if option in words and words[words.index(option) + 1] != "celery":
            return words[words.index(option) + 1].partition("@")[0]
    named = [word for word in words if word in ("beat", "flower") or "guard" in word or "valkey" in word]
    return Path(named[0]).name.partition(":")[0] if named else words[0] if words else "ended"


ROW = Row("idle", "idle system: CPU of all processes of `syncer up`", run)
