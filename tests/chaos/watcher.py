"""Looks all the time, and remembers whoever said green before it was true."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import requests

from syncer.bootstrap.clock import now
from syncer.bootstrap.container import Container
from syncer.core.errors import RemoteUnavailable, SyncerError
from syncer.queries.overview import MappingState, Overview, overview
from tests.chaos import ledgerview
from tests.chaos.findings import Finding, Ill
from tests.chaos.judge import Green, judge_green
from tests.chaos.site import INTERVAL, Site
from tests.chaos.truth import Publication, Route

PAUSE = 0.2
#: The page says so, and nothing else does.
GREEN_PAGE = "Everything selected is at its target"
#: A Run speaks of its own listing only, however old that is.
RUN = "the run itself"
#: Seconds after which a view's green is wrong even when nothing was listed: a Mapping is stale by then.
STALE = 3 * INTERVAL + 60.0 + 15.0


@dataclass(frozen=True, slots=True)
class Glance:
    """What was seen at once; None of what did not answer."""

    at: float
    overview: Overview | None
    health: str

    @property
    def green(self) -> bool:
        """Whether everything says that everything is complete."""
        seen = self.overview
        all_complete = seen is not None and all(one.state == MappingState.COMPLETE for one in seen.mappings)
        return all_complete and self.health == "ok"


@dataclass(frozen=True, slots=True)
class Newest:
    """By Mapping the newest Run; at that time there was no newer one."""

    at: float
    runs: dict[str, int]


class Watcher:
    """A thread that samples the status view, the queries and the Runs of a Site until it is stopped."""

    def __init__(self, site: Site, container: Container) -> None:
        self._site = site
        self._container = container
        self._findings: list[Finding] = []
        self._told: set[object] = set()
        self._seen_runs: dict[str, int] = {route.mapping: 0 for route in site.routes}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.last = Glance(0.0, None, "")
        self.newest = Newest(0.0, {})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def findings(self) -> list[Finding]:
        """What was found since the last call."""
        with self._lock:
            found = list(self._findings)
            self._findings.clear()
            return found

    def _run(self) -> None:
        turn = 0
        while not self._stop.wait(PAUSE):
            turn += 1
            with contextlib.suppress(SyncerError):
                self._look(page=turn % 5 == 0)

    def _look(self, *, page: bool) -> None:
        self._mark()
        seen = self._overview()
        asked = time.monotonic()
        health = self._health(seen)
        self.last = Glance(asked, seen, health)
        if page:
            self._page(seen)
        self._runs()

    def _mark(self) -> None:
        """From here on a newer Run has certainly listed what was published before."""
        newest = Newest(time.monotonic(), {})
        for route in self._site.routes:
            newest.runs[route.mapping] = ledgerview.highest_run(self._container.database, route.mapping)
            self._site.truth.note_runs(route, newest.runs[route.mapping], newest.at)
        self.newest = newest

    def _overview(self) -> Overview | None:
        try:
            seen = overview(self._container.database, self._container.services.mappings, now())
        except RemoteUnavailable:
            return None
        for one in seen.mappings:
            if one.state == MappingState.COMPLETE and one.last_run is not None:
                self._green("the overview", one.name, one.last_run.id)
        return seen

    def _health(self, seen: Overview | None) -> str:
        try:
            answer = requests.get(f"{self._site.health_url}/health", timeout=5)
            said = answer.json()
        except (requests.RequestException, ValueError):
            return ""
        if answer.status_code not in (200, 503):
            self._found(Finding(Ill.PAGE, f"/health answered {answer.status_code}"))
        for one in said.get("mappings", ()):
            if one["state"] == "complete" and (said["status"] == "ok"):
                self._green("/health", one["name"], _last_run(seen, one["name"]))
        return str(said.get("status", ""))

    def _page(self, seen: Overview | None) -> None:
        try:
            answer = requests.get(f"{self._site.health_url}/", timeout=5)
        except requests.RequestException:
            return
        if answer.status_code not in (200, 503):
            self._found(Finding(Ill.PAGE, f"/ answered {answer.status_code}: {answer.text[:300]}"))
        if GREEN_PAGE in answer.text:
            for route in self._site.routes:
                self._green("the page", route.mapping, _last_run(seen, route.mapping))

    def _runs(self) -> None:
        floor = min(self._seen_runs.values())
        for run, mapping in ledgerview.complete_runs(self._container.database, floor):
            if run > self._seen_runs[mapping]:
                self._seen_runs[mapping] = run
                self._green(RUN, mapping, run)

    def _green(self, who: str, mapping: str, run: int) -> None:
        """What was said up to now is judged; the same word about the same Run counts once."""
        green = Green(who, mapping, run, time.monotonic())
        route = next(each for each in self._site.routes if each.mapping == mapping)
        for finding in judge_green(green, self._listed(route, green)):
            self._found(finding, about=(who, mapping, run))

    def _listed(self, route: Route, green: Green) -> Iterable[tuple[Publication, float | None]]:
        for each in self._site.truth.of(route.owner):
            mark = each.runs.get(route.mapping)
            must = mark is not None and green.run > mark
            if must or (green.who != RUN and each.at < green.sure_until - STALE):
                yield each, self._site.meter.began(route.index, each.dist.filename)

    def _found(self, finding: Finding, about: object = None) -> None:
        with self._lock:
            if (about or finding) not in self._told:
                self._told.add(about or finding)
                self._findings.append(finding)


def _last_run(seen: Overview | None, mapping: str) -> int:
    """The Run that proved most when it was looked at; a later one proves no less."""
    found = [one.last_run for one in seen.mappings if one.name == mapping] if seen else []
    return found[0].id if found and found[0] else 0
