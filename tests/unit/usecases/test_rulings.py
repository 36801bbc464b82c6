"""A person decides about other bytes under a name, and exactly that is done."""

from __future__ import annotations

import pytest

from syncer.adapters.members import read_members
from syncer.core.audit import Action
from syncer.core.errors import RemoteUnavailable
from syncer.core.known import Contest, Ruling, Verdict
from syncer.core.states import RunOutcome
from syncer.queries.conflicts import ConflictState, conflict
from syncer.usecases import contents
from syncer.usecases.contents import compare_contents
from syncer.usecases.reasons import DecisionRefused
from syncer.usecases.rulings import rule
from tests.support.dists import Dist, wheel
from tests.support.ports import Happening, Held
from tests.unit.usecases.workplace import MAPPING, Workplace, deliver, staged

OURS, THEIRS, OTHERS = (wheel("alpha", "1.0", payload=payload) for payload in (b"", b"theirs", b"others"))
CONTEST: Contest = ("alpha", OURS.filename, OURS.sha256, THEIRS.sha256)


def hold(place: Workplace, dist: Dist) -> None:
    """Somebody else puts the file there."""
    place.target.files["alpha", dist.filename] = Held("1.0", dist.sha256)
    place.target.contents[dist.sha256] = dist.content
    place.target.requires_python["alpha", "1.0"] = ""


def held(place: Workplace) -> str:
    return place.target.files["alpha", OURS.filename].sha256


def decide(place: Workplace, verdict: Verdict, contest: Contest = CONTEST) -> None:
    request = rule(place.services(), MAPPING, contest, Ruling(verdict, "so be it", "ann@desk"), "cli")
    assert (request.mapping, request.actor, request.scope.project) == (MAPPING, "ann@desk", "alpha")


def contested(place: Workplace) -> None:
    place.target.volatile = True
    hold(place, THEIRS)
    place.publish(OURS)
    assert place.sync() is RunOutcome.INCOMPLETE


def test_approved_the_bytes_are_replaced_and_rejected_they_stay(place: Workplace) -> None:
    contested(place)
    decide(place, Verdict.REJECTED)
    assert place.sync() is RunOutcome.COMPLETE
    assert held(place) == THEIRS.sha256
    decide(place, Verdict.APPROVED)
    assert place.sync() is RunOutcome.COMPLETE
    assert held(place) == OURS.sha256
    actions = [record.action for record in place.ledger.audit.read()]
    assert actions == [Action.REJECT, Action.APPROVE, Action.UPLOAD]


def test_a_third_content_that_came_after_the_decision_is_not_replaced(place: Workplace) -> None:
    contested(place)
    decide(place, Verdict.APPROVED)
    hold(place, OTHERS)
    assert place.sync() is RunOutcome.INCOMPLETE
    assert held(place) == OTHERS.sha256


@pytest.mark.parametrize("force", [True, False], ids=["forced", "approved"])
def test_a_third_content_that_came_after_the_plan_is_not_replaced_either(
    place: Workplace, force: bool
) -> None:
    contested(place)
    if not force:
        decide(place, Verdict.APPROVED)
    staged(place, force=force)
    hold(place, OTHERS)
    deliver(place, OURS)
    assert (held(place), place.outcome(OURS)) == (OTHERS.sha256, "conflict")
    assert place.sync(force=True) is RunOutcome.COMPLETE
    assert held(place) == OURS.sha256


@pytest.mark.parametrize(
    ("contest", "reason"),
    [
        pytest.param(CONTEST, " \n", id="no reason"),
        pytest.param(CONTEST, "x" * 1001, id="a book"),
        pytest.param((*CONTEST[:3], ""), "so", id="of what is not known"),
    ],
)
def test_a_decision_that_makes_no_sense_is_not_recorded(
    place: Workplace, contest: Contest, reason: str
) -> None:
    with pytest.raises(DecisionRefused):
        rule(place.services(), MAPPING, contest, Ruling(Verdict.APPROVED, reason, "ann@desk"), "cli")
    assert (place.ledger.audit.head(), place.ledger.rulings.known(MAPPING).rulings) == (None, {})


def test_both_files_are_fetched_and_compared(place: Workplace) -> None:
    contested(place)
    found = conflict(place.database, MAPPING, "alpha", OURS.filename)
    assert found is not None
    assert (found.state, found.contest) == (ConflictState.OPEN, CONTEST)
    compared = compare_contents(place.services(), read_members, MAPPING, found.file)
    assert compared.is_whole
    assert (compared.source.served_sha256, compared.target.served_sha256) == (OURS.sha256, THEIRS.sha256)
    assert compared.members is not None
    assert [name for name, _ in compared.members.only_target] == ["alpha/payload.bin"]
    assert {field.name: field.differs for field in compared.fields}["name"] is False


def test_what_cannot_be_compared_is_told(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    contested(place)
    found = conflict(place.database, MAPPING, "alpha", OURS.filename)
    assert found is not None
    away = Happening("source.fetch", RemoteUnavailable("Gitea is away.", "It is down.", "Wait."))
    compared = compare_contents(place.services(away), read_members, MAPPING, found.file)
    assert ("Gitea is away" in compared.source.problem, compared.members, compared.is_whole) == (
        True,
        None,
        False,
    )
    place.target.contents[THEIRS.sha256] = b"garbage"
    compared = compare_contents(place.services(), read_members, MAPPING, found.file)
    assert "no readable archive" in compared.target.problem
    assert compared.target.served_sha256 != compared.target.sha256
    del place.target.files["alpha", OURS.filename]
    compared = compare_contents(place.services(), read_members, MAPPING, found.file)
    assert "no file of this name" in compared.target.problem
    monkeypatch.setattr(contents, "LARGEST", 10)
    compared = compare_contents(place.services(), read_members, MAPPING, found.file)
    assert "larger than" in compared.source.problem
