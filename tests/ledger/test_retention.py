"""History is kept for a time; what proves how things stand is kept for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syncer.adapters.database.schema import (
    AttemptRow,
    BlobRow,
    DecisionRow,
    HeartbeatRow,
    RunRow,
    TaskRow,
    TransferRow,
)
from syncer.core.states import RunOutcome, RunState, TransferState
from syncer.ports.claims import TaskRecord
from syncer.queries.files import file_detail
from syncer.queries.overview import overview
from tests.ledger.steps import Steps
from tests.support.ledgers import mapping, no_answer, wheel

A, B = wheel("alpha"), wheel("beta")
NEW_A = wheel("alpha", content="other bytes")
MONTH = 30 * 86400.0


def forget(world: Steps, *, limit: int = 500) -> int:
    """Everything older than a month is forgotten; how many rows."""
    before, gone = world.now - timedelta(seconds=MONTH), 0
    while now_gone := world.ledger.retention.forget(before, limit):
        gone += now_gone
    return gone


def test_a_ledger_of_today_forgets_nothing(world: Steps) -> None:
    world.sync([A, B])
    world.sync([NEW_A])
    assert forget(world) == 0


@pytest.mark.parametrize("limit", [1, 500], ids=["row by row", "all at once"])
def test_what_was_replaced_long_ago_is_forgotten_with_its_transfer_and_attempts(
    world: Steps, limit: int
) -> None:
    world.sync([A])
    assert world.ledger.blobs.release(A.sha256)
    world.sync([NEW_A], [A])  # a conflict: the old Copy is replaced
    world.wait(MONTH + 60)
    assert forget(world, limit=limit) > 0
    assert [row.sha256 for row in world.decisions(current=False)] == [NEW_A.sha256]
    assert [world.count(table) for table in (TransferRow, AttemptRow, BlobRow)] == [0, 0, 0]


def test_how_things_stand_is_the_same_before_and_after(world: Steps) -> None:
    """Nothing that the overview or a file's page says rests on a row that was forgotten."""
    rules = {name: mapping(name) for name in ("my-org", "other")}
    world.sync([A, B])
    for _ in range(3):
        world.sync([A, B], [A, B])
    world.fail(no_answer())
    world.sync([A], name="other")
    world.wait(MONTH + 60)
    before = overview(world.database, rules, world.now)
    proof = file_detail(world.database, "my-org", "alpha", A.filename)
    assert forget(world) > 0
    assert overview(world.database, rules, world.now) == before
    assert file_detail(world.database, "my-org", "alpha", A.filename) == proof


def test_the_newest_complete_run_outlives_any_number_of_failures(world: Steps) -> None:
    world.sync([])
    complete = world.sync([])
    failed = [world.fail(no_answer()) for _ in range(3)]
    world.wait(MONTH + 60)
    assert forget(world) > 0
    assert world.run(complete).outcome == RunOutcome.COMPLETE
    assert world.run(failed[-1]).outcome == RunOutcome.FAILED
    assert world.count(RunRow) == 2


def test_what_is_unfinished_is_kept_however_old(world: Steps) -> None:
    run = world.planned([A, B])
    world.stage([A.sha256])
    world.wait(MONTH + 60)
    assert forget(world) == 0
    assert world.ledger.runs.state(run) == (RunState.TRANSFERRING, None)
    assert world.state(A) == (TransferState.READY, None)


def test_of_many_tries_of_one_file_the_newest_stays(world: Steps) -> None:
    world.planned([A])
    for _ in range(5):
        world.ledger.blobs.postponed(world.fetch(A.sha256), no_answer(), world.now, world.now)
    world.wait(MONTH + 60)
    assert forget(world) == 4
    assert world.attempts(A) == [("download", 5, "remote_unavailable")]


def test_tasks_and_signs_of_life_of_long_ago_are_forgotten(world: Steps) -> None:
    world.ledger.tasks.store(TaskRecord("old"), world.now)
    world.ledger.heartbeats.beat("worker:old@host", world.now)
    world.wait(MONTH + 60)
    world.ledger.tasks.store(TaskRecord("new"), world.now)
    world.ledger.heartbeats.beat("beat", world.now)
    assert forget(world) == 2
    assert world.ledger.tasks.get("new") is not None
    assert [world.count(table) for table in (TaskRow, HeartbeatRow)] == [1, 1]


def test_a_dry_run_is_forgotten_like_any_history(world: Steps) -> None:
    world.plan([A], dry_run=True)
    world.sync([])
    world.wait(MONTH + 60)
    assert forget(world) > 0
    assert (world.count(DecisionRow), world.count(RunRow)) == (0, 1)
