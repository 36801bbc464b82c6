"""What has ended is wanted again, and bytes that several files are made of are fetched once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncer.core.errors import NotADistribution
from syncer.core.states import STAYS_ENDED, BlobState, Outcome, RunState, TransferState
from tests.ledger.steps import Steps
from tests.support.ledgers import wheel

A, B = wheel("alpha"), wheel("beta")
NEW_A = wheel("alpha", content="other bytes")
BAD = NotADistribution("It is no archive.", "It was cut off.", "Publish it anew.")
SUPERSEDED = (TransferState.ENDED, Outcome.SUPERSEDED)


# Transfers that ended and are wanted again


def ended(world: Steps, outcome: Outcome) -> None:
    run = world.ready(A)
    world.end(A, outcome)
    assert world.settle(run)[0] is RunState.FINISHED


@pytest.mark.parametrize(
    ("trigger", "stay_ended"),
    [("schedule", STAYS_ENDED), ("webhook", STAYS_ENDED), ("call", frozenset()), ("cli", frozenset())],
)
def test_a_copy_that_is_still_to_be_made_is_tried_again(
    world: Steps, trigger: str, stay_ended: frozenset[Outcome]
) -> None:
    """Where the same bytes could only end the same way, only when a person asks."""
    files = {outcome: wheel(outcome.replace("_", "-")) for outcome in Outcome}
    run = world.ready(*files.values())
    for outcome, file in files.items():
        world.end(file, outcome)
    assert world.settle(run)[0] is RunState.FINISHED

    work = world.record(world.planning(trigger), list(files.values()))
    rows = {outcome: world.transfer(file) for outcome, file in files.items()}
    expected = {outcome: outcome if outcome in stay_ended else None for outcome in Outcome}
    assert {outcome: row.outcome for outcome, row in rows.items()} == expected
    again = [row for row in rows.values() if row.outcome is None]
    assert {(row.state, row.ended_at, row.tries, row.deaths) for row in again} == {("ready", None, 0, 0)}
    assert set(work.transfers) == {row.id for row in again}


def test_other_bytes_under_the_same_name_are_tried_by_the_schedule(world: Steps) -> None:
    ended(world, Outcome.CORRUPT)
    assert world.record(world.planning(), [NEW_A]).blobs == (NEW_A.sha256,)


def test_a_transfer_that_is_tried_again_goes_on_numbering_its_attempts(world: Steps) -> None:
    """A claim of long ago must not fit the Transfer again."""
    ended(world, Outcome.GONE)
    world.record(world.planning(), [A])
    assert world.uploading().attempt == 2


def test_bytes_that_were_refused_are_fetched_anew_when_a_person_asks(world: Steps) -> None:
    run = world.planned([A])
    world.refuse(A.sha256, BAD)
    world.settle(run)
    assert world.blob_state(A) is BlobState.REFUSED
    work = world.record(world.planning("cli"), [A])
    assert (work.blobs, world.blob(A).tries, world.blob_state(A)) == ((A.sha256,), 0, BlobState.WANTED)


# Blobs of several Mappings


def test_one_blob_serves_every_mapping_that_wants_it(world: Steps) -> None:
    first = world.record(world.planning(), [A])
    second = world.record(world.planning(name="other"), [replace(A, locator="elsewhere")])
    assert first.blobs == second.blobs == (A.sha256,)
    claim = world.fetch(A.sha256)
    assert {(name, file.locator) for name, file in claim.offers} == {("my-org", ""), ("other", "elsewhere")}
    ready = world.ledger.blobs.staged(claim, 2048, world.now)
    assert set(ready) == {world.transfer(A).id, world.transfer(A, "other").id}
    assert world.attempts(A) == [("download", 1, "staged")]


def test_a_mapping_that_wants_a_blob_which_is_staged_need_not_wait(world: Steps) -> None:
    world.ready(A)
    work = world.record(world.planning(name="other"), [A])
    assert (work.blobs, work.transfers) == ((), (world.transfer(A, "other").id,))


def test_a_mapping_that_wants_a_blob_which_is_being_fetched_waits_for_it(world: Steps) -> None:
    world.planned([A])
    claim = world.fetch(A.sha256)
    assert world.record(world.planning(name="other"), [A]).blobs == ()
    world.ledger.blobs.staged(claim, 2048, world.now)
    assert world.state(A, "other") == (TransferState.READY, None)


def test_a_mapping_that_wants_bytes_which_another_found_bad_has_them_fetched_anew(world: Steps) -> None:
    world.planned([A])
    world.refuse(A.sha256, BAD)
    work = world.record(world.planning(name="other"), [A])
    assert work.blobs == (A.sha256,)
    assert world.state(A) == (TransferState.ENDED, Outcome.NOT_A_DISTRIBUTION)


def test_two_files_of_one_content_need_one_blob(world: Steps) -> None:
    twin = replace(B, sha256=A.sha256)
    work = world.record(world.planning(), [A, twin])
    assert work.blobs == (A.sha256,)
    assert len(world.ledger.blobs.staged(world.fetch(A.sha256), 2048, world.now)) == 2


@pytest.mark.parametrize("staged", [False, True], ids=["to be fetched", "to be uploaded"])
@pytest.mark.parametrize(
    ("trigger", "due"),
    [pytest.param("schedule", False), pytest.param("call", True), pytest.param("web", True)],
)
def test_only_a_person_s_run_does_not_wait_for_the_next_attempt(
    world: Steps, trigger: str, due: bool, staged: bool
) -> None:
    run = world.ready(A) if staged else world.planned([A])
    world.put_off(A)
    world.settle(run)
    claim = world.planning(trigger)
    work = world.record(claim, [A])
    assert bool(work.transfers if staged else work.blobs) is due
    assert world.transfer(A).tries == (0 if due else 1)
