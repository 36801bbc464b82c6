"""Beat's scheduler: due at once when it starts, and alive in the ledger for as long as it ticks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from celery.beat import Scheduler

from workers.lifecycle import sign_of_life

LONG_AGO = datetime.fromtimestamp(0, UTC)


class SyncScheduler(Scheduler):
    """Keeps nothing on disk: the configuration is the schedule, and a missed tick is made up by the first."""

    def setup_schedule(self) -> None:
        """Every entry is due now, so that starting, or starting again, syncs without delay."""
        self.merge_inplace(self.app.conf.beat_schedule)
        for entry in self.schedule.values():
            entry.last_run_at = LONG_AGO

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due, and record that the loop that does so still turns."""
        sign_of_life("beat")
        return float(super().tick(*args, **kwargs))
