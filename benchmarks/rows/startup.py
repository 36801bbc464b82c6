"""How long a person waits for the command line."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.figures import median
from benchmarks.installation import CONFIG, Plan, Rule
from benchmarks.row import Bench, Figure, Result, Row, at_most
from syncer.bootstrap.container import build
from syncer.bootstrap.database import prepare_database

ROUNDS = 15
COMMANDS = {"syncer --help": ("--help",), "syncer status": ("status",)}
#: The start of the interpreter alone, which no command can beat.
NOTHING = "python -c pass"


def run(bench: Bench) -> Result:
    """Each command in turn, with an empty ledger of one mapping."""
    plan = Plan("http://127.0.0.1:9", {"default": "http://127.0.0.1:9"}, [Rule("acme", "a/b")])
    _make_ledger(plan, bench.folder)
    program = [str(Path(sys.executable).with_name("syncer")), "-c", str(bench.folder / CONFIG)]
    commands = {name: [*program, *words] for name, words in COMMANDS.items()}
    commands[NOTHING] = [sys.executable, "-c", "pass"]
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for number in range((bench.rounds or ROUNDS) + 1):
        for name, command in commands.items():
            took = _took(command, bench.folder)
            if number:  # the first one writes the compiled modules
                samples[name].append(took)
    return _result(samples)


def _make_ledger(plan: Plan, folder: Path) -> None:
    settings = plan.settings(folder)
    database = build(settings).database
    prepare_database(settings, database)
    database.dispose()


def _took(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds by the clock, and of the CPU."""
    began, spent = time.perf_counter(), _cpu_of_children()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    if done.returncode not in (0, 1) or "Error:" in done.stderr:
        raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr[-1000:]}")
    return seconds, _cpu_of_children() - spent


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _result(samples: dict[str, list[tuple[float, float]]]) -> Result:
    bound = dict.fromkeys(COMMANDS, at_most(0.4))
    figures = []
    for name, took in samples.items():
        figures.append(Figure(name, median([seconds for seconds, _ in took]), "s", bound.get(name)))
        figures.append(Figure("  CPU", median([cpu for _, cpu in took]), "s"))
    return Result(figures, {name: [seconds for seconds, _ in took] for name, took in samples.items()})


ROW = Row("startup", "`syncer --help` and `syncer status`", run)
