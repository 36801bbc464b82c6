"""What was really published, and when: the only thing that the judge believes."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.support.dists import Dist


@dataclass(slots=True)
class Publication:
    """One file of one owner at Gitea.

    ``at`` and ``moment`` are when ``publish`` had returned, monotonic and in UTC. ``runs`` holds by Mapping
    the highest Run that the ledger knew after that; a Run beyond it has certainly listed later.
    """

    owner: str
    project: str
    version: str
    dist: Dist
    requires_python: str
    round: int
    at: float = field(default_factory=time.monotonic)
    moment: datetime = field(default_factory=lambda: datetime.now(UTC))
    runs: dict[str, int] = field(default_factory=dict)
    withdrawn: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """The project and the file name, which are one file on an index."""
        return (self.project, self.dist.filename)


@dataclass(frozen=True, slots=True)
class Route:
    """A Mapping: the owner's files belong on the index."""

    mapping: str
    owner: str
    index: str


class Truth:
    """Every publication so far; safe for several threads."""

    def __init__(self) -> None:
        self._all: list[Publication] = []
        self._lock = threading.Lock()

    def add(self, publication: Publication) -> None:
        """The file is at Gitea by now."""
        with self._lock:
            self._all.append(publication)

    def of(self, owner: str, *, withdrawn: bool = False) -> list[Publication]:
        """The owner's files that are at Gitea now, or with ``withdrawn`` every one that ever was."""
        with self._lock:
            return [each for each in self._all if each.owner == owner and (withdrawn or not each.withdrawn)]

    def of_round(self, number: int) -> list[Publication]:
        """What the round has published."""
        with self._lock:
            return [each for each in self._all if each.round == number]

    def withdraw(self, owner: str, project: str) -> None:
        """Gitea has no file of the project any more; the target keeps its own."""
        with self._lock:
            for each in self._all:
                if (each.owner, each.project) == (owner, project):
                    each.withdrawn = True

    def stale_projects(self, before: int) -> set[tuple[str, str]]:
        """Owner and name of each project to which no round since ``before`` has added anything."""
        with self._lock:
            last: dict[tuple[str, str], int] = {}
            for each in self._all:
                if not each.withdrawn:
                    key = (each.owner, each.project)
                    last[key] = max(last.get(key, 0), each.round)
        return {key for key, number in last.items() if number < before}

    def note_runs(self, route: Route, highest: int, since: float) -> None:
        """At the time ``since`` no Run of the Mapping beyond ``highest`` existed."""
        with self._lock:
            for each in self._all:
                if each.owner == route.owner and each.at <= since:
                    each.runs.setdefault(route.mapping, highest)
