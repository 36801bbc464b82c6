"""What a worker left behind is free as soon as it is known to be gone; no wrong clock blocks anything."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from syncer.adapters.database.schema import BlobRow, CircuitRow, LaneRow, TransferRow
from syncer.core.retry import LONGEST_ASKED
from syncer.core.states import BlobState, TransferState
from syncer.ports.claims import Worker
from tests.ledger.steps import LEASE, Steps
from tests.support.ledgers import SERVER, no_answer, wheel

A, B = wheel("alpha"), wheel("beta")
OTHER_TASK = Worker("worker-1@host", "task-2")
OTHER_WORKER = Worker("worker-10@host", "task-2")


def free_expired(world: Steps) -> tuple[int, int]:
    """How many Blobs and Transfers were freed."""
    return world.ledger.blobs.free_expired(world.now), world.ledger.transfers.free_expired(world.now)


def gone(world: Steps, task_id: str = "") -> Worker:
    return Worker(world.worker.name, task_id)


@pytest.mark.parametrize("task_id", ["", "task-1"], ids=["the worker", "its task"])
def test_what_is_known_to_be_left_behind_is_free_at_once(world: Steps, task_id: str) -> None:
    world.planned([A, B])
    world.fetch(B.sha256)
    world.stage([A.sha256])
    world.uploading()
    world.ledger.recovery.expire(gone(world, task_id), world.now)
    assert free_expired(world) == (1, 1)
    assert (world.blob_state(B), world.state(A)) == (BlobState.WANTED, (TransferState.READY, None))
    assert world.blob(B).deaths == world.transfer(A).deaths == 1


@pytest.mark.parametrize("holder", [OTHER_TASK, OTHER_WORKER], ids=["another task", "another worker"])
def test_what_others_hold_is_left_to_them(world: Steps, holder: Worker) -> None:
    world.planned([A, B])
    left = gone(world, "task-1" if holder.name == world.worker.name else "")
    world.worker = holder
    world.fetch(B.sha256)
    world.stage([A.sha256])
    world.uploading()
    world.ledger.recovery.expire(left, world.now)
    assert free_expired(world) == (0, 0)


def test_a_task_that_ended_before_leaves_nothing_behind(world: Steps) -> None:
    """Its Transfer may be uploading again, in the hands of another."""
    world.ready(A)
    claim = world.uploading()
    assert world.ledger.transfers.postponed(claim, no_answer(), world.now, world.now)
    world.worker = OTHER_WORKER
    world.uploading()
    world.ledger.recovery.expire(Worker("worker-1@host", "task-1"), world.now)
    assert free_expired(world) == (0, 0)


@pytest.mark.parametrize("task_id", ["", "task-1"], ids=["the worker", "its task"])
def test_the_lane_that_was_left_is_free_and_no_other(world: Steps, task_id: str) -> None:
    lanes = world.ledger.lanes
    for holder in ("worker-1@host/task-1", "worker-10@host/task-11"):
        assert lanes.acquire(SERVER, 2, holder, world.now, LEASE)
    assert lanes.acquire(SERVER, 2, "third", world.now, LEASE) is None
    world.ledger.recovery.expire(gone(world, task_id), world.now)
    assert lanes.acquire(SERVER, 2, "third", world.now, LEASE) is not None
    assert lanes.acquire(SERVER, 2, "fourth", world.now, LEASE) is None


def test_a_run_that_a_dead_worker_was_planning_can_be_planned(world: Steps) -> None:
    claim = world.planning()
    world.ledger.recovery.expire(gone(world), world.now)
    assert world.ledger.runs.startable(world.now) == [claim.id]


def test_a_run_whose_task_is_delivered_again_can_be_planned(world: Steps) -> None:
    claim, other = (world.planning(name=name, task_id=f"task-of-{name}") for name in ("one", "other"))
    world.ledger.recovery.expire(gone(world, "task-of-one"), world.now)
    assert world.ledger.runs.startable(world.now) == [claim.id]
    assert other.id != claim.id


def test_a_worker_that_lives_after_all_keeps_what_nobody_took_meanwhile(world: Steps) -> None:
    world.planned([A])
    claim = world.fetch(A.sha256)
    world.ledger.recovery.expire(gone(world), world.now)
    assert world.ledger.blobs.extend(claim, world.now + timedelta(seconds=LEASE))
    assert free_expired(world) == (0, 0)


def set_all(world: Steps, table: Any, **values: Any) -> None:
    with world.database.write() as session:
        session.execute(update(table).values(**values))


def test_a_lease_from_a_clock_that_was_ahead_ends_as_soon_as_any_other(world: Steps) -> None:
    world.planned([A, B])
    world.fetch(B.sha256)
    world.stage([A.sha256])
    world.uploading()
    world.planning(name="other")
    assert world.ledger.lanes.acquire(SERVER, 1, "one", world.now, LEASE)
    world.now += timedelta(days=-1)
    world.ledger.recovery.tame_times(world.now, LEASE)
    assert free_expired(world) == (0, 0)
    world.wait(LEASE + 1)
    assert free_expired(world) == (1, 1)
    assert world.ledger.lanes.acquire(SERVER, 1, "two", world.now, LEASE)
    assert len(world.ledger.runs.startable(world.now)) == 1


@pytest.mark.parametrize(
    "column", [pytest.param("next_attempt_at", id="due"), pytest.param("sent_at", id="sent")]
)
def test_what_waits_for_a_time_that_no_rule_allows_is_due_now(world: Steps, column: str) -> None:
    world.planned([A, B])
    world.stage([A.sha256])
    for table in (BlobRow, TransferRow):
        set_all(world, table, **{column: world.now + timedelta(hours=1)})
    assert world.ledger.blobs.due(world.now, world.now) == []
    assert world.ledger.transfers.due(world.now, world.now) == []
    world.ledger.recovery.tame_times(world.now, LEASE)
    assert world.ledger.blobs.due(world.now, world.now) == [B.sha256]
    assert world.ledger.transfers.due(world.now, world.now) == [world.transfer(A).id]


def test_a_server_is_not_left_alone_for_longer_than_any_rule_allows(world: Steps) -> None:
    for _ in range(3):
        world.ledger.circuits.failed(SERVER, no_answer(), world.now)
    set_all(world, CircuitRow, open_until=world.now + timedelta(days=1))
    world.ledger.recovery.tame_times(world.now, LEASE)
    assert not world.ledger.circuits.paused(SERVER, world.now)


def test_times_that_the_rules_allow_stay(world: Steps) -> None:
    world.planned([A])
    longest = world.now + timedelta(seconds=LONGEST_ASKED)
    set_all(world, BlobRow, next_attempt_at=longest)
    assert world.ledger.lanes.acquire(SERVER, 1, "one", world.now, LEASE)
    world.ledger.recovery.tame_times(world.now, LEASE)
    with world.database.read() as session:
        lane = session.get_one(LaneRow, (SERVER, 0))
        assert lane.lease_until == world.now + timedelta(seconds=LEASE)
    assert world.blob(A).next_attempt_at == longest
