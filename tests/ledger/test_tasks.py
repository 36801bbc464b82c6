"""Celery's tasks and the signs of life are rows as well."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from syncer.adapters.database.schema import HeartbeatRow
from syncer.ports.claims import TaskRecord
from tests.ledger.steps import Steps


def test_a_task_is_read_as_it_was_stored(world: Steps) -> None:
    run = world.ask()
    stored = TaskRecord("task-1", "syncer.discover", "SUCCESS", {"run": run}, "", "w1@host", run)
    world.ledger.tasks.store(stored, world.now)
    found = world.ledger.tasks.get("task-1")
    assert found == TaskRecord(
        "task-1", "syncer.discover", "SUCCESS", {"run": run}, "", "w1@host", run, world.now
    )


def test_a_task_that_nobody_stored_is_unknown(world: Steps) -> None:
    assert world.ledger.tasks.get("task-1") is None


def test_what_an_earlier_record_knew_is_kept(world: Steps) -> None:
    world.ledger.tasks.store(
        TaskRecord("task-1", "syncer.discover", "STARTED", None, "", "w1@host", 7), world.now
    )
    world.ledger.tasks.store(TaskRecord("task-1", state="SUCCESS", result=[1, "two"]), world.wait(5))
    found = world.ledger.tasks.get("task-1")
    assert found == TaskRecord(
        "task-1", "syncer.discover", "SUCCESS", [1, "two"], "", "w1@host", 7, world.now
    )


def test_a_task_that_was_forgotten_is_unknown(world: Steps) -> None:
    world.ledger.tasks.store(TaskRecord("task-1", state="SUCCESS"), world.now)
    world.ledger.tasks.store(TaskRecord("task-2", state="SUCCESS"), world.now)
    world.ledger.tasks.forget("task-1")
    world.ledger.tasks.forget("task-1")
    assert world.ledger.tasks.get("task-1") is None
    assert world.ledger.tasks.get("task-2") is not None


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param("a\x00b", id="NUL"),
        pytest.param("a\ud800b", id="half a character"),
        pytest.param("x" * 1_000_000, id="a megabyte"),
    ],
)
def test_a_task_that_failed_on_odd_text_is_recorded_all_the_same(world: Steps, odd: str) -> None:
    stored = TaskRecord("task-1", "syncer.resync", "FAILURE", {"exc_message": [odd]}, odd)
    world.ledger.tasks.store(stored, world.now)
    found = world.ledger.tasks.get("task-1")
    assert found is not None
    assert found.result == {"exc_message": [odd]}
    assert len(found.traceback) >= len(odd)


def test_a_result_that_json_does_not_know_is_kept_as_text(world: Steps) -> None:
    world.ledger.tasks.store(TaskRecord("task-1", state="SUCCESS", result={"at": world.now}), world.now)
    found = world.ledger.tasks.get("task-1")
    assert found is not None
    assert found.result == {"at": str(world.now)}


def heartbeats(world: Steps) -> dict[str, tuple[float, str]]:
    """Seconds since each process was seen, and what it said of itself."""
    with world.database.read() as session:
        rows = session.scalars(select(HeartbeatRow)).all()
        return {row.name: ((world.now - row.seen_at).total_seconds(), row.about) for row in rows}


def test_a_process_was_last_seen_when_it_last_gave_a_sign(world: Steps) -> None:
    world.ledger.heartbeats.beat("beat", world.now)
    world.ledger.heartbeats.beat("worker:a", world.now, "download")
    world.wait(30)
    world.ledger.heartbeats.beat("worker:a", world.now, "download,upload")
    world.wait(5)
    assert heartbeats(world) == {"beat": (35, ""), "worker:a": (5, "download,upload")}


def test_a_process_that_stopped_on_purpose_is_not_missed(world: Steps) -> None:
    world.ledger.heartbeats.beat("beat", world.now)
    world.ledger.heartbeats.gone("beat")
    world.ledger.heartbeats.gone("nobody")
    assert heartbeats(world) == {}
