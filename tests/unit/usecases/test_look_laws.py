"""Whatever happens at both sides: never green while incomplete, and everything is there in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncer.adapters.database.engine import Database
from syncer.core.look import YOUNG, Depth
from syncer.core.states import RunOutcome
from tests.support.databases import empty
from tests.support.dists import Dist, sdist, wheel
from tests.unit.usecases.workplace import MAPPING, Workplace

Which = tuple[str, str]
RELEASES: list[Which] = [(name, version) for name in ("alpha", "beta") for version in ("1.0", "2.0")]
WHEELS = {release: wheel(*release) for release in RELEASES}
SDISTS = {release: sdist(*release) for release in RELEASES}
OTHERS = {release: wheel(*release, payload=b"other") for release in RELEASES}


class Story(Workplace):
    """A Workplace that remembers which releases there were at its last look."""

    def __init__(self, database: Database, folder: Path) -> None:
        super().__init__(database, folder)
        self.source.clock = self.clock
        self.seen: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Step:
    """Something happens to a release dated ``age`` seconds back; time passes; there may be a Run."""

    what: Callable[[Story, Which, float], None]
    which: Which
    age: float
    passes: float
    runs: bool

    def __call__(self, place: Story) -> None:
        self.what(place, self.which, self.age)
        place.wait(self.passes)
        if self.runs:
            run(place)

    def __repr__(self) -> str:
        told = f"{self.what.__name__} {' '.join(self.which)} {self.age:.0f}, {self.passes:.0f}"
        return f"{told}, run" if self.runs else told


def publish(place: Story, which: Which, age: float, dist: Dist | None = None) -> None:
    """A wheel is published, so long ago if it was committed late, unless one of that name is there."""
    dist = dist or WHEELS[which]
    if dist.filename not in {file.filename for file in place.source.list().files}:
        place.source.publish(dist, created_at=place.now - timedelta(seconds=age))


def add(place: Story, which: Which, age: float) -> None:
    """An sdist is added, mostly to a release that is there."""
    publish(place, which, age, SDISTS[which])


def delete(place: Story, which: Which, _: float) -> None:
    """A release is deleted with all its files."""
    for file in place.source.list().files:
        if (file.project, file.version) == which:
            place.source.remove(file)


def publish_anew(place: Story, which: Which, age: float) -> None:
    """A release is deleted, and published with other bytes."""
    delete(place, which, 0)
    publish(place, which, age, OTHERS[which])


def lose(place: Story, which: Which, _: float) -> None:
    """The target loses a file."""
    place.target.files.pop((which[0], WHEELS[which].filename), None)


def rest(_place: Story, _which: Which, _age: float) -> None:
    """Nothing happens."""


def run(place: Story) -> None:
    """A scheduled Run is complete only where everything is there that it has to know of."""
    look = place.ledger.runs.look(MAPPING)
    number, messages = place.plan(trigger="schedule")
    place.carry(messages)
    outcome, missing = place.ledger.runs.state(number)[1], not_at_target(place)
    if place.run(number).depth == Depth.RECENT:
        assert look is not None
        missing &= new_since(place, look.seen_at - timedelta(seconds=YOUNG))
    elif outcome is not RunOutcome.FAILED:
        assert (outcome is RunOutcome.COMPLETE) == (not missing)
    assert outcome is not RunOutcome.COMPLETE or not missing
    if outcome is not RunOutcome.FAILED:
        place.seen = frozenset(release.id for release in place.source.list().releases)


def not_at_target(place: Story) -> set[str]:
    """The names of files that the target lacks, or holds with other bytes."""
    there = {name: held.sha256 for (_, name), held in place.target.files.items()}
    return {file.filename for file in place.source.list().files if there.get(file.filename) != file.sha256}


def new_since(place: Story, since: datetime) -> set[str]:
    """The names of files of projects with a release that is dated since then, or was not seen before."""
    listing = place.source.list()
    new = {each.project for each in listing.releases if each.created_at >= since or each.id not in place.seen}
    return {file.filename for file in listing.files if file.project in new}


HAPPENINGS = st.sampled_from([publish, add, delete, publish_anew, lose, rest])
#: What is dated further back shows in the count alone, which an old release deleted meanwhile would hide.
AGES = st.sampled_from([0.0, 0.0, 900.0, YOUNG])
PASSES = st.sampled_from([1.0, 60.0, 60.0, 900.0, YOUNG, 2 * YOUNG])
STEPS = st.builds(Step, HAPPENINGS, st.sampled_from(RELEASES), AGES, PASSES, st.booleans())


#: One release is there, and has been looked at often enough that the next look need not be at everything.
AT_REST = [Step(publish, RELEASES[0], 0, 60, runs=True), Step(rest, RELEASES[0], 0, 60, runs=True)]
#: The full interval and one more have passed, with a Run after each.
THE_END = [Step(rest, RELEASES[0], 0, 900, runs=True)] * 2


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A new folder for each example."""
    base = tmp_path_factory.mktemp("looks")
    return (base / str(number) for number in count())


def check(place: Story, steps: list[Step]) -> None:
    """Only other bytes under a known name stay a conflict; all else is at the target in the end."""
    try:
        for step in [*AT_REST, *steps, *THE_END]:
            step(place)
        there = {name for _, name in place.target.files}
        assert {file.filename for file in place.source.list().files} <= there
    finally:
        empty(place.database)


OWN_FOLDERS = HealthCheck.function_scoped_fixture, HealthCheck.too_slow


@settings(max_examples=12, suppress_health_check=OWN_FOLDERS)
@given(st.lists(STEPS, min_size=1, max_size=6))
def test_it_is_green_only_when_complete_and_complete_in_the_end(
    shared_sqlite: Database, folders: Iterator[Path], steps: list[Step]
) -> None:
    check(Story(shared_sqlite, next(folders)), steps)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@settings(max_examples=300, suppress_health_check=OWN_FOLDERS)
@given(st.lists(STEPS, min_size=3, max_size=12))
def test_it_is_so_after_any_long_story(
    shared_sqlite: Database, folders: Iterator[Path], steps: list[Step]
) -> None:
    check(Story(shared_sqlite, next(folders)), steps)
