"""Whatever happens at the source: nothing is withdrawn without evidence, grace, and a cap or a person."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncer.adapters.database.engine import Database
from syncer.core.errors import SourceMissing
from syncer.core.model import Deletion, OnSourceDelete
from syncer.usecases.deletions import confirm
from syncer.usecases.reasons import DecisionRefused
from syncer.usecases.withdraw import withdraw_due
from tests.support.databases import empty
from tests.support.dists import wheel
from tests.unit.usecases.workplace import MAPPING, Workplace

GRACE = timedelta(hours=10)
POLICY = Deletion(OnSourceDelete.WITHDRAW, GRACE.total_seconds(), cap_files=2, cap_percent=40.0)
DISTS = {name: wheel(name, "1.0") for name in ("alpha", "beta", "gamma", "delta")}
GONE = SourceMissing("There is no such owner.", "It was renamed.", "Correct it.")


@dataclass
class Story:
    """A Workplace, and what an observer at the source saw: each whole scan with what it listed."""

    place: Workplace
    scans: list[tuple[datetime, frozenset[str]]] = field(default_factory=list)
    confirmed: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)

    def listed(self) -> frozenset[str]:
        return frozenset(file.project for file in self.place.source.list().files)

    def toggle(self, name: str) -> None:
        """The project is deleted, or published again."""
        if name in self.listed():
            for file in self.place.source.list().files:
                if file.project == name:
                    self.place.source.remove(file)
        else:
            self.place.publish(DISTS[name])

    def scan(self, _: str) -> None:
        began, listed = self.place.now, self.listed()
        self.place.sync()
        self.scans.append((began, listed))
        self.waiting = self.projects()
        self.confirmed &= self.waiting

    def fail(self, _: str) -> None:
        self.place.source.broken = GONE
        self.place.sync()
        self.place.source.broken = None

    def wait(self, _: str) -> None:
        self.place.wait(6 * 3600)

    def confirm(self, _: str) -> None:
        try:
            confirm(self.place.services(), MAPPING, "they may go", "ann@desk")
        except DecisionRefused:
            return
        self.confirmed = self.projects()

    def withdraw(self, _: str) -> None:
        unconfirmed, files = self.waiting - self.confirmed, len(self.place.target.files)
        for ended in withdraw_due(self.place.services(), self.place.worker):
            name = ended.one.file.project
            lacking = [began for began, _ in self._since_listed(name)]
            assert len(lacking) >= 2
            assert lacking[-1] - lacking[0] >= GRACE
            assert name not in self.listed()
            assert name in self.confirmed or (self.listed() and len(unconfirmed) <= POLICY.cap(files))
        self.waiting = self.projects()

    def _since_listed(self, name: str) -> list[tuple[datetime, frozenset[str]]]:
        """The whole scans after the last one that listed the project."""
        last = max((place for place, (_, listed) in enumerate(self.scans) if name in listed), default=-1)
        return self.scans[last + 1 :]

    def projects(self) -> set[str]:
        """What waits to be withdrawn."""
        return {each.file.project for each in self.place.ledger.withdrawals.open(MAPPING)}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["toggle", "toggle", "scan", "scan", "wait", "fail", "confirm", "withdraw"]),
        st.sampled_from(sorted(DISTS)),
    ),
    max_size=14,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=STEPS)
def test_nothing_is_withdrawn_without_two_scans_that_lack_it_the_grace_and_the_cap_or_a_person(
    shared_sqlite: Database, tmp_path: Path, steps: list[tuple[str, str]]
) -> None:
    try:
        story = Story(Workplace(shared_sqlite, tmp_path))
        story.place.target.volatile = True
        story.place.mappings[MAPPING] = replace(story.place.mappings[MAPPING], deletion=POLICY)
        story.place.publish(*DISTS.values())
        story.scan("")
        for what, name in steps:
            getattr(story, what)(name)
            story.place.wait(60)
        for what in ("scan", "wait", "wait", "scan", "scan", "withdraw"):
            getattr(story, what)("")
    finally:
        empty(shared_sqlite)
