"""What workers share beside the work itself: lanes, circuits, tasks, signs of life, upkeep."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from syncer.core.errors import Retryable
from syncer.core.warning import StandingWarning
from syncer.ports.claims import Lane, TaskRecord, Worker


class LaneLedger(Protocol):
    """How many transfers a server gets at once, over all workers."""

    def acquire(self, server: str, width: int, holder: str, now: datetime, lease: float) -> Lane | None:
        """A lane is held; None when all are taken."""
        ...

    def free(self, server: str, most: int, now: datetime) -> int:
        """How many of the server's lanes, ``most`` or fewer since it was overloaded, nobody holds."""
        ...

    def extend(self, lane: Lane, until: datetime) -> bool:
        """The lease lasts until then."""
        ...

    def release(self, lane: Lane) -> None:
        """The lane is free."""
        ...

    def width(self, server: str, most: int, now: datetime) -> int:
        """How many lanes the server has: ``most``, or fewer since it was overloaded."""
        ...

    def narrow(self, server: str, most: int, now: datetime) -> None:
        """The server was overloaded and has half as many lanes; they come back while it is calm."""
        ...


class CircuitLedger(Protocol):
    """Which servers are left alone for now, known to all workers."""

    def wait(self, server: str, now: datetime) -> float:
        """Seconds to leave the server alone; 0 to go ahead, for one caller alone once a pause is over."""
        ...

    def paused(self, server: str, now: datetime) -> bool:
        """Whether the server is being left alone; asking changes nothing."""
        ...

    def failed(self, server: str, error: Retryable, now: datetime) -> None:
        """The server failed once more; from the third time in a row on it is left alone for a while."""
        ...

    def answered(self, server: str, now: datetime) -> None:
        """The server works; what waited for it to come back is due now."""
        ...


class BudgetLedger(Protocol):
    """What all workers together may use only so much of, paid for in seconds of one line."""

    def reserve(self, name: str, seconds: float) -> float | None:
        """So many seconds of the line are taken, ten at most; seconds until they begin.

        None when the line is too long to stand in; a wrong clock never makes it longer than a minute.
        """
        ...


class TaskLedger(Protocol):
    """Celery tasks, recorded once for everybody."""

    def store(self, record: TaskRecord, now: datetime) -> None:
        """The task stands as given."""
        ...

    def get(self, task_id: str) -> TaskRecord | None:
        """The task, None when nothing was recorded of it."""
        ...

    def forget(self, task_id: str) -> None:
        """Nothing is recorded of the task."""
        ...


class HeartbeatLedger(Protocol):
    """Signs of life."""

    def beat(self, name: str, now: datetime, about: str = "") -> None:
        """The named process was alive then."""
        ...

    def gone(self, name: str) -> None:
        """The named process has stopped on purpose."""
        ...


class WarningLedger(Protocol):
    """What works and ought to be looked at, by Mapping and kind."""

    def replace(self, mapping: str, kind: str, warnings: Sequence[StandingWarning], now: datetime) -> None:
        """Exactly these stand; one that stood before keeps the time since when."""
        ...

    def standing(self, mapping: str, kind: str) -> list[StandingWarning]:
        """The Mapping's warnings of that kind, by subject."""
        ...

    def projects(self, mapping: str) -> list[str]:
        """The projects of which the Mapping wants a file now."""
        ...


class RecoveryLedger(Protocol):
    """What helps work that was left behind to be found at once."""

    def expire(self, gone: Worker, now: datetime) -> None:
        """The leases of a worker that is known to be gone, or of one of its tasks if one is named, are over.

        Should it live after all, it extends them again, and what it writes counts as long as nobody
        has claimed its work.
        """
        ...

    def tame_times(self, now: datetime, lease: float) -> None:
        """Nothing waits longer than any rule lets it: such a time came from a clock that ran wrong."""
        ...


class RetentionLedger(Protocol):
    """How long history is kept."""

    def forget(self, before: datetime, limit: int) -> int:
        """At most ``limit`` rows of each kind that ended before then and prove nothing today are gone.

        Kept are every current decision with its Transfer, its newest Attempts and its Run, how the same
        bytes once came to the Target, everything unfinished, and each Mapping's newest Run and newest
        complete one. Returns how many rows went; 0 when there is nothing left to forget.
        """
        ...
