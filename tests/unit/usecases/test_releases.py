"""A version that lacks a file is told of after a while, and no longer once the file is there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncer.core.states import RunOutcome
from syncer.core.warning import WarningKind
from syncer.usecases.releases import Memory, watch_releases
from tests.support.dists import Dist, sdist, wheel
from tests.unit.usecases.workplace import MAPPING, Workplace


@pytest.fixture
def memory() -> Memory:
    return Memory()


def release(version: str) -> list[Dist]:
    return [wheel("demo", version), sdist("demo", version)]


@pytest.fixture
def usual(place: Workplace) -> Workplace:
    """Two versions with a wheel and an sdist each, an hour ago."""
    place.publish(*release("1.0"), *release("1.1"))
    assert place.sync() is RunOutcome.COMPLETE
    place.wait(3600)
    return place


def told(place: Workplace, memory: Memory) -> list[str]:
    watch_releases(place.services(), MAPPING, memory)
    return [warning.subject for warning in place.ledger.warnings.standing(MAPPING, WarningKind.RELEASE)]


def test_it_is_told_after_a_while_and_ends_with_the_file(usual: Workplace, memory: Memory) -> None:
    whl, source = release("1.2")
    usual.publish(whl)
    usual.sync()
    assert told(usual, memory) == []
    usual.wait(3599)
    assert told(usual, memory) == []
    usual.wait(1)
    assert told(usual, memory) == ["demo 1.2"]
    (warning,) = usual.ledger.warnings.standing(MAPPING, WarningKind.RELEASE)
    assert "lacks what the versions before it have: sdist." in warning.text
    usual.publish(source)
    usual.sync()
    assert told(usual, memory) == []


def test_a_file_that_is_taken_away_again_is_told_at_once(usual: Workplace, memory: Memory) -> None:
    usual.publish(*release("1.2"))
    usual.sync()
    usual.sync()
    usual.wait(3600)
    assert told(usual, memory) == []
    for file in usual.source.list().files:
        if file.filename.endswith("1.2.tar.gz"):
            usual.source.remove(file)
    usual.sync()
    assert told(usual, memory) == ["demo 1.2"]


def test_a_settle_window_of_its_own_counts_and_none_turns_it_off(usual: Workplace, memory: Memory) -> None:
    usual.publish(wheel("demo", "1.2"))
    usual.sync()
    for settle, expected in ((0.0, []), (60.0, []), (1.0, ["demo 1.2"]), (0.0, [])):
        usual.mappings[MAPPING] = replace(usual.mappings[MAPPING], release_settle=settle)
        usual.wait(2)
        assert told(usual, memory) == expected


def test_files_that_the_mapping_leaves_out_are_not_missed(usual: Workplace, memory: Memory) -> None:
    rule = usual.mappings[MAPPING]
    usual.mappings[MAPPING] = replace(rule, selection=replace(rule.selection, file_deny=("*.tar.gz",)))
    usual.publish(wheel("demo", "1.2"))
    usual.sync()
    usual.wait(7200)
    assert told(usual, memory) == []


def test_while_nothing_changes_nothing_is_read(usual: Workplace, memory: Memory) -> None:
    told(usual, memory)
    first = memory.looks[MAPPING]
    usual.wait(30)
    told(usual, memory)
    assert memory.looks[MAPPING] is first
    usual.publish(wheel("other", "1.0"))
    usual.sync()
    told(usual, memory)
    assert memory.looks[MAPPING] is not first


def test_nobody_alarms_in_the_first_hour(place: Workplace, memory: Memory) -> None:
    place.publish(*release("1.0"), *release("1.1"), wheel("demo", "1.2"))
    place.sync()
    place.wait(1800)
    assert told(place, memory) == []
