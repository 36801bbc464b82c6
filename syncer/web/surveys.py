"""Both sides of a Mapping compared because somebody pressed a button, and what was found the last time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock, Thread

from syncer.core.errors import SyncerError, Unexpected
from syncer.core.model import Mapping
from syncer.usecases.discover import request_run
from syncer.usecases.drift import Report, verify_sides
from syncer.usecases.repair import Refreshed, repair
from syncer.usecases.services import Services

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Survey:
    """The last Report of a Mapping, and what was done about it; ``since`` says that work is under way.

    ``error`` is why the last button came to nothing. ``runs`` are those that were requested to mend what
    the Report says, and ``refreshed`` the pages that were written anew.
    """

    report: Report | None = None
    error: SyncerError | None = None
    since: datetime | None = None
    runs: tuple[int, ...] = ()
    refreshed: tuple[Refreshed, ...] = ()


NEVER = Survey()


class Surveys:
    """One at a time of each Mapping, in a thread of its own; they are forgotten with the process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._surveys: dict[str, Survey] = {}
        self._lock = Lock()

    def of(self, mapping: str) -> Survey:
        """What is known of the Mapping."""
        return self._surveys.get(mapping, NEVER)

    def compare(self, mapping: Mapping, *, with_bytes: bool) -> bool:
        """Both sides are being compared; False when that, or a repair, is under way already."""

        def work(_before: Survey) -> Survey:
            return Survey(verify_sides(self._services, mapping, with_bytes=with_bytes))

        return self._begin(mapping.name, work)

    def mend(self, mapping: Mapping, actor: str) -> bool:
        """What the last Report says is being mended; False when there is none, or work is under way."""

        def work(before: Survey) -> Survey:
            if before.report is None:
                return before
            requests, refreshed = repair(self._services, before.report, actor, "web")
            runs = [run for request in requests if (run := request_run(self._services, request)) is not None]
            return Survey(before.report, runs=tuple(runs), refreshed=tuple(refreshed))

        return self.of(mapping.name).report is not None and self._begin(mapping.name, work)

    def _begin(self, mapping: str, work: Callable[[Survey], Survey]) -> bool:
        with self._lock:
            before = self.of(mapping)
            if before.since is not None:
                return False
            self._surveys[mapping] = replace(before, since=self._services.clock(), error=None)
        Thread(target=self._carry_out, args=(mapping, before, work), name="drift", daemon=True).start()
        return True

    def _carry_out(self, mapping: str, before: Survey, work: Callable[[Survey], Survey]) -> None:
        try:
            after = work(before)
        except SyncerError as error:
            after = replace(before, since=None, error=error)
        except Exception as error:
            log.exception("the comparison of %s ended unexpectedly", mapping)
            after = replace(before, since=None, error=Unexpected(error))
        with self._lock:
            self._surveys[mapping] = after
