"""Many at once: one of them gets it, the others find that out, and nothing falls between them."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from syncer.adapters.database.engine import sqlite_url
from syncer.adapters.database.schema import BlobRow, TransferRow
from syncer.core.states import BlobState, Outcome, RunState, TransferState
from syncer.ports.claims import RunRequest
from tests.ledger.steps import LEASE, Steps
from tests.ledger.together import LATER, at_once, is_waiting, meanwhile, processes_that_claim
from tests.support.databases import sqlite_database
from tests.support.ledgers import SERVER, wheel

A = wheel("alpha")
MANY = [wheel(f"project-{number}") for number in range(20)]
THREADS = 8


def got(results: list[Any]) -> list[Any]:
    return [result for result in results if result is not None]


def test_of_many_beats_one_requests_the_scheduled_run(world: Steps) -> None:
    request = RunRequest("my-org")
    runs = at_once(THREADS, lambda _: world.ledger.runs.request(request, world.now))
    assert len(got(runs)) == 1


def test_of_many_requested_runs_one_is_opened(world: Steps) -> None:
    requested = [world.ask("call") for _ in range(THREADS)]
    runs = world.ledger.runs
    claims = at_once(
        THREADS, lambda number: runs.claim(requested[number] or 0, world.worker, world.now, LEASE)
    )
    (claim,) = got(claims)
    assert runs.state(claim.id) == (RunState.PLANNING, None)


def test_of_many_workers_one_plans_a_run(world: Steps) -> None:
    run = world.ask() or 0
    claims = at_once(THREADS, lambda _: world.ledger.runs.claim(run, world.worker, world.now, LEASE))
    assert len(got(claims)) == 1


def test_of_many_workers_one_fetches_a_blob(world: Steps) -> None:
    world.planned([A])
    blobs = world.ledger.blobs
    claims = at_once(THREADS, lambda _: blobs.claim(A.sha256, world.worker, LATER, LEASE))
    assert len(got(claims)) == 1
    assert world.attempts(A) == [("download", 1, "")]


def test_many_workers_never_upload_the_same_file(world: Steps) -> None:
    world.ready(*MANY[:5])
    transfers = world.ledger.transfers
    claims = at_once(THREADS, lambda _: transfers.claim(SERVER, world.worker, LATER, LEASE))
    assert len({claim.id for claim in got(claims)}) == len(got(claims)) == 5


def test_many_workers_share_a_run_and_each_file_is_carried_out_once(world: Steps) -> None:
    run = world.planned(MANY)
    blobs, transfers, worker = world.ledger.blobs, world.ledger.transfers, world.worker

    def work(_: int) -> int:
        done = 0
        for file in MANY:
            if claim := blobs.claim(file.sha256, worker, LATER, LEASE):
                blobs.staged(claim, 1, LATER)
        while upload := transfers.claim(SERVER, worker, LATER, LEASE):
            done += transfers.uploaded(upload, "OK", "", LATER)
        return done

    assert sum(at_once(4, work)) == len(MANY)
    assert world.count(TransferRow) == len(MANY)
    world.wait(3600)
    assert world.settle(run) == (RunState.VERIFYING, None)


def test_processes_never_upload_the_same_file(tmp_path: Any) -> None:
    path = tmp_path / "syncer.db"
    with sqlite_database(path) as database:
        world = Steps(database)
        world.ready(*MANY)
        expected = sorted(world.transfer(file).id for file in MANY)
    claimed = processes_that_claim(sqlite_url(path), 2)
    assert sorted(number for numbers in claimed for number in numbers) == expected


def test_many_holders_never_take_more_lanes_than_there_are(world: Steps) -> None:
    lanes, lock = world.ledger.lanes, threading.Lock()
    holding, most, turns = 0, 0, 0

    def hold(number: int) -> None:
        nonlocal holding, most, turns
        for turn in range(5):
            lane = lanes.acquire(SERVER, 2, f"{number}/{turn}", world.now, LEASE)
            if lane is None:
                continue
            with lock:
                holding, turns = holding + 1, turns + 1
                most = max(most, holding)
            time.sleep(0.005)  # others come meanwhile
            with lock:
                holding -= 1
            lanes.release(lane)

    at_once(THREADS, hold)
    assert most <= 2
    assert turns > 2
    assert lanes.acquire(SERVER, 1, "after", world.now, LEASE) is not None


# A Plan and a worker that meet at one row


def set_blob(session: Session, state: BlobState) -> None:
    session.execute(update(BlobRow).where(BlobRow.sha256 == A.sha256).values(state=state))


@pytest.mark.parametrize(
    ("before", "after", "state"),
    [
        pytest.param(BlobState.STAGED, BlobState.RELEASED, TransferState.WAITING, id="being released"),
        pytest.param(BlobState.FETCHING, BlobState.STAGED, TransferState.READY, id="being staged"),
        pytest.param(BlobState.FETCHING, BlobState.REFUSED, TransferState.WAITING, id="being refused"),
        pytest.param(BlobState.WANTED, BlobState.RELEASED, TransferState.WAITING, id="wanted no more"),
    ],
)
def test_a_plan_waits_for_whoever_moves_one_of_its_blobs(
    world: Steps, before: BlobState, after: BlobState, state: TransferState
) -> None:
    """Else a Transfer could wait for ever for a Blob that nobody fetches."""
    world.planned([A])
    with world.database.write() as session:
        for step in BlobState.FETCHING, before:
            set_blob(session, step)
    claim = world.planning(name="other")
    with world.database.write() as session:
        set_blob(session, after)
        with meanwhile(lambda: world.record(claim, [A])) as recorded:
            assert is_waiting(recorded)
            session.commit()
            recorded.result(timeout=10)
    assert world.state(A, "other") == (state, None)
    assert (world.blob_state(A) is BlobState.WANTED) == (state is TransferState.WAITING)


def test_a_worker_waits_for_a_plan_that_is_just_recorded(world: Steps) -> None:
    """It would find that nobody wants the Blob which the Plan is about to wait for."""
    world.planned([A])
    blobs = world.ledger.blobs
    with world.database.write() as session:
        set_blob(session, BlobState.WANTED)
        with meanwhile(lambda: blobs.claim(A.sha256, world.worker, LATER, LEASE)) as claimed:
            assert is_waiting(claimed)
            session.commit()
            assert claimed.result(timeout=10) is not None


def test_a_transfer_that_a_plan_ends_is_not_made_ready_in_the_same_moment(world: Steps) -> None:
    world.planned([A])
    claim = world.fetch(A.sha256)
    with world.database.write() as session:
        session.execute(update(TransferRow).values(state=TransferState.ENDED, outcome=Outcome.SUPERSEDED))
        with meanwhile(lambda: world.ledger.blobs.staged(claim, 1, LATER)) as staged:
            assert is_waiting(staged)
            session.commit()
            staged.result(timeout=10)
    assert world.state(A) == (TransferState.ENDED, Outcome.SUPERSEDED)


def test_plans_and_workers_that_meet_leave_nothing_behind(world: Steps) -> None:
    """Four mappings want the same files, each plans them while the others work on them."""
    names = [f"mapping-{number}" for number in range(4)]
    blobs, transfers, worker = world.ledger.blobs, world.ledger.transfers, world.worker
    files = MANY[:6]

    def plan_and_work(number: int) -> int:
        run = world.ledger.runs.request(RunRequest(names[number]), LATER) or 0
        claim = world.ledger.runs.claim(run, worker, LATER, LEASE)
        assert claim is not None
        world.try_to_record(claim, files[number:] + files[:number])
        for file in files:
            if fetched := blobs.claim(file.sha256, worker, LATER, LEASE):
                blobs.staged(fetched, 1, LATER)
        while upload := transfers.claim(SERVER, worker, LATER, LEASE):
            transfers.uploaded(upload, "OK", "", LATER)
            blobs.release(upload.file.sha256)
        return run

    runs = at_once(len(names), plan_and_work)
    assert world.stranded() == []
    assert {world.ledger.runs.state(run)[0] for run in runs} == {RunState.TRANSFERRING}
