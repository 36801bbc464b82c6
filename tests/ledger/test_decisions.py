"""Recording a Plan: what changed is written, what goes on goes on, what is over is closed."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from syncer.adapters.database.due import WIDEST
from syncer.adapters.database.schema import BlobRow, DecisionRow, TransferRow
from syncer.core.model import DistributionFile, Scope
from syncer.core.states import Outcome, RunOutcome, RunState, TransferState
from syncer.ports.claims import TransferClaim
from tests.ledger.steps import LEASE, Steps
from tests.support.ledgers import no_answer, wheel

A, B, C = wheel("alpha"), wheel("beta"), wheel("gamma")
NEW_A = wheel("alpha", content="other bytes")
NEITHER = wheel("notes", filename="notes.egg")
SUPERSEDED = (TransferState.ENDED, Outcome.SUPERSEDED)


def kinds(world: Steps, name: str = "my-org") -> dict[str, str]:
    """Kind of each decision that stands, by project."""
    return {row.project: row.kind for row in world.decisions(name)}


# What is written


def test_every_file_has_one_decision_with_its_reason(world: Steps) -> None:
    world.planned([A, B, C, NEITHER], [B, replace(C, sha256="f" * 64)])
    expected = {"alpha": "copy", "beta": "already_there", "gamma": "conflict", "notes": "not_a_distribution"}
    assert kinds(world) == expected
    assert all(row.reason for row in world.decisions())
    assert world.decisions()[2].target_sha256 == "f" * 64


def test_an_unchanged_plan_writes_no_decision_rows(world: Steps) -> None:
    run = world.planned([A, B, NEITHER])
    world.put_off(A, B)
    before = world.decisions()
    for _ in range(2):
        world.settle(run)
        run = world.planned([A, B, NEITHER])
    assert [row.id for row in world.decisions(current=False)] == [row.id for row in before]


def test_a_changed_decision_closes_the_old_one(world: Steps) -> None:
    first = world.planned_and_put_off(A)
    second = world.planned([A], [A])
    old, new = world.decisions(current=False)
    assert (old.kind, old.from_run_id, old.to_run_id) == ("copy", first, second)
    assert (new.kind, new.from_run_id, new.to_run_id) == ("already_there", second, None)


def test_a_file_that_left_the_source_has_its_decision_closed_and_its_transfer_superseded(
    world: Steps,
) -> None:
    world.planned_and_put_off(A, B)
    second = world.planned([B])
    assert kinds(world) == {"beta": "copy"}
    assert world.decisions(current=False)[0].to_run_id == second
    assert world.state(A) == SUPERSEDED


def test_a_ready_file_that_left_the_source_is_not_uploaded_any_more(world: Steps) -> None:
    run = world.ready(A)
    world.put_off(A)
    world.settle(run)
    world.planned([])
    world.wait(7200)
    assert world.state(A) == SUPERSEDED
    assert world.upload() is None


def test_a_file_that_is_wanted_no_more_is_superseded(world: Steps) -> None:
    world.planned_and_put_off(A)
    world.planned([A], [NEW_A])
    assert kinds(world) == {"alpha": "conflict"}
    assert world.state(A) == SUPERSEDED


def test_a_file_that_reached_the_target_by_itself_is_already_there(world: Steps) -> None:
    world.planned_and_put_off(A)
    run = world.planned([A], [A])
    assert world.state(A) == (TransferState.ENDED, Outcome.ALREADY_THERE)
    assert world.settle(run) == (RunState.FINISHED, RunOutcome.COMPLETE)


def test_a_plan_of_more_files_than_one_statement_takes_is_recorded_whole(world: Steps) -> None:
    files = [wheel("many", f"1.{number}") for number in range(600)]
    run = world.planned(files)
    assert (world.count(DecisionRow), world.count(TransferRow), world.count(BlobRow)) == (600, 600, 600)
    assert world.ledger.blobs.needed() == {file.sha256 for file in files}
    world.wait(120)
    assert len(world.ledger.blobs.due(world.now, world.now)) == WIDEST
    assert world.ledger.blobs.due(world.now, world.now) == []
    assert world.settle(run) == (RunState.TRANSFERRING, None)


# A Copy that stays a Copy


def test_a_copy_that_stays_a_copy_keeps_its_transfer(world: Steps) -> None:
    world.planned_and_put_off(A)
    before = world.transfer(A)
    second = world.planned([A])
    after = world.transfer(A)
    assert (after.id, after.tries, after.next_attempt_at) == (before.id, before.tries, before.next_attempt_at)
    assert (after.run_id, world.count(TransferRow)) == (second, 1)


def test_a_copy_whose_file_moved_at_the_source_is_fetched_from_its_new_place(world: Steps) -> None:
    world.planned_and_put_off(replace(A, locator="old"))
    world.planned([replace(A, locator="new", version="1.0.0")])
    world.wait(7200)
    ((name, file),) = world.fetch(A.sha256).offers
    assert (name, file.locator, file.version) == ("my-org", "new", "1.0.0")
    assert (world.count(DecisionRow), world.count(TransferRow)) == (1, 1)


def test_a_copy_of_new_bytes_is_a_new_transfer(world: Steps) -> None:
    world.planned_and_put_off(A)
    work = world.record(world.planning(), [NEW_A])
    assert work.blobs == (NEW_A.sha256,)
    assert world.state(A) == SUPERSEDED
    assert world.state(NEW_A) == (TransferState.WAITING, None)


def test_a_copy_that_is_forced_is_a_new_transfer_that_overwrites(world: Steps) -> None:
    run = world.ready(A)
    world.end(A, Outcome.CONFLICT)
    world.settle(run)
    world.record(world.planning("call", force=True), [A], [NEW_A])
    assert world.uploading().overwrite


# A Transfer that is being worked on while its decision is closed


def closed_while_uploading(world: Steps) -> TransferClaim:
    """The Transfer of A has outlived its Run, is uploading, and A has left the source."""
    run = world.ready(A)
    world.put_off(A)
    world.settle(run)
    claim = world.planning()
    world.wait(3600)
    world.ledger.runs.extend(claim, world.now)
    upload = world.uploading()
    world.record(claim, [])
    assert world.state(A) == (TransferState.UPLOADING, None)
    return upload


def test_an_upload_under_way_is_left_to_end_by_itself(world: Steps) -> None:
    closed_while_uploading(world)
    assert world.ledger.runs.unsettled(world.now) == []


@pytest.mark.parametrize("how", ["it fails", "its worker dies", "it is not shown"])
def test_an_upload_under_way_of_a_file_that_is_wanted_no_more_is_not_repeated(world: Steps, how: str) -> None:
    """What left the source, or was published anew with other bytes, must not arrive later."""
    claim = closed_while_uploading(world)
    transfers = world.ledger.transfers
    if how == "it fails":
        assert transfers.postponed(claim, no_answer(), world.now, world.now)
    elif how == "its worker dies":
        assert transfers.free_expired(world.wait(LEASE + 1)) == 1
    else:
        assert transfers.uploaded(claim, "OK", "", world.now)
        (uploaded,) = transfers.unverified("my-org", A.project)
        assert transfers.postponed(uploaded, no_answer(), world.now, world.now)
    assert world.state(A) == SUPERSEDED
    assert world.upload() is None


# Scopes


def test_a_run_of_one_project_touches_only_that_project(world: Steps) -> None:
    world.planned_and_put_off(A, B)
    run = world.planned([A], [A], trigger="call", scope=Scope("alpha"))
    assert kinds(world) == {"alpha": "already_there", "beta": "copy"}
    assert world.transfer(B).run_id != run
    assert world.settle(run) == (RunState.FINISHED, RunOutcome.COMPLETE)


def test_a_run_of_one_project_closes_what_left_that_project(world: Steps) -> None:
    world.planned_and_put_off(A, B)
    world.planned([], trigger="call", scope=Scope("alpha"))
    assert kinds(world) == {"beta": "copy"}
    assert world.state(B) == (TransferState.WAITING, None)


def test_a_run_of_one_version_touches_only_that_version_however_it_is_spelt(world: Steps) -> None:
    one, two = replace(A, version="v1.0.0"), wheel("alpha", "2.0")
    world.planned_and_put_off(one, two)
    world.planned([one], [one], trigger="call", scope=Scope("alpha", "1.0"))
    assert [row.kind for row in world.decisions()] == ["already_there", "copy"]


def test_a_run_of_one_version_finds_a_file_that_was_known_under_another(world: Steps) -> None:
    """Gitea lets the same file name stand in two versions of a package; a target holds it once."""
    world.planned_and_put_off(A)
    world.planned([replace(A, version="1.1")], trigger="call", scope=Scope("alpha", "1.1"))
    (row,) = world.decisions()
    assert (row.version, row.kind) == ("1.1", "copy")
    assert world.count(TransferRow) == 1


def test_a_run_of_one_mapping_touches_no_other(world: Steps) -> None:
    world.planned([A], name="other")
    world.planned([])
    assert kinds(world, "other") == {"alpha": "copy"}
    assert world.state(A, "other") == (TransferState.WAITING, None)


def test_a_run_takes_over_what_an_earlier_one_left_in_its_scope(world: Steps) -> None:
    world.planned_and_put_off(A, B)
    run = world.planned([A], trigger="call", scope=Scope("alpha"))
    assert (world.transfer(A).run_id == run, world.transfer(B).run_id == run) == (True, False)


# Odd text


ODD = {
    "nul": "a\x00b",  # PostgreSQL cannot hold it
    "surrogate": "a\ud800b",  # no database can hold half a character
    "long": random.Random(1).randbytes(20_000).hex(),  # an index entry cannot hold it
    "foreign": "ü😀\u202e",
}
STRANGE = [
    DistributionFile(key, odd, f"{odd}.txt", "0" * 64, None, odd, odd, odd) for key, odd in ODD.items()
]


def test_a_file_of_an_odd_name_is_decided_like_any_other(world: Steps) -> None:
    """It must not keep the Mapping's other files from being recorded."""
    work = world.record(world.planning(), [*STRANGE, B])
    assert work.blobs == (B.sha256,)
    assert kinds(world) == {"beta": "copy", **dict.fromkeys(ODD, "not_a_distribution")}


def test_a_file_of_an_odd_name_that_did_not_change_writes_no_row(world: Steps) -> None:
    world.settle(world.planned(STRANGE))
    world.settle(world.planned(STRANGE))
    assert world.count(DecisionRow) == len(ODD)
