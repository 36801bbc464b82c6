"""Queues whose whole future is known when a job arrives, so that waiting costs no event."""

from __future__ import annotations

from heapq import heapreplace
from typing import Self


class Station:
    """``capacity`` equal servers and one queue, first come first served.

    As a job's work is known when it comes, its wait follows at once from when the servers become free
    (Lindley's recursion; Kiefer and Wolfowitz's for several servers). The times are exactly those of a
    ``simpy.Resource``, for one event a job instead of three.

    ``beneath`` is the station on which ``share`` of this one's work is done as well: the processor of a
    machine that carries several of them.
    """

    __slots__ = ("_beneath", "_free", "_share", "busy", "capacity", "jobs")

    def __init__(self, capacity: int = 1, beneath: Self | None = None, share: float = 1.0) -> None:
        self.capacity = capacity
        #: Seconds of work that were ever asked for, and by how many jobs.
        self.busy, self.jobs = 0.0, 0
        self._free = [0.0] * capacity
        self._beneath, self._share = beneath, share

    def reserve(self, now: float, seconds: float) -> float:
        """The job has its place in the queue; the seconds until its work begins.

        Calls must come in the order of ``now``.
        """
        wait = self._free[0] - now
        if wait < 0.0:  # noqa: PLR1730  # half of the time of all that max() takes
            wait = 0.0
        heapreplace(self._free, now + wait + seconds)
        self.busy += seconds
        self.jobs += 1
        if self._beneath is not None:
            return max(wait, self._beneath.reserve(now, seconds * self._share))
        return wait

    def utilisation(self, seconds: float) -> float:
        """The part of its capacity that was used in so many seconds."""
        return self.busy / (seconds * self.capacity) if seconds else 0.0


class Level:
    """How many of something are taken, and how many were on average."""

    __slots__ = ("_area", "_since", "now")

    def __init__(self) -> None:
        self.now = 0
        self._area = self._since = 0.0

    def change(self, by: int, now: float) -> None:
        """So many more are taken from now on."""
        self._area += self.now * (now - self._since)
        self._since = now
        self.now += by

    def mean(self, now: float, seconds: float) -> float:
        """The mean over the last so many seconds, if nothing was taken before."""
        self.change(0, now)
        return self._area / seconds if seconds else 0.0
