"""Reading back: only what an installer is shown counts as copied."""

from __future__ import annotations

import pytest

from syncer.core.errors import ListingIncomplete, RemoteUnavailable, SyncerError, TargetMissing, Unauthorized
from syncer.core.states import RunOutcome
from syncer.usecases.verify import verify
from tests.support.dists import sdist, wheel
from tests.support.ports import Accident, Happening
from tests.unit.usecases.workplace import Workplace

A, B = wheel("alpha", "1.0", requires_python=">=3.9,<4"), wheel("beta", "1.0")
TROUBLE = ("It failed.", "It is broken.", "Mend it.")
KEY = ("alpha", A.filename)


def once(call: str, do: Accident) -> Accident:
    """Something that happens at the first call of that name."""
    left = [do]

    def accident(called: str) -> None:
        if called == call and left:
            left.pop()(called)

    return accident


def test_a_file_is_copied_only_after_it_was_read_back(place: Workplace) -> None:
    place.publish(A)
    seen: list[str] = []

    def look(call: str) -> None:
        if call in {"target.upload done", "target.read_back", "target.read_back done"}:
            seen.append(place.outcome(A))

    assert place.sync(look) is RunOutcome.COMPLETE
    assert seen == ["uploading", "uploaded", "uploaded"]
    assert place.outcome(A) == "copied"


def test_a_project_is_read_back_once_for_all_its_files(place: Workplace) -> None:
    place.publish(A, sdist("alpha", "1.0", requires_python=">=3.9,<4"), wheel("alpha", "2.0"), B)
    calls: list[str] = []
    assert place.sync(calls.append) is RunOutcome.COMPLETE
    assert calls.count("target.read_back") == 2


def test_a_project_with_nothing_to_read_back_is_not_asked_for(place: Workplace) -> None:
    verify(place.services(Happening("target.read_back", AssertionError())), "my-org", "alpha")
    assert place.target.stored == []


def test_a_file_that_is_not_shown_is_uploaded_again(place: Workplace) -> None:
    place.publish(A)
    vanish = once("target.read_back", lambda _: place.target.files.clear())
    run, messages = place.plan()
    place.carry(messages, vanish)
    assert (place.outcome(A), place.transfer(A).error_code) == ("ready", "remote_unavailable")
    assert place.ledger.runs.state(run)[1] is None
    assert place.recover(run) is RunOutcome.COMPLETE
    assert place.target.stored == [A.filename] * 2


def test_other_bytes_under_the_name_are_a_conflict(place: Workplace) -> None:
    place.publish(A, B)

    def replaced(_: str) -> None:
        place.target.files[KEY].sha256 = "f" * 64

    assert place.sync(once("target.read_back", replaced)) is RunOutcome.INCOMPLETE
    assert (place.outcome(A), place.outcome(B)) == ("conflict", "copied")
    assert "f" * 64 in place.transfer(A).error


@pytest.mark.parametrize("shown", [">=3.9", "", "not a specifier"])
def test_another_requires_python_is_not_believed_until_it_is_right(place: Workplace, shown: str) -> None:
    place.publish(A)

    def changed(_: str) -> None:
        place.target.requires_python["alpha", "1.0"] = shown

    run, messages = place.plan()
    place.carry(messages, once("target.read_back", changed))
    assert place.outcome(A) == "uploaded"
    assert place.recover(run) is RunOutcome.INCOMPLETE
    assert "Requires-Python" in place.transfer(A).error
    place.target.requires_python["alpha", "1.0"] = ">=3.9,<4"
    place.wait(600)
    assert place.recover(place.plan()[0]) is RunOutcome.COMPLETE
    assert place.outcome(A) == "copied"


@pytest.mark.parametrize("shown", ["<4,>=3.9", " >=3.9 , <4 "])
def test_a_requires_python_that_means_the_same_is_the_same(place: Workplace, shown: str) -> None:
    place.publish(A)

    def changed(_: str) -> None:
        place.target.requires_python["alpha", "1.0"] = shown

    assert place.sync(once("target.read_back", changed)) is RunOutcome.COMPLETE


@pytest.mark.parametrize(
    "error",
    [
        RemoteUnavailable(*TROUBLE),
        ListingIncomplete(*TROUBLE),
        Unauthorized(*TROUBLE),
        TargetMissing(*TROUBLE),
    ],
    ids=lambda error: error.code,
)
def test_what_cannot_be_read_back_now_is_read_back_later(place: Workplace, error: SyncerError) -> None:
    place.publish(A, B)
    run, messages = place.plan()
    place.carry(messages, Happening("target.read_back", error))
    assert {place.outcome(A), place.outcome(B)} == {"uploaded", "copied"}
    assert place.ledger.runs.state(run)[1] is None
    assert place.recover(run) is RunOutcome.COMPLETE
    assert len(place.target.stored) == 2


def test_a_target_that_stays_away_lets_the_run_end_as_incomplete(place: Workplace) -> None:
    place.publish(A)
    run, messages = place.plan()
    place.carry(messages, Happening("target.read_back", *[RemoteUnavailable(*TROUBLE)] * 9))
    place.target.broken = RemoteUnavailable(*TROUBLE)
    assert place.recover(run) is RunOutcome.INCOMPLETE
    assert place.outcome(A) == "uploaded"
    place.target.broken = None
    place.wait(600)
    assert place.recover(place.plan()[0]) is RunOutcome.COMPLETE
    assert place.outcome(A) == "copied"


def test_a_mapping_that_was_removed_is_not_believed(place: Workplace) -> None:
    place.publish(A)
    run, messages = place.plan()
    place.carry(messages, once("target.upload done", lambda _: place.mappings.clear()))
    assert (place.outcome(A), place.transfer(A).error_code) == ("uploaded", "mapping_broken")
    assert place.recover(run) is RunOutcome.INCOMPLETE


def test_a_defect_of_ours_is_recorded_and_holds_nothing_else_up(place: Workplace) -> None:
    place.publish(A)
    run, messages = place.plan()
    with pytest.raises(ZeroDivisionError):
        place.carry(messages, Happening("target.read_back", ZeroDivisionError("secret")))
    assert (place.outcome(A), place.transfer(A).error_code) == ("uploaded", "unexpected")
    place.publish(B, name="my-org")
    assert place.recover(run) is RunOutcome.COMPLETE
    assert place.sync() is RunOutcome.COMPLETE
    assert place.arrived(A, B)
