"""Uploads are read back project by project, and messages that were lost are sent again."""

from __future__ import annotations

from datetime import timedelta

from syncer.adapters.database.due import WIDEST
from syncer.core.errors import CircuitOpen, UploadRejected
from syncer.core.states import Outcome, TransferState
from tests.ledger.steps import LEASE, Steps
from tests.support.ledgers import no_answer, wheel

A1, A2, A3 = wheel("alpha", "1"), wheel("alpha", "2"), wheel("alpha", "3")
B = wheel("beta")
REJECTED = UploadRejected("devpi refused the file.", "It is too large.", "Raise the limit.", 413)
READY, UPLOADED = (TransferState.READY, None), (TransferState.UPLOADED, None)


def lose_worker(world: Steps) -> None:
    assert world.ledger.transfers.free_expired(world.wait(LEASE + 1)) == 1


# What is to be read back


def test_a_project_is_read_back_once_its_last_upload_has_ended(world: Steps) -> None:
    world.ready(A1, A2, B)
    transfers = world.ledger.transfers
    world.uploaded(A1)
    assert transfers.to_read_back(world.now) == []  # A2 is ready
    claim = world.uploading(prefer=world.transfer(A2).id)
    assert transfers.to_read_back(world.now) == []  # A2 is uploading
    assert transfers.uploaded(claim, "OK", "", world.now)
    assert transfers.to_read_back(world.now) == [("my-org", "alpha")]
    assert {each.file.filename for each in transfers.unverified("my-org", "alpha")} == {
        A1.filename,
        A2.filename,
    }


def test_a_project_is_read_back_without_a_file_that_takes_long(world: Steps) -> None:
    """One that is still downloaded, or put off, would keep the others from being believed."""
    world.planned([A1, A2, A3])
    world.stage([A1.sha256, A2.sha256])
    world.put_off(A2)
    world.uploaded(A1)
    assert world.ledger.transfers.to_read_back(world.now) == [("my-org", "alpha")]


def test_a_project_of_another_mapping_does_not_delay_the_read_back(world: Steps) -> None:
    world.planned([A1])
    world.planned([A2], name="other")
    world.stage([A1.sha256, A2.sha256])
    world.uploaded(A1)
    assert world.ledger.transfers.to_read_back(world.now) == [("my-org", "alpha")]
    assert world.ledger.transfers.unverified("other", "alpha") == []


# Messages


def test_a_transfer_whose_message_is_on_its_way_is_not_sent_again(world: Steps) -> None:
    world.ready(B)
    sent, transfer = world.transfer(B).sent_at, world.transfer(B).id
    assert sent is not None
    world.wait(10)
    assert world.ledger.transfers.due(world.now, sent) == []
    assert world.ledger.transfers.due(world.now, sent + timedelta(seconds=1)) == [transfer]
    assert world.ledger.transfers.due(world.now, world.now) == []


def test_a_transfer_that_was_put_off_is_due_when_its_time_has_come(world: Steps) -> None:
    world.ready(B)
    world.put_off(B, seconds=100)
    long_ago = world.now - timedelta(days=1)
    assert world.ledger.transfers.due(world.now, long_ago) == []
    assert world.ledger.transfers.due(world.wait(101), long_ago) == [world.transfer(B).id]


def test_a_transfer_whose_worker_died_is_due_at_once(world: Steps) -> None:
    world.ready(B)
    world.uploading()
    lose_worker(world)
    assert world.ledger.transfers.due(world.now, world.now - timedelta(days=1)) == [world.transfer(B).id]


def test_only_a_ready_transfer_is_ever_due(world: Steps) -> None:
    world.planned([A1, A2, A3, B])
    world.stage([A2.sha256, A3.sha256, B.sha256])
    world.uploaded(A2)
    world.end(A3, Outcome.REJECTED)
    world.uploading()
    world.wait(100)
    assert world.ledger.transfers.due(world.now, world.now) == []


def test_of_many_that_are_ready_a_few_wake_every_lane_of_their_server(world: Steps) -> None:
    files = [wheel(f"project{number}") for number in range(WIDEST + 10)]
    world.ready(*files)
    now = world.wait(1)
    assert len(world.ledger.transfers.due(now, now)) == WIDEST
    assert world.ledger.transfers.due(now, now) == []


def test_a_read_back_that_waits_for_its_server_is_no_try(world: Steps) -> None:
    """Else a long outage would count up the pauses of what was only never asked."""
    world.ready(B)
    upload = world.uploaded(B)
    alone = CircuitOpen("It is left alone.", pause=3.0)
    for error, tries in ((alone, upload.tries), (no_answer(), upload.tries + 1)):
        assert world.ledger.transfers.unread(upload, error, world.now, world.now)
        assert world.transfer(B).tries == tries
