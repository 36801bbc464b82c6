"""A Blob is fetched by one living worker at a time, for every Transfer that waits for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from syncer.core.errors import DigestMismatch
from syncer.core.retry import MAX_ATTEMPTS, MAX_DEATHS
from syncer.core.states import BlobState, Outcome, RunOutcome, RunState, TransferState
from syncer.ports.claims import BlobClaim
from tests.ledger.steps import LEASE, Steps
from tests.support.ledgers import SERVER, no_answer, wheel

A, B = wheel("alpha"), wheel("beta")
SPOILT = DigestMismatch("Other bytes came.", "A proxy spoilt them.", "Publish it anew.")
WAITING, READY = (TransferState.WAITING, None), (TransferState.READY, None)


def try_to_fetch(world: Steps, sha256: str = A.sha256) -> BlobClaim | None:
    return world.ledger.blobs.claim(sha256, world.worker, world.now, LEASE)


def lose_worker(world: Steps) -> None:
    """Whoever fetched has died, and that was found."""
    assert world.ledger.blobs.free_expired(world.wait(LEASE + 1)) == 1


def lost_claim(world: Steps) -> tuple[BlobClaim, BlobClaim]:
    """A claim that was lost, and the one that stands."""
    world.planned([A])
    lost = world.fetch(A.sha256)
    lose_worker(world)
    return lost, world.fetch(A.sha256)


# Claims


def test_a_wanted_blob_is_fetched_by_one_worker(world: Steps) -> None:
    world.planned([A])
    claim = try_to_fetch(world)
    assert claim == BlobClaim(A.sha256, 1, 1, (("my-org", replace(A)),))
    assert world.blob_state(A) is BlobState.FETCHING
    assert try_to_fetch(world) is None


def test_a_blob_that_nobody_knows_cannot_be_claimed(world: Steps) -> None:
    assert try_to_fetch(world, "0" * 64) is None


def test_a_blob_that_nobody_waits_for_is_released_instead_of_fetched(world: Steps) -> None:
    run = world.planned([A])
    world.put_off(A)
    world.settle(run)
    world.planned([])
    world.wait(7200)
    assert try_to_fetch(world) is None
    assert world.blob_state(A) is BlobState.RELEASED


def test_a_file_that_several_mappings_offer_is_offered_newest_first(world: Steps) -> None:
    for name in ("first", "second"):
        world.planned([replace(A, locator=name)], name=name)
    assert [name for name, _ in world.fetch(A.sha256).offers] == ["second", "first"]


def test_a_lease_that_is_extended_lasts(world: Steps) -> None:
    world.planned([A])
    claim = world.fetch(A.sha256)
    assert world.ledger.blobs.extend(claim, world.now + timedelta(seconds=3 * LEASE))
    assert world.ledger.blobs.free_expired(world.wait(2 * LEASE)) == 0
    assert world.ledger.blobs.free_expired(world.wait(2 * LEASE)) == 1
    assert world.ledger.blobs.free_expired(world.now) == 0


def test_a_worker_that_lost_its_blob_changes_nothing(world: Steps) -> None:
    lost, current = lost_claim(world)
    blobs = world.ledger.blobs
    assert not blobs.extend(lost, world.now + timedelta(hours=1))
    assert blobs.staged(lost, 1, world.now) == {}
    blobs.refused(lost, Outcome.CORRUPT, SPOILT, world.now)
    blobs.postponed(lost, no_answer(), world.now, world.now)
    assert (world.blob_state(A), world.state(A)) == (BlobState.FETCHING, WAITING)
    assert blobs.staged(current, 2048, world.now) == {world.transfer(A).id: SERVER}
    assert world.attempts(A) == [("download", 1, "worker_died"), ("download", 2, "staged")]


# Ends


def test_a_staged_blob_makes_its_transfers_ready(world: Steps) -> None:
    world.planned([A, B])
    ready = world.ledger.blobs.staged(world.fetch(A.sha256), 4711, world.wait(1))
    assert ready == {world.transfer(A).id: SERVER}
    assert (world.blob_state(A), world.blob(A).size) == (BlobState.STAGED, 4711)
    assert (world.state(A), world.state(B)) == (READY, WAITING)


def test_a_refused_blob_ends_every_transfer_that_waits_for_it(world: Steps) -> None:
    world.planned([A, B])
    world.planned([A], name="other")
    world.refuse(A.sha256, SPOILT)
    for name in ("my-org", "other"):
        row = world.transfer(A, name)
        assert (row.state, row.outcome, row.ended_at) == ("ended", "corrupt", world.now)
        assert (row.error_code, row.next_step) == ("digest_mismatch", "Publish it anew.")
    assert world.state(B) == WAITING
    assert world.attempts(A) == [("download", 1, "corrupt")]


def test_a_download_that_failed_is_due_at_the_time_given(world: Steps) -> None:
    world.planned([A])
    at = world.now + timedelta(seconds=30)
    world.ledger.blobs.postponed(world.fetch(A.sha256), no_answer(), at, world.now)
    assert world.blob_state(A) is BlobState.WANTED
    assert (world.transfer(A).error_code, world.transfer(A).next_attempt_at) == ("remote_unavailable", at)
    assert try_to_fetch(world) is None
    world.wait(30)
    claim = try_to_fetch(world)
    assert claim is not None
    assert (claim.attempt, claim.tries) == (2, 2)


def test_a_download_that_fails_each_time_is_given_up(world: Steps) -> None:
    run = world.planned([A])
    for number in range(1, MAX_ATTEMPTS + 1):
        assert world.state(A) == WAITING
        claim = world.fetch(A.sha256)
        assert claim.tries == number
        world.ledger.blobs.postponed(claim, no_answer(), world.now, world.now)
    assert world.state(A) == (TransferState.ENDED, Outcome.GAVE_UP)
    assert world.transfer(A).error == "devpi did not answer. It is down."
    assert world.blob_state(A) is BlobState.REFUSED
    assert world.settle(run) == (RunState.FINISHED, RunOutcome.INCOMPLETE)


def test_what_was_given_up_is_tried_by_the_next_run_as_if_it_were_new(world: Steps) -> None:
    run = world.planned([A])
    for _ in range(MAX_ATTEMPTS):
        world.ledger.blobs.postponed(world.fetch(A.sha256), no_answer(), world.now, world.now)
    world.settle(run)
    assert world.record(world.planning(), [A]).blobs == (A.sha256,)
    claim = world.fetch(A.sha256)
    assert (claim.tries, claim.attempt) == (1, MAX_ATTEMPTS + 1)


def test_a_file_that_kills_its_workers_is_set_aside_until_a_person_asks(world: Steps) -> None:
    run = world.planned([A, B])
    world.put_off(B)
    for death in range(1, MAX_DEATHS + 1):
        assert world.state(A) == WAITING, death
        world.fetch(A.sha256)
        lose_worker(world)
    assert world.state(A) == (TransferState.ENDED, Outcome.QUARANTINED)
    assert "killed" in world.transfer(A).error
    assert world.state(B) == WAITING
    assert world.settle(run) == (RunState.FINISHED, RunOutcome.INCOMPLETE)
    scheduled = world.planning()
    assert world.record(scheduled, [A]).blobs == ()
    world.settle(scheduled.id)
    assert world.record(world.planning("cli"), [A]).blobs == (A.sha256,)


# Messages


def test_a_blob_whose_message_is_on_its_way_is_not_sent_again(world: Steps) -> None:
    world.planned([A])
    sent = world.now
    world.wait(10)
    assert world.ledger.blobs.due(world.now, sent) == []
    assert world.ledger.blobs.due(world.now, sent + timedelta(seconds=1)) == [A.sha256]


def test_a_blob_counts_as_sent_once_it_was_given_out(world: Steps) -> None:
    world.planned([A])
    world.wait(100)
    assert world.ledger.blobs.due(world.now, world.now) == [A.sha256]
    assert world.ledger.blobs.due(world.now, world.now) == []


def test_a_blob_that_was_put_off_is_due_when_its_time_has_come(world: Steps) -> None:
    """However long ago its message was sent: one that asks for a delay may be lost."""
    world.planned([A])
    world.put_off(A, seconds=100)
    long_ago = world.now - timedelta(days=1)
    assert world.ledger.blobs.due(world.now, long_ago) == []
    assert world.ledger.blobs.due(world.wait(101), long_ago) == [A.sha256]


def test_a_blob_whose_worker_died_is_due_at_once(world: Steps) -> None:
    world.planned([A])
    world.fetch(A.sha256)
    lose_worker(world)
    assert world.ledger.blobs.due(world.now, world.now - timedelta(days=1)) == [A.sha256]


def test_only_a_wanted_blob_is_ever_due(world: Steps) -> None:
    world.planned([A, B])
    world.stage([A.sha256])
    world.fetch(B.sha256)
    world.wait(100)
    assert world.ledger.blobs.due(world.now, world.now) == []


# Bytes that are needed


@pytest.mark.parametrize("name", ["my-org", "other"])
def test_bytes_are_needed_until_every_transfer_of_them_is_over(world: Steps, name: str) -> None:
    world.planned([A])
    world.planned([A], name="other")
    world.stage([A.sha256])
    blobs, needed = world.ledger.blobs, frozenset({A.sha256})
    assert (blobs.release(A.sha256), blobs.needed()) == (False, needed)
    world.uploaded(A, name)
    assert (blobs.release(A.sha256), blobs.needed()) == (False, needed)
    world.uploaded(A, "other" if name == "my-org" else "my-org")
    assert blobs.needed() == frozenset()
    assert blobs.release(A.sha256)
    assert world.blob_state(A) is BlobState.RELEASED
    assert not blobs.release(A.sha256)


def test_bytes_that_were_never_staged_cannot_be_released(world: Steps) -> None:
    world.planned([A])
    assert not world.ledger.blobs.release(A.sha256)
    assert not world.ledger.blobs.release("0" * 64)
    assert world.blob_state(A) is BlobState.WANTED
