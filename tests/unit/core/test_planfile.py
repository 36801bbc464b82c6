"""A Plan as a document: read as it was written, refused after any change, and held against another Plan."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.core.errors import NotGenuine
from syncer.core.model import DistributionFile, Listing, Scope, Selection
from syncer.core.plan import Decision, DecisionKind, Plan, Terms, make_plan
from syncer.core.planfile import FORMAT, Part, PlanFile, Side, movements, read, write

A, B, C = "a" * 64, "b" * 64, "c" * 64
WHEEL = DistributionFile(
    "alpha", "1.0", "alpha-1.0-py3-none-any.whl", A, 12, ">=3.9", "alpha/1.0/x", "o/r", release_id=7
)
SDIST = DistributionFile("beta", "2.0", "beta-2.0.tar.gz", B, archived=True)


def plan_of(*files: DistributionFile, target: tuple[DistributionFile, ...] = (), **terms: Any) -> Plan:
    return make_plan(Listing(files), Listing(target), Selection(include_archived=True), Terms(**terms))


PART = Part(
    "acme",
    "gitea:x/o",
    "devpi:y/u/i",
    "('rule',)",
    Scope("alpha"),
    False,
    plan_of(WHEEL, SDIST),
    2,
    2,
    True,
    "7",
)
FILE = PlanFile(datetime(2026, 3, 1, 12, tzinfo=UTC), (PART, replace(PART, mapping="other", force=True)))
TEXT = write(FILE)

texts = st.text(max_size=12)
numbers = st.none() | st.integers(0, 2**53)
files = st.builds(
    DistributionFile, texts, texts, texts, texts, numbers, texts, texts, texts, st.booleans(), numbers
)
decisions = st.builds(Decision, files, st.sampled_from(DecisionKind), texts, texts, st.booleans())
plans = st.lists(decisions, max_size=3).map(lambda found: Plan(tuple(found)))
parts = st.builds(
    Part, texts, texts, texts, texts, st.builds(Scope, texts, texts), st.booleans(), plans, numbers, numbers
)


@given(st.lists(parts, max_size=2))
def test_what_was_written_is_read_as_it_was(found: list[Part]) -> None:
    file = PlanFile(FILE.made_at, tuple(found))
    assert read(write(file)) == file


@given(place=st.integers(0, len(TEXT) - 1), char=st.characters(codec="utf-8"))
def test_any_changed_character_is_refused(place: int, char: str) -> None:
    changed = TEXT[:place] + char + TEXT[place + 1 :]
    if changed == TEXT:
        return
    with pytest.raises(NotGenuine):
        read(changed)


@given(place=st.integers(0, len(TEXT) - 1))
def test_any_missing_character_is_refused(place: int) -> None:
    with pytest.raises(NotGenuine):
        read(TEXT[:place] + TEXT[place + 1 :])


def edited(change: dict[str, Any]) -> str:
    return json.dumps({**json.loads(TEXT), **change}, indent=1) + "\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "no JSON", id="nothing"),
        pytest.param("[" * 100_000, "no JSON", id="too deep"),
        pytest.param("[]", "another version", id="another document"),
        pytest.param(edited({"format": f"{FORMAT}0"}), "another version", id="another version"),
        pytest.param(edited({"plans": []}), "changed after", id="all plans taken out"),
        pytest.param(edited({"plans": [1]}), "what it has to be", id="no plan in it"),
        pytest.param(edited({"digest": "0" * 64}), "changed after", id="another digest"),
        pytest.param(TEXT.replace('"force": false', '"force": 0'), "what it has to be", id="another kind"),
        pytest.param(TEXT.replace("alpha-1.0-py3", "alpha-1.1-py3"), "changed after", id="another file"),
    ],
)
def test_what_is_no_plan_is_refused_with_its_reason(text: str, said: str) -> None:
    with pytest.raises(NotGenuine, match=said):
        read(text)


@given(plans)
def test_nothing_has_moved_between_a_plan_and_itself(plan: Plan) -> None:
    assert movements(plan, plan) == ()


@given(plans, plans)
def test_two_plans_of_one_digest_have_no_movement_between_them(one: Plan, other: Plan) -> None:
    same = replace(PART, plan=one).digest == replace(PART, plan=other).digest
    assert not (same and movements(one, other))


BEFORE = plan_of(WHEEL, SDIST)
SITUATIONS = [
    pytest.param(plan_of(WHEEL), Side.SOURCE, "beta", "not there any more", id="a file left the source"),
    pytest.param(
        plan_of(WHEEL, SDIST, replace(SDIST, filename="beta-2.0.zip")),
        Side.SOURCE,
        "beta",
        "is there now",
        id="new",
    ),
    pytest.param(plan_of(replace(WHEEL, sha256=C), SDIST), Side.SOURCE, "alpha", f"is {C}", id="other bytes"),
    pytest.param(
        plan_of(replace(WHEEL, release_id=8), SDIST),
        Side.SOURCE,
        "alpha",
        "release_id was 7",
        id="again published",
    ),
    pytest.param(
        plan_of(WHEEL, SDIST, target=(WHEEL,)),
        Side.TARGET,
        "alpha",
        f"holds sha256 {A}",
        id="it came to the target",
    ),
    pytest.param(
        plan_of(WHEEL, SDIST, target=(replace(WHEEL, sha256=C),)),
        Side.TARGET,
        "alpha",
        C,
        id="others came there",
    ),
]


@pytest.mark.parametrize(("now", "side", "project", "said"), SITUATIONS)
def test_what_moved_is_told_by_side_and_file(now: Plan, side: Side, project: str, said: str) -> None:
    found = movements(BEFORE, now)
    assert [movement.side for movement in found] == [side]
    assert found[0].file.startswith(f"{project}/")
    assert said in str(found[0])


def test_a_decision_that_both_sides_do_not_explain_is_told_as_one() -> None:
    other = (replace(WHEEL, sha256=C),)
    before, now = plan_of(WHEEL, target=other), plan_of(WHEEL, target=other, force=True, volatile=True)
    found = movements(before, now)
    assert [movement.side for movement in found] == [Side.DECISION]
    assert "conflict" in found[0].text
    assert "forced" in found[0].text


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(PART, rule="other"), id="rule"),
        pytest.param(replace(PART, force=True), id="force"),
        pytest.param(replace(PART, scope=Scope()), id="scope"),
        pytest.param(replace(PART, plan=plan_of(WHEEL)), id="plan"),
    ],
)
def test_the_digest_of_a_plan_covers_what_a_run_is_asked_for(other: Part) -> None:
    assert other.digest != PART.digest
