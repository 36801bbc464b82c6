"""Where the workers spend the CPU: py-spy beside them, and what it saw in a few lines."""

from __future__ import annotations

import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks import environment

SHOWN = 40
OURS = ("syncer", "workers")
#: Where a thread stands that has nothing to do; py-spy cannot always tell.
WAITS = ("Condition.wait ", "Connection._recv (billiard", "_epoll.poll ", "_poll (")


@contextmanager
def profiled(pids: Mapping[str, int], kept: Path, folder: Path) -> Iterator[None]:
    """Stacks of these processes and their children are in ``folder``, with a summary beside each."""
    program = environment.program(kept, "py-spy", "py-spy>=0.4")
    folder.mkdir(parents=True, exist_ok=True)
    watchers = {role: _watch(program, pid, folder / f"{role}.stacks") for role, pid in pids.items()}
    try:
        yield
    finally:
        for role, watcher in watchers.items():
            watcher.send_signal(signal.SIGINT)
            watcher.wait(30)
            _summarize(folder / f"{role}.stacks")


def _watch(program: Path, pid: int, stacks: Path) -> subprocess.Popen[bytes]:
    words = [
        "record",
        "--pid",
        str(pid),
        "--subprocesses",
        "--format",
        "raw",
        "--rate",
        "50",
        "--nonblocking",
    ]
    words += ["--duration", "3600", "--output", str(stacks)]
    return subprocess.Popen([program, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _summarize(stacks: Path) -> None:
    if stacks.exists():
        stacks.with_suffix(".txt").write_text(summary(stacks.read_text()))


def summary(stacks: str) -> str:
    """Our functions with what they called, packages by what they did themselves, and single functions."""
    ours, packages, own, total = Counter[str](), Counter[str](), Counter[str](), 0
    for line in stacks.splitlines():
        frames, _, number = line.rpartition(" ")
        called = [
            _without_line(frame) for frame in frames.split(";") if not frame.startswith("process ")
        ] or ["(nothing)"]
        if called[-1].startswith(WAITS):
            continue
        total += int(number)
        own[called[-1]] += int(number)
        packages[_package(called[-1])] += int(number)
        ours.update({frame: int(number) for frame in set(called) if _package(frame) in OURS})
    parts = [f"{total} samples of a running thread\n"]
    told = {"our functions with what they called": ours, "packages": packages, "functions": own}
    for title, counted in told.items():
        parts.append(f"\n{title}\n")
        parts += [f"{number / total:6.1%}  {name}\n" for name, number in counted.most_common(SHOWN)]
    return "".join(parts)


def _without_line(frame: str) -> str:
    return re.sub(r":\d+\)$", ")", frame)


def _package(frame: str) -> str:
    """The top of the path, as in ``syncer``, ``sqlalchemy`` or ``ssl.py``."""
    return frame.rpartition("(")[2].partition("/")[0].rstrip(")")
