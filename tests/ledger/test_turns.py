"""Whose turn it is at a server: one file of each project after another, the newest first, of all Runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncer.adapters.database.due import WIDEST
from syncer.core.errors import NotADistribution
from syncer.core.model import DistributionFile, Listing, Selection
from syncer.core.plan import make_plan
from syncer.core.states import BlobState, Outcome
from syncer.ports.claims import BlobClaim, Seen
from tests.ledger.steps import LEASE, Steps
from tests.ledger.together import at_once
from tests.support.ledgers import SERVER, SOURCE, wheel

OTHER_SOURCE = "https://other-gitea.example"
A1, A2, A3 = wheel("alpha", "1"), wheel("alpha", "2"), wheel("alpha", "10")
B, C = wheel("beta"), wheel("gamma")


def next_blob(world: Steps, source: str = SOURCE) -> BlobClaim | None:
    """The Blob whose turn it is at the Source is being fetched."""
    return world.ledger.blobs.claim_next(source, world.worker, world.wait(1), LEASE)


def fetched(world: Steps, number: int, source: str = SOURCE) -> list[str]:
    """The names of the files whose turn is next."""
    claims = [next_blob(world, source) for _ in range(number)]
    return [claim.offers[0][1].filename for claim in claims if claim is not None]


def planned_from(world: Steps, source: str, *files: DistributionFile, name: str = "other") -> int:
    """A Run of a Mapping whose Source is on that server."""
    claim, listing = world.planning(name=name), Listing(files, len(files), len(files))
    plan = make_plan(listing, Listing(), Selection())
    assert world.ledger.runs.record(claim, plan, Seen(listing, source, SERVER), world.wait(1)) is not None
    return claim.id


def names(*files: DistributionFile) -> list[str]:
    return [file.filename for file in files]


# Downloads


def test_one_file_of_each_project_is_fetched_after_another_the_newest_first(world: Steps) -> None:
    world.planned([A1, A2, A3, B, C])
    assert fetched(world, 6) == names(A3, B, C, A2, A1)


def test_the_single_file_of_one_run_is_fetched_before_the_many_of_another(world: Steps) -> None:
    world.planned([A1, A2, A3])
    assert fetched(world, 1) == names(A3)
    world.planned([B], name="other")
    assert fetched(world, 3) == names(B, A2, A1)


def test_the_same_bytes_have_the_earliest_of_their_turns(world: Steps) -> None:
    twin = replace(B, sha256=A1.sha256)
    world.planned([A1, A2, A3, twin, C])
    order = [claim.sha256 for _ in range(4) if (claim := next_blob(world)) is not None]
    assert order == [A3.sha256, A1.sha256, C.sha256, A2.sha256]


def test_a_claimed_blob_is_like_any_other(world: Steps) -> None:
    world.planned([A1])
    assert next_blob(world) == BlobClaim(A1.sha256, 1, 1, (("my-org", A1),))
    assert world.blob_state(A1) is BlobState.FETCHING
    assert next_blob(world) is None


def test_each_server_has_turns_of_its_own(world: Steps) -> None:
    world.planned([A1])
    planned_from(world, OTHER_SOURCE, B)
    blobs = world.ledger.blobs
    assert blobs.next_wanted(OTHER_SOURCE, world.now) == B.sha256
    assert fetched(world, 2, OTHER_SOURCE) == names(B)
    assert blobs.next_wanted(OTHER_SOURCE, world.now) is None
    assert blobs.next_wanted(SOURCE, world.now) == A1.sha256


def test_a_server_from_which_nothing_is_wanted_has_no_turn(world: Steps) -> None:
    assert next_blob(world) is None
    assert world.ledger.blobs.next_wanted(SOURCE, world.now) is None


def test_a_blob_that_was_put_off_waits_for_its_time(world: Steps) -> None:
    world.planned([A3, B])
    world.put_off(A3, seconds=100)
    assert fetched(world, 2) == names(B)
    assert world.ledger.blobs.next_wanted(SOURCE, world.now) is None
    world.wait(100)
    assert world.ledger.blobs.next_wanted(SOURCE, world.now) == A3.sha256
    assert fetched(world, 2) == names(A3)


def test_a_blob_that_nobody_waits_for_loses_its_turn_to_the_next(world: Steps) -> None:
    """The file was withdrawn before it was fetched."""
    run = world.planned([A1, B])
    world.put_off(A1, B)
    world.settle(run)
    world.planned([B])
    world.wait(3600)
    assert fetched(world, 2) == names(B)
    assert world.blob_state(A1) is BlobState.RELEASED


def test_a_blob_whose_worker_died_has_its_turn_again(world: Steps) -> None:
    world.planned([A3, B])
    assert fetched(world, 1) == names(A3)
    world.ledger.blobs.free_expired(world.wait(LEASE + 1))
    assert fetched(world, 2) == names(A3, B)


def test_of_many_workers_each_has_a_turn_of_its_own(world: Steps) -> None:
    files = [wheel(f"project-{number}") for number in range(6)]
    world.planned(files)
    blobs = world.ledger.blobs
    claims = at_once(8, lambda _: blobs.claim_next(SOURCE, world.worker, world.now, LEASE))
    got = [claim.sha256 for claim in claims if claim is not None]
    while (claim := next_blob(world)) is not None:  # one may have looked while another held the row
        got.append(claim.sha256)
    assert sorted(got) == sorted(file.sha256 for file in files)


# Which server


def test_a_blob_belongs_to_the_server_that_it_is_wanted_from_and_stays_there(world: Steps) -> None:
    world.planned([A1])
    planned_from(world, OTHER_SOURCE, B)
    blobs = world.ledger.blobs
    assert blobs.server_of(A1.sha256) == SOURCE
    assert blobs.server_of(B.sha256) == OTHER_SOURCE
    assert blobs.server_of("0" * 64) is None
    world.stage([A1.sha256])
    assert blobs.server_of(A1.sha256) == SOURCE


def test_bytes_that_are_being_wanted_already_stay_with_their_server(world: Steps) -> None:
    world.planned([A1])
    planned_from(world, OTHER_SOURCE, A1)
    assert world.ledger.blobs.server_of(A1.sha256) == SOURCE
    assert [name for name, _ in world.fetch(A1.sha256).offers] == ["other", "my-org"]


@pytest.mark.parametrize("ended", ["released", "refused"])
def test_bytes_that_are_wanted_anew_belong_to_whoever_wants_them(world: Steps, ended: str) -> None:
    if ended == "released":
        world.ready(A1)
        world.end(A1, Outcome.REJECTED)
        assert world.ledger.blobs.release(A1.sha256)
    else:
        world.planned([A1])
        world.refuse(A1.sha256, NotADistribution("It is none.", "It was cut.", "Publish it anew."))
    assert world.blob_state(A1) == ended
    planned_from(world, OTHER_SOURCE, A1)
    assert world.ledger.blobs.server_of(A1.sha256) == OTHER_SOURCE


# Uploads


def test_one_file_of_each_project_is_uploaded_after_another_the_newest_first(world: Steps) -> None:
    world.ready(A1, A2, A3, B, C)
    assert [world.uploading().file for _ in range(5)] == [A3, B, C, A2, A1]


def test_a_file_that_is_tried_again_keeps_its_turn(world: Steps) -> None:
    world.ready(A1, A2, A3)
    world.put_off(A3, seconds=5)
    world.wait(5)
    assert [world.uploading().file for _ in range(3)] == [A3, A2, A1]


def test_of_many_workers_each_uploads_another_file(world: Steps) -> None:
    files = [wheel(f"project-{number}") for number in range(6)]
    world.ready(*files)
    transfers = world.ledger.transfers
    claims = at_once(8, lambda _: transfers.claim(SERVER, world.worker, world.now, LEASE))
    got = [claim.file.sha256 for claim in claims if claim is not None]
    while (claim := world.upload()) is not None:  # one may have looked while another held the row
        got.append(claim.file.sha256)
    assert sorted(got) == sorted(file.sha256 for file in files)


# What is still to come of a project


def is_coming(world: Steps, file: DistributionFile = A1, name: str = "my-org") -> bool:
    return world.ledger.transfers.is_coming(name, file.project, world.now)


def test_an_upload_is_coming_from_when_its_file_is_ready_until_it_is_uploaded(world: Steps) -> None:
    world.planned([A1])
    seen = [is_coming(world)]
    world.stage([A1.sha256])
    seen.append(is_coming(world))
    claim = world.uploading()
    seen.append(is_coming(world))
    assert world.ledger.transfers.uploaded(claim, "OK", "", world.wait(1))
    seen.append(is_coming(world))
    assert seen == [False, True, True, False]


def test_another_file_of_the_project_is_coming_while_one_is_ready(world: Steps) -> None:
    world.ready(A1, A2)
    world.uploaded(A1)
    assert is_coming(world)
    world.uploaded(A2)
    assert not is_coming(world)


def test_an_upload_that_was_put_off_is_not_coming_until_its_time(world: Steps) -> None:
    world.ready(A1)
    world.put_off(A1, seconds=100)
    assert not is_coming(world)
    world.wait(100)
    assert is_coming(world)


@pytest.mark.parametrize("outcome", [Outcome.REJECTED, Outcome.CONFLICT])
def test_an_upload_that_has_ended_is_not_coming(world: Steps, outcome: Outcome) -> None:
    world.ready(A1)
    world.end(A1, outcome)
    assert not is_coming(world)


def test_what_comes_of_others_is_not_waited_for(world: Steps) -> None:
    world.ready(A1)
    assert not is_coming(world, B)
    assert not is_coming(world, name="other")


# Messages


def test_no_more_messages_are_sent_than_a_server_can_have_lanes(world: Steps) -> None:
    files = [wheel(f"project-{number}") for number in range(WIDEST + 5)]
    world.planned(files)
    planned_from(world, OTHER_SOURCE, B)
    asked = world.ledger.blobs.due(world.wait(100), world.now)
    assert len(asked) == WIDEST + 1
    assert B.sha256 in asked
    assert world.ledger.blobs.due(world.now, world.now) == []
