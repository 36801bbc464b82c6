"""Uploading: through one of few lanes, and whatever happens is recorded."""

from __future__ import annotations

import pytest

from syncer.core.errors import (
    ContentConflict,
    RateLimited,
    RemoteUnavailable,
    SyncerError,
    TargetMissing,
    Unauthorized,
    UploadRejected,
)
from syncer.core.states import RunOutcome
from syncer.ports.queue import Message
from syncer.usecases.lane import LANE_BUDGET
from syncer.usecases.leases import LEASE
from tests.support.dists import wheel
from tests.support.ledgers import SERVER
from tests.support.ports import Happening
from tests.unit.usecases.workplace import Workplace, deliver, staged

A, B, C = (wheel(name, "1.0") for name in ("alpha", "beta", "gamma"))
TROUBLE = ("It failed.", "It is broken.", "Mend it.")


def test_a_file_is_uploaded_read_back_and_no_longer_kept(place: Workplace) -> None:
    run, _ = staged(place, A)
    assert deliver(place, A) == []
    assert place.arrived(A)
    assert (place.outcome(A), place.transfer(A).answer) == ("copied", "OK")
    assert place.ledger.runs.state(run)[1] is RunOutcome.COMPLETE
    assert place.staging.find(A.sha256) is None


def test_one_lane_carries_everything_that_is_ready_for_its_server(place: Workplace) -> None:
    staged(place, A, B, C)
    assert deliver(place, B) == []
    assert place.target.stored[0] == B.filename
    assert place.arrived(A, B, C)


def test_the_files_of_one_project_are_kept_apart(place: Workplace) -> None:
    """devpi writes a project's page anew with each of its files."""
    newest = wheel("alpha", "2.0")
    staged(place, A, newest, B, wheel("beta", "2.0"))
    deliver(place, newest)
    projects = [name.partition("-")[0] for name in place.target.stored]
    assert projects == ["alpha", "beta", "alpha", "beta"]


def test_a_transfer_that_is_not_ready_is_left_alone(place: Workplace) -> None:
    place.publish(A)
    place.plan()
    assert deliver(place, A, Happening("lanes.acquire", AssertionError())) == []


def test_bytes_that_this_host_does_not_have_are_fetched_here(place: Workplace) -> None:
    staged(place, A)
    place.staging.discard(A.sha256)
    deliver(place, A)
    assert (place.arrived(A), place.outcome(A)) == (True, "copied")


def test_bytes_that_were_lost_here_and_at_the_source_are_gone(place: Workplace) -> None:
    staged(place, A, B)
    place.staging.discard(A.sha256)
    place.source.remove(place.source.list().files[0])
    deliver(place, A)
    assert (place.outcome(A), place.outcome(B)) == ("gone", "copied")


# Lanes


def test_when_all_lanes_are_taken_their_holders_do_the_work(place: Workplace) -> None:
    staged(place, A, B)
    lanes = place.ledger.lanes
    lane, _ = (lanes.acquire(SERVER, 2, holder, place.now, LEASE) for holder in ("one", "two"))
    assert deliver(place, A) == []
    assert place.target.stored == []
    assert lane is not None
    lanes.release(lane)
    deliver(place, B)
    assert place.arrived(A, B)


def test_a_lane_is_given_back_whatever_happens(place: Workplace) -> None:
    staged(place, A)
    with pytest.raises(ZeroDivisionError):
        deliver(place, A, Happening("target.upload", ZeroDivisionError()))
    for holder in ("one", "two"):
        assert place.ledger.lanes.acquire(SERVER, 2, holder, place.now, LEASE) is not None


def test_what_became_ready_at_the_last_moment_finds_a_worker(place: Workplace) -> None:
    """Its own message came while the lanes were taken; the lane's holder had looked around already."""
    _, messages = staged(place, A)
    later: list[Message] = []

    def comes_late(call: str) -> None:
        if call == "lanes.release":
            later.extend(staged(place, B, name="other")[1])

    place.add_mapping("other")
    found = deliver(place, A, comes_late)
    assert [message.ids for message in found] == [message.ids for message in later]
    assert messages


def test_a_lane_hands_over_to_a_new_task_before_its_time_is_up(place: Workplace) -> None:
    staged(place, A, B, C)

    def takes_long(call: str) -> None:
        if call == "target.upload":
            place.wait(LANE_BUDGET * 0.6)

    found = deliver(place, A, takes_long)
    assert len(place.target.stored) == 2
    assert [message.task for message in found] == ["upload"]
    place.carry(found)
    assert place.arrived(A, B, C)


def test_a_worker_that_is_being_stopped_begins_nothing_new(place: Workplace) -> None:
    staged(place, A)
    place.stopping = True
    (message,) = deliver(place, A)
    assert (message.ids, place.target.stored) == ({"transfer": place.transfer(A).id}, [])
    place.stopping = False
    place.carry([message])
    assert place.arrived(A)


# Failures


@pytest.mark.parametrize("call", ["target.probe", "target.upload"])
@pytest.mark.parametrize(
    "error",
    [
        RemoteUnavailable(*TROUBLE),
        RateLimited(*TROUBLE, retry_after=3),
        Unauthorized(*TROUBLE),
        TargetMissing(*TROUBLE),
    ],
    ids=lambda error: error.code,
)
def test_trouble_puts_an_upload_off_and_it_is_tried_again(
    place: Workplace, call: str, error: SyncerError
) -> None:
    run, _ = staged(place, A)
    deliver(place, A, Happening(call, error))
    assert (place.outcome(A), place.transfer(A).error_code) == ("ready", error.code)
    assert place.transfer(A).next_attempt_at > place.now
    assert place.target.stored == []
    assert place.recover(run) is RunOutcome.COMPLETE
    assert place.target.stored == [A.filename]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        pytest.param(UploadRejected(*TROUBLE, status=413), "rejected", id="rejected"),
        pytest.param(ContentConflict(*TROUBLE), "conflict", id="conflict"),
    ],
)
def test_a_file_that_the_target_refuses_ends_alone(
    place: Workplace, error: SyncerError, outcome: str
) -> None:
    run, _ = staged(place, A, B)
    deliver(place, A, Happening("target.upload", error))
    assert (place.outcome(A), place.outcome(B)) == (outcome, "copied")
    assert (place.transfer(A).error, place.transfer(A).next_step) == ("It failed. It is broken.", "Mend it.")
    assert place.ledger.runs.state(run)[1] is RunOutcome.INCOMPLETE
    assert place.staging.find(A.sha256) is None


def test_a_defect_of_ours_is_recorded_and_raised_and_the_file_is_tried_again(place: Workplace) -> None:
    run, _ = staged(place, A)
    with pytest.raises(ZeroDivisionError):
        deliver(place, A, Happening("target.upload", ZeroDivisionError("secret")))
    assert place.transfer(A).error_code == "unexpected"
    assert "secret" not in place.transfer(A).error
    assert place.recover(run) is RunOutcome.COMPLETE


def test_a_server_that_fails_is_not_asked_again_in_the_same_moment(place: Workplace) -> None:
    staged(place, A, B)
    (message, *_) = deliver(place, A, Happening("target.upload", RemoteUnavailable(*TROUBLE)))
    assert (message.ids, message.delay > 0) == ({"transfer": place.transfer(B).id}, True)
    assert place.target.stored == []


def test_a_mapping_that_is_broken_does_not_hold_up_another_of_the_same_server(place: Workplace) -> None:
    place.add_mapping("other")
    staged(place, A)
    staged(place, B, name="other")
    place.targets["my-org"].broken = TargetMissing(*TROUBLE)
    deliver(place, A)
    assert place.arrived(B, name="other")
    assert place.transfer(A).error_code == "target_missing"


def test_a_mapping_that_was_removed_does_not_hold_up_another(place: Workplace) -> None:
    place.add_mapping("other")
    staged(place, A)
    staged(place, B, name="other")
    del place.mappings["my-org"]
    deliver(place, A)
    assert place.arrived(B, name="other")
    assert place.transfer(A).error_code == "mapping_broken"


def test_a_worker_that_lost_its_claim_writes_nothing(place: Workplace) -> None:
    """It slept until another one had uploaded the file."""
    run, _ = staged(place, A)

    def sleeps(call: str) -> None:
        if call == "target.upload done" and len(place.target.stored) == 1:
            place.wait(LEASE + 1)
            place.ledger.transfers.free_expired(place.now)
            place.ledger.transfers.claim(SERVER, place.worker, place.now, LEASE)

    deliver(place, A, sleeps)
    assert (place.outcome(A), place.transfer(A).attempt) == ("uploading", 2)
    assert place.recover(run) is RunOutcome.COMPLETE
    assert place.target.stored == [A.filename]
