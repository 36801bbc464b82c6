"""Beat's scheduler: due at once when it starts, and alive in the ledger for as long as it ticks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from celery.beat import Scheduler

from workers.lifecycle import sign_of_life

LONG_AGO = datetime.fromtimestamp(0, UTC)
#: Time may be counted a little differently by who wrote it and who reads it.
SKEW = timedelta(seconds=1)


class SyncScheduler(Scheduler):
    """Keeps nothing on disk: the configuration is the schedule, and a missed tick is made up by the first."""

    def setup_schedule(self) -> None:
        """Every entry is due now, so that starting, or starting again, syncs without delay."""
        self.merge_inplace(self.app.conf.beat_schedule)
        self._begin_anew()

    def _begin_anew(self) -> None:
        for entry in self.schedule.values():
            entry.last_run_at = LONG_AGO
        self._heap = None  # its order is by the times of before

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due, and record that the loop that does so still turns."""
        sign_of_life("beat")
        if self._clock_was_set_back():
            self._begin_anew()
        return float(super().tick(*args, **kwargs))

    def _clock_was_set_back(self) -> bool:
        """Whether an entry was last sent in the future: without a remedy nothing would be due until then."""
        now = self.app.now()
        return any(entry.last_run_at and entry.last_run_at > now + SKEW for entry in self.schedule.values())
