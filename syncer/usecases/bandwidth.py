"""Keep all workers together within the bytes per second that the timetable allows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, tzinfo
from threading import Lock

from syncer.core.errors import OverBudget, Retryable
from syncer.core.timetable import Timetable
from syncer.ports.shared import BudgetLedger
from syncer.ports.target import Spend

BUDGET = "bandwidth"
#: Seconds' worth of bytes that one reservation pays for, within bounds: few writes, and short pauses.
GRAIN = 0.25
SMALLEST_GRAIN, LARGEST_GRAIN = 64 * 2**10, 8 * 2**20
#: Seconds between two looks whether the work is to stop, and until a line that is full is asked again.
STEP = 0.25
AGAIN = 1.0


class Meter:
    """What one process has sent and received and not yet paid for; its threads share it.

    ``deadline`` is in seconds: what one try may take, its waiting included.
    """

    def __init__(
        self,
        budgets: BudgetLedger,
        timetable: Timetable,
        zone: tzinfo,
        deadline: float,
        clock: Callable[[], datetime],
    ) -> None:
        self._budgets = budgets
        self._timetable = timetable
        self._zone = zone
        self._deadline = deadline
        self._clock = clock
        self._lock = Lock()
        self._owed = 0

    def spending(self, stopping: Callable[[], bool]) -> Spend:
        """How one try, which begins now, says that so many bytes have passed; it then waits its turn.

        Once ``stopping``, nothing waits. Raises OverBudget when the try would take longer than it may.
        """
        until = time.monotonic() + self._deadline
        return lambda size: self._spend(size, until, stopping)

    def _spend(self, size: int, until: float, stopping: Callable[[], bool]) -> None:
        rate = self._timetable.rate_at(self._clock().astimezone(self._zone))
        due = self._due(size, rate)
        if rate and due:
            self._stand_in_line(due / rate, until, stopping)

    def _due(self, size: int, rate: float | None) -> int:
        """The bytes to pay for now; 0 as long as they are too few, or free."""
        with self._lock:
            owed = self._owed + size if rate else 0
            due = owed if rate and owed >= grain(rate) else 0
            self._owed = owed - due
            return due

    def _stand_in_line(self, seconds: float, until: float, stopping: Callable[[], bool]) -> None:
        while not stopping():
            wait = self._reserve(seconds)
            end = time.monotonic() + (AGAIN if wait is None else wait)
            if end > until:
                raise _over_budget(self._deadline)
            while (left := end - time.monotonic()) > 0 and not stopping():
                time.sleep(min(left, STEP))
            if wait is not None:
                return

    def _reserve(self, seconds: float) -> float | None:
        """A database that is away for a moment must not be taken for the server that is being asked."""
        try:
            return self._budgets.reserve(BUDGET, seconds)
        except Retryable:
            return None


def grain(rate: float) -> float:
    """The bytes that one reservation pays for."""
    return min(max(rate * GRAIN, SMALLEST_GRAIN), LARGEST_GRAIN)


def metered(chunks: Iterable[bytes], spend: Spend | None) -> Iterable[bytes]:
    """The same chunks, each paid for before it goes on; without a budget they are left alone."""
    return chunks if spend is None else _paid(chunks, spend)


def _paid(chunks: Iterable[bytes], spend: Spend) -> Iterator[bytes]:
    for chunk in chunks:
        spend(len(chunk))
        yield chunk


def _over_budget(deadline: float) -> OverBudget:
    return OverBudget(
        f"The bandwidth budget does not let the file through in the {deadline:g} s of one try.",
        "The file is large for the rate that it shares with other files.",
        "It is tried again by itself; raise [runtime] file_deadline_seconds or bandwidth if this lasts.",
    )
