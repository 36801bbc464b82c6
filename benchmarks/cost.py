"""What processes take of the machine: seconds of the CPU, and memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Self

import psutil

MB = 1e6


def cores() -> int:
    """How many of the machine's cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def family(pid: int) -> list[psutil.Process]:
    """The process and everything that it has started and that still runs."""
    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    return []


def cpu_seconds(pid: int) -> float:
    """What the family has used so far, ended children included."""
    total = 0.0
    for process in family(pid):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
            total += times.children_user + times.children_system
    return total


@contextmanager
def cpu_of(pids: Mapping[str, int]) -> Iterator[dict[str, float]]:
    """Seconds of the CPU by role, filled in when the block ends."""
    used: dict[str, float] = {}
    before = {role: cpu_seconds(pid) for role, pid in pids.items()}
    yield used
    used.update({role: cpu_seconds(pid) - before[role] for role, pid in pids.items()})


def rss(process: psutil.Process) -> float:
    """MB that the process holds now, pages that it shares included."""
    with suppress(psutil.NoSuchProcess):
        return float(process.memory_info().rss) / MB
    return 0.0


class PeakMemory:
    """The most that each process of the families held, looked at every ``pause`` seconds.

    ``peaks`` are MB by role and pid; a process that is born later is not seen.
    """

    def __init__(self, pids: Mapping[str, int], pause: float = 0.02) -> None:
        self.peaks: dict[tuple[str, int], float] = {}
        self._pids = dict(pids)
        self._pause = pause
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._families = {role: family(pid) for role, pid in self._pids.items()}
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def largest(self) -> dict[str, float]:
        """The peak of the largest process of each role."""
        return {
            role: max((peak for (of, _), peak in self.peaks.items() if of == role), default=0.0)
            for role in self._pids
        }

    def _watch(self) -> None:
        while not self._ended.wait(self._pause):
            self._look()

    def _look(self) -> None:
        for role, processes in self._families.items():
            for process in processes:
                key = (role, process.pid)
                self.peaks[key] = max(self.peaks.get(key, 0.0), rss(process))
