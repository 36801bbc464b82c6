"""How deep a scheduled look has to be follows from how old the last whole one is, what it took, and doubt."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.core.look import REST, Look, rule_of
from syncer.core.model import Mapping, Selection, SourceRef, TargetRef

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECONDS = st.floats(0, 1e6)


def is_due(age: float, took: float, interval: float, *, doubted: bool) -> bool:
    look = Look("rule", full_at=NOON, full_seconds=took, seen_at=NOON, stated=0, proved_at=NOON)
    return look.full_is_due(NOON + timedelta(seconds=age), interval, doubted=doubted)


@pytest.mark.parametrize(
    ("age", "took", "interval", "doubted", "due"),
    [
        pytest.param(899, 1, 900, False, False, id="before its time"),
        pytest.param(900, 1, 900, False, True, id="at its time"),
        pytest.param(11, 1, 900, True, True, id="doubt brings it forward"),
        pytest.param(9.9, 1, 900, True, False, id="but never beyond a tenth of the time"),
        pytest.param(10, 1, 900, True, True, id="just a tenth of the time"),
        pytest.param(0, 0, 900, True, True, id="what takes no time is repeated at will"),
        pytest.param(900, 100, 900, False, False, id="one that takes long comes less often"),
        pytest.param(1000, 100, 900, False, True, id="as often as it may"),
        pytest.param(-1, 0, 900, False, True, id="a clock that was set back a little"),
        pytest.param(-86_400, 100, 900, False, True, id="a clock that was set back a day"),
        pytest.param(86_400, 100, 900, False, True, id="a night without a schedule"),
    ],
)
def test_everything_is_looked_at_when_it_is_time_or_doubted(
    age: float, took: float, interval: float, doubted: bool, due: bool
) -> None:
    assert is_due(age, took, interval, doubted=doubted) is due


@given(SECONDS, SECONDS, SECONDS, st.booleans())
def test_what_is_due_stays_due(age: float, took: float, interval: float, doubted: bool) -> None:
    if is_due(age, took, interval, doubted=doubted):
        assert is_due(age + 1, took, interval, doubted=doubted)
        assert is_due(age, took, interval, doubted=True)


@given(SECONDS, SECONDS, st.booleans())
def test_it_is_due_at_the_latest_when_both_times_have_passed(
    took: float, interval: float, doubted: bool
) -> None:
    assert is_due(max(took * REST, interval) + 1, took, interval, doubted=doubted)


@given(SECONDS, SECONDS, SECONDS)
def test_it_never_takes_more_than_its_share_of_the_time(age: float, took: float, interval: float) -> None:
    if is_due(age, took, interval, doubted=True):
        assert age + 1e-6 >= took * REST


MAPPING = Mapping(
    "my-org", SourceRef("https://gitea.example", "my-org"), TargetRef("https://devpi.example", "root/prod")
)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"source": SourceRef("https://gitea.example", "other")}, id="owner"),
        pytest.param({"source": SourceRef("https://other.example", "my-org")}, id="gitea"),
        pytest.param({"target": TargetRef("https://devpi.example", "root/test")}, id="index"),
        pytest.param({"target": TargetRef("https://other.example", "root/prod")}, id="devpi"),
        pytest.param({"selection": Selection(repositories=frozenset())}, id="no repository"),
        pytest.param({"selection": Selection(repositories=frozenset({"a"}))}, id="a repository"),
        pytest.param({"selection": Selection(include_archived=True)}, id="archived ones"),
        pytest.param({"selection": Selection(project_allow=("a*",))}, id="allowed projects"),
        pytest.param({"selection": Selection(project_deny=("a*",))}, id="denied projects"),
        pytest.param({"selection": Selection(file_deny=("*.zip",))}, id="denied files"),
    ],
)
def test_a_mapping_that_copies_something_else_or_elsewhere_has_another_rule(change: dict[str, Any]) -> None:
    assert rule_of(replace(MAPPING, **change)) != rule_of(MAPPING)


def test_how_often_a_mapping_is_looked_at_is_no_part_of_its_rule() -> None:
    assert rule_of(replace(MAPPING, interval=1.0, full_interval=2.0)) == rule_of(MAPPING)


@given(st.permutations(["a", "b", "owner/c", "d", "e", "f", "g"]))
def test_a_rule_reads_the_same_in_every_process(names: list[str]) -> None:
    """A set has another order in each of them."""
    one, other = (
        replace(MAPPING, selection=Selection(repositories=frozenset(order))) for order in (names, names[::-1])
    )
    assert rule_of(one) == rule_of(other)
    assert "['a', 'b', 'd', 'e', 'f', 'g', 'owner/c']" in rule_of(one)
