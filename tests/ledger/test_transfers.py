"""A Transfer is uploaded by one living worker at a time, and its end is recorded whatever it is."""

from __future__ import annotations

from datetime import timedelta

from syncer.core.errors import UploadRejected
from syncer.core.retry import MAX_ATTEMPTS, MAX_DEATHS
from syncer.core.states import Outcome, RunOutcome, RunState, TransferState
from syncer.ports.claims import TransferClaim, Uploaded
from tests.ledger.steps import LEASE, Steps
from tests.support.ledgers import SERVER, no_answer, wheel

OTHER_SERVER = "http://other.example"
A1, A2, A3 = wheel("alpha", "1"), wheel("alpha", "2"), wheel("alpha", "3")
B = wheel("beta")
REJECTED = UploadRejected("devpi refused the file.", "It is too large.", "Raise the limit.", 413)
READY, UPLOADED = (TransferState.READY, None), (TransferState.UPLOADED, None)


def lose_worker(world: Steps) -> None:
    assert world.ledger.transfers.free_expired(world.wait(LEASE + 1)) == 1


def lost_claim(world: Steps) -> tuple[TransferClaim, TransferClaim]:
    """A claim that was lost, and the one that stands."""
    world.ready(B)
    lost = world.uploading()
    lose_worker(world)
    return lost, world.uploading()


def unverified(world: Steps) -> Uploaded:
    (uploaded,) = world.ledger.transfers.unverified("my-org", B.project)
    return uploaded


# Claims


def test_a_ready_transfer_is_uploaded_by_one_worker(world: Steps) -> None:
    run = world.ready(B)
    claim = world.uploading()
    assert (claim.run_id, claim.mapping, claim.file) == (run, "my-org", B)
    assert (claim.attempt, claim.tries, claim.overwrite) == (1, 1, False)
    assert world.upload() is None
    assert world.ledger.transfers.next_ready(SERVER, world.now) is None


def test_a_transfer_is_claimed_for_its_own_server(world: Steps) -> None:
    world.ready(A1)
    world.ready(B, name="other", server=OTHER_SERVER)
    transfers = world.ledger.transfers
    assert transfers.server_of(world.transfer(B, "other").id) == OTHER_SERVER
    assert transfers.next_ready(OTHER_SERVER, world.now) == world.transfer(B, "other").id
    assert world.uploading(server=OTHER_SERVER).file == B
    assert world.uploading().file == A1


def test_a_transfer_that_is_not_ready_waits_for_its_bytes(world: Steps) -> None:
    world.planned([B])
    transfers = world.ledger.transfers
    assert transfers.server_of(world.transfer(B).id) == SERVER
    assert transfers.server_of(4711) is None
    assert transfers.next_ready(SERVER, world.now) is None


def test_the_transfer_that_was_asked_for_goes_first(world: Steps) -> None:
    world.ready(A1, A2, B)
    assert world.uploading(prefer=world.transfer(A2).id).file == A2


def test_one_that_is_not_ready_any_more_gives_its_turn_to_another(world: Steps) -> None:
    world.ready(A1, B)
    world.uploading(prefer=world.transfer(A1).id)
    assert world.uploading(prefer=world.transfer(A1).id).file == B


def test_the_files_of_one_project_are_kept_apart_while_another_has_one_ready(world: Steps) -> None:
    world.ready(A1, A2, A3, B)
    order = [world.uploading().file.project for _ in range(4)]
    assert order == ["alpha", "beta", "alpha", "alpha"]


def test_the_single_file_of_one_run_does_not_wait_for_the_many_of_another(world: Steps) -> None:
    world.ready(A1, A2, A3)
    world.uploading()
    world.ready(B, name="other")
    assert world.uploading().file == B


def test_a_transfer_that_was_put_off_waits_for_its_time(world: Steps) -> None:
    world.ready(B)
    world.put_off(B, seconds=100)
    assert world.upload() is None
    assert world.ledger.transfers.next_ready(SERVER, world.now) is None
    world.wait(100)
    assert world.uploading().attempt == 2


def test_the_one_that_has_been_due_for_longest_goes_first(world: Steps) -> None:
    world.ready(A1, A2)
    world.put_off(A1, seconds=50)
    world.put_off(A2, seconds=20)
    world.wait(100)
    assert world.uploading().file == A2


def test_a_lease_that_is_extended_lasts(world: Steps) -> None:
    world.ready(B)
    claim = world.uploading()
    transfers = world.ledger.transfers
    assert transfers.extend(claim, world.now + timedelta(seconds=3 * LEASE))
    assert transfers.free_expired(world.wait(2 * LEASE)) == 0
    assert transfers.free_expired(world.wait(2 * LEASE)) == 1
    assert transfers.free_expired(world.now) == 0


def test_a_worker_that_lost_its_transfer_changes_nothing(world: Steps) -> None:
    lost, current = lost_claim(world)
    transfers = world.ledger.transfers
    assert not transfers.extend(lost, world.now + timedelta(hours=1))
    assert not transfers.uploaded(lost, "OK", "", world.now)
    assert not transfers.ended(lost, Outcome.REJECTED, world.now, REJECTED)
    assert not transfers.postponed(lost, no_answer(), world.now, world.now)
    assert world.state(B) == (TransferState.UPLOADING, None)
    assert transfers.uploaded(current, "OK", "", world.now)
    assert world.attempts(B)[1:] == [("upload", 1, "worker_died"), ("upload", 2, "uploaded")]


def test_a_read_back_that_was_overtaken_changes_nothing(world: Steps) -> None:
    """Another one found nothing and the file was uploaded again."""
    world.ready(B)
    old = world.uploaded(B)
    transfers = world.ledger.transfers
    assert transfers.postponed(old, no_answer(), world.now, world.now)
    assert not transfers.ended(old, Outcome.COPIED, world.now)
    world.uploaded(B)
    assert not transfers.ended(old, Outcome.COPIED, world.now)
    assert not transfers.unread(old, no_answer(), world.now, world.now)
    assert not transfers.postponed(old, no_answer(), world.now, world.now)
    assert world.state(B) == UPLOADED


def test_an_uploader_cannot_end_what_it_handed_over_to_be_read_back(world: Steps) -> None:
    world.ready(B)
    claim = world.uploading()
    assert world.ledger.transfers.uploaded(claim, "OK", "", world.now)
    assert not world.ledger.transfers.ended(claim, Outcome.COPIED, world.now)
    assert world.state(B) == UPLOADED


# Ends


def test_an_upload_is_kept_with_its_answer_until_it_is_read_back(world: Steps) -> None:
    world.ready(B)
    claim = world.uploading()
    assert world.ledger.transfers.uploaded(claim, "200 OK", ">=3.9", world.wait(1))
    assert unverified(world) == Uploaded(claim.id, 1, 1, claim.run_id, B, ">=3.9")
    assert world.transfer(B).answer == "200 OK"
    assert world.ledger.transfers.ended(unverified(world), Outcome.COPIED, world.wait(1))
    assert world.state(B) == (TransferState.ENDED, Outcome.COPIED)
    assert world.ledger.transfers.unverified("my-org", B.project) == []


def test_a_refused_transfer_says_why_and_what_to_do(world: Steps) -> None:
    world.ready(B)
    assert world.ledger.transfers.ended(world.uploading(), Outcome.REJECTED, world.wait(1), REJECTED)
    row = world.transfer(B)
    assert (row.outcome, row.ended_at, row.lease_until) == ("rejected", world.now, None)
    assert (row.error_code, row.error) == ("upload_rejected", "devpi refused the file. It is too large.")
    assert row.next_step == "Raise the limit."
    assert world.attempts(B)[-1] == ("upload", 1, "rejected")


def test_an_upload_that_fails_each_time_is_given_up(world: Steps) -> None:
    run = world.ready(B)
    for number in range(1, MAX_ATTEMPTS + 1):
        claim = world.uploading()
        assert claim.tries == number
        assert world.ledger.transfers.postponed(claim, no_answer(), world.now, world.now)
    assert world.state(B) == (TransferState.ENDED, Outcome.GAVE_UP)
    assert world.settle(run) == (RunState.FINISHED, RunOutcome.INCOMPLETE)
    assert len(world.attempts(B)) == 1 + MAX_ATTEMPTS


def test_a_file_whose_upload_kills_its_workers_is_set_aside_until_a_person_asks(world: Steps) -> None:
    run = world.ready(B)
    for death in range(1, MAX_DEATHS + 1):
        assert world.state(B) == READY, death
        world.uploading()
        lose_worker(world)
    assert world.state(B) == (TransferState.ENDED, Outcome.QUARANTINED)
    assert world.transfer(B).next_step
    world.settle(run)
    scheduled = world.planning()
    assert world.record(scheduled, [B]).transfers == ()
    world.settle(scheduled.id)
    assert world.record(world.planning("cli"), [B]).transfers == (world.transfer(B).id,)


def test_what_was_not_read_back_stays_uploaded_and_says_so(world: Steps) -> None:
    world.ready(B)
    world.uploaded(B)
    at = world.now + timedelta(seconds=30)
    assert world.ledger.transfers.unread(unverified(world), no_answer(), at, world.now)
    assert (world.state(B), world.transfer(B).error_code) == (UPLOADED, "remote_unavailable")
    assert unverified(world).tries == 2
    assert world.ledger.transfers.to_read_back(world.now) == []
    assert world.ledger.transfers.to_read_back(world.wait(30)) == [("my-org", "beta")]
