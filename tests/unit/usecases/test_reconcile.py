"""The ledger is the truth: whatever is lost beside it is done again from its rows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from syncer.core.errors import StagingUnavailable
from syncer.core.states import RunOutcome, RunState
from syncer.ports.claims import RunRequest
from syncer.ports.queue import Message
from syncer.usecases import reconcile as housekeeping
from syncer.usecases.discover import request_run
from syncer.usecases.leases import LEASE
from syncer.usecases.reconcile import KEEP_STAGED, LOST_AFTER, reconcile
from syncer.usecases.tidy import tidy
from tests.support.databases import empty
from tests.support.dists import wheel
from tests.support.ports import Happening
from tests.unit.usecases.workplace import Workplace

A, B = wheel("alpha", "1.0"), wheel("beta", "1.0")


def found(place: Workplace) -> list[Message]:
    return reconcile(place.services())


def test_a_place_where_nothing_is_lost_needs_nothing(place: Workplace) -> None:
    place.publish(A)
    place.sync()
    place.wait(10 * LOST_AFTER)
    assert found(place) == []


def test_a_message_is_given_its_time_before_it_counts_as_lost(place: Workplace) -> None:
    place.publish(A)
    place.plan()
    place.wait(LOST_AFTER)
    assert found(place) == []
    place.wait(1)
    assert found(place) == [Message("download", {"sha256": A.sha256})]
    assert found(place) == []


def test_a_broker_that_loses_every_message_loses_no_work(place: Workplace) -> None:
    place.publish(A, B)
    run = place.request()
    for _ in range(20):
        for message in found(place):
            place.work(message)  # and what it asks for is lost
        place.wait(LOST_AFTER + 1)
    assert place.ledger.runs.state(run) == (RunState.FINISHED, RunOutcome.COMPLETE)
    assert place.arrived(A, B)


def test_a_message_that_comes_twice_does_nothing_twice(place: Workplace) -> None:
    place.publish(A, B)
    run = place.request()
    todo = [Message("discover", {"run": run})]
    for message in todo:
        todo += place.work(message) if len(todo) < 30 else []
        place.work(message)
    assert sorted(place.target.stored) == [A.filename, B.filename]
    assert place.ledger.runs.state(run) == (RunState.FINISHED, RunOutcome.COMPLETE)


def test_a_staging_folder_that_is_lost_only_repeats_downloads(place: Workplace, tmp_path: Path) -> None:
    place.publish(A, B)
    run, messages = place.plan()
    for message in messages:
        place.work(message)
    shutil.rmtree(tmp_path / "staging")
    assert place.recover(run) is RunOutcome.COMPLETE
    assert place.arrived(A, B)


def test_a_database_that_is_lost_converges_without_harm(place: Workplace) -> None:
    """What is at the target is recognised: nothing is uploaded twice and no conflict is invented."""
    place.publish(A, B)
    place.sync()
    empty(place.database)
    assert place.sync() is RunOutcome.COMPLETE
    assert sorted(place.target.stored) == [A.filename, B.filename]


def test_a_worker_that_died_is_replaced(place: Workplace) -> None:
    place.publish(A, B)
    run, messages = place.plan()
    place.ledger.blobs.claim(A.sha256, place.worker, place.now, LEASE)
    place.carry(messages)
    assert place.arrived(B)
    place.wait(LEASE + 1)
    place.reconcile()
    assert place.ledger.runs.state(run) == (RunState.FINISHED, RunOutcome.COMPLETE)


def test_a_worker_that_lives_is_left_alone(place: Workplace) -> None:
    place.publish(A)
    place.plan()
    place.ledger.blobs.claim(A.sha256, place.worker, place.now, 10 * LEASE)
    place.wait(LEASE + 1)
    assert found(place) == []
    assert place.blob_state(A) == "fetching"


def test_a_run_whose_planner_died_is_planned_again(place: Workplace) -> None:
    run = place.request()
    place.ledger.runs.claim(run, place.worker, place.now, LEASE)
    assert found(place) == []
    place.wait(LEASE + 1)
    assert found(place) == [Message("discover", {"run": run})]


def test_a_run_that_was_requested_while_the_broker_was_away_is_planned(place: Workplace) -> None:
    run = request_run(place.services(), RunRequest("my-org"))
    assert run is not None
    assert found(place) == [Message("discover", {"run": run})]


def test_staged_bytes_are_removed_once_nobody_needs_them(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.publish(A)
    _, messages = place.plan()
    place.work(messages[0])
    place.staging.store(B.sha256, [B.content])
    found(place)
    assert place.staging.find(B.sha256) is not None
    monkeypatch.setattr(housekeeping, "KEEP_STAGED", -1.0)
    found(place)
    assert place.staging.find(B.sha256) is None
    assert place.staging.find(A.sha256) is not None
    assert KEEP_STAGED >= 60


def test_a_staging_folder_that_cannot_be_cleaned_holds_nothing_up(place: Workplace) -> None:
    place.publish(A)
    run = place.request()
    trouble = Happening("staging.keep_only", StagingUnavailable("It is full.", "It is small.", "Free some."))
    assert reconcile(place.services(trouble)) == [Message("discover", {"run": run})]


def test_old_history_is_forgotten_and_what_is_there_stays_proved(place: Workplace) -> None:
    place.publish(A)
    for _ in range(5):
        place.sync()
    place.wait(31 * 86400.0)
    assert tidy(place.services(), 30 * 86400.0) > 0
    assert tidy(place.services(), 30 * 86400.0) == 0
    assert place.sync() is RunOutcome.COMPLETE
    assert place.target.stored == [A.filename]


def test_housekeeping_ends_when_the_process_is_to_stop(place: Workplace) -> None:
    for _ in range(3):
        place.sync()
    place.wait(31 * 86400.0)
    place.stopping = True
    assert tidy(place.services(), 30 * 86400.0) == 0
