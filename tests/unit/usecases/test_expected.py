"""A Plan that was made before is carried out exactly, whoever plans its Run, or not at all."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from syncer.core.known import Ruling, Verdict
from syncer.core.look import rule_of
from syncer.core.model import EVERYTHING, Selection
from syncer.core.planfile import Part, Side
from syncer.core.states import RunOutcome
from syncer.usecases.compare import compare
from syncer.usecases.expected import moved
from tests.support.dists import wheel
from tests.unit.usecases.workplace import MAPPING, Workplace

A, B = wheel("alpha", "1.0"), wheel("beta", "1.0")
OTHER_A = wheel("alpha", "1.0", payload=b"other")


def part_of(place: Workplace, *, force: bool = False) -> Part:
    """The Plan as both sides are now."""
    mapping = place.mappings[MAPPING]
    plan, _ = compare(place.services(), mapping, force=force)
    sides = str(mapping.source), str(mapping.target)
    return Part(MAPPING, *sides, rule_of(mapping), EVERYTHING, force, plan)


def sides(place: Workplace, part: Part) -> list[Side]:
    return [movement.side for movement in moved(place.services(), part)]


def test_what_did_not_move_is_carried_out_and_audited_with_the_plans_digest(place: Workplace) -> None:
    place.publish(A, B)
    part = part_of(place)
    assert sides(place, part) == []
    assert place.sync(expects=part.digest, actor="ann@desk") is RunOutcome.COMPLETE
    assert place.arrived(A, B)
    record = place.ledger.audit.read()[0]
    assert (record.action, record.actor) == ("apply", "ann@desk")
    assert json.loads(record.detail)["plan"] == part.digest


def test_a_plan_is_the_same_whether_the_target_is_listed_or_known_not_to_have_changed(
    place: Workplace,
) -> None:
    place.publish(A, B)
    place.sync()
    place.sync()
    asked = len(place.target.asked)
    part = part_of(place)
    assert place.target.asked[asked:] == ["alpha", "beta"]
    assert place.sync(expects=part.digest) is RunOutcome.COMPLETE
    assert len(place.target.asked) == asked + 2  # the Run itself relied on the unchanged state


def test_what_moves_between_the_comparison_and_the_run_fails_the_run_and_nothing_is_done(
    place: Workplace,
) -> None:
    place.publish(A)
    part = part_of(place)
    place.publish(B)
    assert place.sync(expects=part.digest) is RunOutcome.FAILED
    assert place.run(1).error_code == "plan_moved"
    assert place.target.stored == []
    assert place.ledger.runs.knows(MAPPING) is False


def test_what_moved_at_the_source_is_told(place: Workplace) -> None:
    place.publish(A)
    part = part_of(place)
    place.publish(B)
    (movement,) = moved(place.services(), part)
    assert str(movement) == f"source: beta/{B.filename}: it is there now, and was not when the plan was made"


def test_what_moved_at_the_target_is_told(place: Workplace) -> None:
    place.publish(A)
    part = part_of(place)
    place.sync()
    assert sides(place, part) == [Side.TARGET]


def test_another_rule_of_the_configuration_is_told_before_anybody_is_asked(place: Workplace) -> None:
    place.publish(A)
    part = part_of(place)
    place.mappings[MAPPING] = replace(place.mappings[MAPPING], selection=Selection(file_deny=("*.whl",)))
    asked = len(place.target.asked)
    (movement,) = moved(place.services(), part)
    assert movement.side is Side.CONFIGURATION
    assert "*.whl" in movement.text
    assert len(place.target.asked) == asked


def test_a_mapping_that_is_gone_is_told(place: Workplace) -> None:
    part = part_of(place)
    del place.mappings[MAPPING]
    assert sides(place, part) == [Side.CONFIGURATION]


@pytest.mark.parametrize("verdict", Verdict)
def test_a_ruling_since_then_is_told(place: Workplace, verdict: Verdict) -> None:
    place.target.volatile = True
    place.publish(OTHER_A)
    place.sync()
    place.sources[MAPPING].remove(place.sources[MAPPING].list().files[0])
    place.publish(A)
    part = part_of(place)
    contest = ("alpha", A.filename, A.sha256, OTHER_A.sha256)
    place.ledger.rulings.rule(MAPPING, contest, Ruling(verdict, "because", "ann@desk"), place.now)
    (movement,) = moved(place.services(), part)
    assert movement.side is Side.DECISION
    assert "because" in movement.text
