"""Discovering a Mapping: a Plan is recorded as a whole, or the Run has failed and says why."""

from __future__ import annotations

import pytest

from syncer.adapters.database.schema import DecisionRow, TransferRow
from syncer.core.errors import (
    ListingIncomplete,
    RateLimited,
    RemoteUnavailable,
    SourceMissing,
    SyncerError,
    TargetMissing,
    Unauthorized,
)
from syncer.core.model import Scope
from syncer.core.states import RunOutcome, RunState
from syncer.ports.claims import RunRequest
from syncer.usecases.discover import discover, request_run
from syncer.usecases.leases import LEASE
from tests.support.dists import sdist, wheel
from tests.support.ports import Happening
from tests.unit.usecases.workplace import Workplace

A, B = wheel("alpha", "1.0"), wheel("beta", "1.0")
OTHER_A = wheel("alpha", "1.0", payload=b"other")
TROUBLE = ("It failed.", "It is broken.", "Mend it.")


def test_what_is_to_be_copied_is_asked_for(place: Workplace) -> None:
    place.publish(A, B)
    run, messages = place.plan()
    assert {message.ids["sha256"] for message in messages} == {A.sha256, B.sha256}
    assert {message.task for message in messages} == {"download"}
    assert place.ledger.runs.state(run) == (RunState.TRANSFERRING, None)


def test_a_run_with_nothing_to_do_is_complete_at_once(place: Workplace) -> None:
    place.publish(A)
    assert place.sync() is RunOutcome.COMPLETE
    assert place.plan() == (2, [])
    assert place.ledger.runs.state(2) == (RunState.FINISHED, RunOutcome.COMPLETE)
    assert place.target.stored == [A.filename]


def test_each_project_is_asked_for_once(place: Workplace) -> None:
    place.publish(A, B, wheel("alpha", "2.0"), sdist("alpha", "2.0"))
    place.plan()
    assert place.target.asked == ["alpha", "beta"]


def test_a_target_is_not_asked_for_what_is_not_wanted(place: Workplace) -> None:
    place.plan()
    assert place.target.asked == []


def test_only_the_scope_is_planned(place: Workplace) -> None:
    place.publish(A, B)
    _, messages = place.plan(scope=Scope("beta"))
    assert [message.ids for message in messages] == [{"sha256": B.sha256}]
    assert place.target.asked == ["beta"]


def test_a_file_that_the_target_s_base_holds_is_copied_all_the_same(place: Workplace) -> None:
    place.publish(A)
    base = place.target
    assert place.sync() is RunOutcome.COMPLETE
    place.targets["my-org"] = type(base)(bases=(base,))
    assert place.sync() is RunOutcome.COMPLETE
    assert place.arrived(A)


@pytest.mark.parametrize("call", ["source.list", "target.probe", "target.list"])
@pytest.mark.parametrize(
    "error",
    [
        RemoteUnavailable(*TROUBLE),
        RateLimited(*TROUBLE, retry_after=30),
        ListingIncomplete(*TROUBLE),
        Unauthorized(*TROUBLE),
        SourceMissing(*TROUBLE),
        TargetMissing(*TROUBLE),
    ],
    ids=lambda error: error.code,
)
def test_a_side_that_cannot_be_read_fails_the_run_and_changes_nothing(
    place: Workplace, call: str, error: SyncerError
) -> None:
    """An error is never taken for an empty listing: what was known stays known."""
    place.publish(A)
    place.sync()
    place.source.publish(B)
    run, messages = place.plan(Happening(call, error))
    assert messages == []
    assert (place.run(run).outcome, place.run(run).error_code) == ("failed", error.code)
    assert (place.run(run).error, place.run(run).next_step) == ("It failed. It is broken.", "Mend it.")
    assert place.arrived(A)
    place.wait(60)
    assert place.sync() is RunOutcome.COMPLETE
    assert place.arrived(A, B)


def test_a_defect_of_ours_fails_the_run_and_is_raised(place: Workplace) -> None:
    run = place.request()
    with pytest.raises(ZeroDivisionError):
        discover(place.services(Happening("target.list", ZeroDivisionError("secret"))), run, place.worker)
    row = place.run(run)
    assert (row.outcome, row.error_code) == ("failed", "unexpected")
    assert "ZeroDivisionError" in row.error
    assert "secret" not in row.error
    assert place.sync() is RunOutcome.COMPLETE


def test_a_mapping_that_is_not_configured_fails_its_run(place: Workplace) -> None:
    run = place.request()
    del place.mappings["my-org"]
    assert discover(place.services(), run, place.worker) == []
    assert (place.run(run).outcome, place.run(run).error_code) == ("failed", "mapping_broken")


def test_a_run_that_waited_is_started_by_the_end_of_the_one_before(place: Workplace) -> None:
    place.publish(A)
    _, messages = place.plan()
    waiting = place.request()
    assert discover(place.services(), waiting, place.worker) == []
    assert place.ledger.runs.state(waiting) == (RunState.REQUESTED, None)
    place.carry(messages)
    assert place.ledger.runs.state(waiting) == (RunState.FINISHED, RunOutcome.COMPLETE)


def test_a_run_that_another_worker_plans_is_left_to_it(place: Workplace) -> None:
    run = place.request()
    assert place.ledger.runs.claim(run, place.worker, place.now, LEASE) is not None
    assert discover(place.services(), run, place.worker) == []
    assert place.target.asked == []


def test_a_planner_that_lost_its_run_records_nothing(place: Workplace) -> None:
    """It slept until another one had taken the Run."""
    place.publish(A)
    run = place.request()

    def sleeps(call: str) -> None:
        if call == "target.list done":
            place.wait(LEASE + 1)
            assert place.ledger.runs.claim(run, place.worker, place.now, LEASE) is not None

    assert discover(place.services(sleeps), run, place.worker) == []
    with place.database.read() as session:
        assert session.query(DecisionRow).count() == session.query(TransferRow).count() == 0
    assert place.recover(run) is RunOutcome.COMPLETE


def test_a_schedule_asks_for_no_second_run(place: Workplace) -> None:
    place.request()
    assert request_run(place.services(), RunRequest("my-org")) is None


@pytest.mark.parametrize(("volatile", "overwritten"), [(True, True), (False, False)])
def test_force_overwrites_only_where_files_may_be_replaced(
    place: Workplace, volatile: bool, overwritten: bool
) -> None:
    place.target.volatile = volatile
    place.publish(OTHER_A)
    place.sync()
    place.source.publish(A)
    outcome = place.sync(force=True)
    assert place.arrived(A if overwritten else OTHER_A)
    assert (outcome is RunOutcome.COMPLETE) == overwritten


def test_without_force_other_bytes_are_a_conflict_on_any_index(place: Workplace) -> None:
    for volatile in (True, False):
        place.target.volatile = volatile
        place.source.publish(OTHER_A)
        place.sync()
        place.source.publish(A)
        assert place.sync() is RunOutcome.INCOMPLETE
        assert place.arrived(OTHER_A)


def test_a_dry_run_finds_everything_and_does_nothing(place: Workplace) -> None:
    place.publish(A)
    assert place.sync(dry_run=True) is RunOutcome.PLANNED
    assert place.target.stored == []


@pytest.mark.parametrize(
    "scope", [Scope("misspelt"), Scope("alpha", "9.9")], ids=["no such project", "no such version"]
)
def test_what_does_not_exist_is_never_called_complete(place: Workplace, scope: Scope) -> None:
    place.publish(A)
    run, messages = place.plan(scope=scope)
    assert messages == []
    assert place.ledger.runs.state(run) == (RunState.FINISHED, RunOutcome.FAILED)


def test_a_registry_that_is_suddenly_empty_is_believed_by_a_person_only(place: Workplace) -> None:
    """Nothing is green meanwhile, and what was known stays known."""
    place.publish(A)
    place.sync()
    for file in list(place.source.list().files):
        place.source.remove(file)
    assert place.sync(trigger="schedule") is RunOutcome.FAILED
    assert place.ledger.runs.knows("my-org")
    assert place.sync() is RunOutcome.COMPLETE
    assert not place.ledger.runs.knows("my-org")
    assert place.sync(trigger="schedule") is RunOutcome.COMPLETE


def test_a_registry_that_always_was_empty_is_complete(place: Workplace) -> None:
    assert place.sync(trigger="schedule") is RunOutcome.COMPLETE
