"""A Run is complete only when everything in its Scope is at the target and was read back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from syncer.core.model import Scope
from syncer.core.retry import HOLDS_RUN
from syncer.core.states import AT_TARGET, Outcome, RunOutcome, RunState
from tests.ledger.steps import Steps
from tests.support.ledgers import no_answer, wheel

A, B = wheel("alpha"), wheel("beta")
NEITHER = wheel("notes", filename="notes.egg")
OTHER_B = replace(B, sha256="f" * 64)
TRANSFERRING, VERIFYING = (RunState.TRANSFERRING, None), (RunState.VERIFYING, None)
COMPLETE = (RunState.FINISHED, RunOutcome.COMPLETE)
INCOMPLETE = (RunState.FINISHED, RunOutcome.INCOMPLETE)

Situation = Callable[[Steps], int]


def b_ended(world: Steps, outcome: Outcome, name: str = "my-org") -> int:
    run = world.ready(A, B, name=name)
    world.uploaded(A, name)
    world.end(B, outcome, name)
    world.read_back(name)
    world.ledger.blobs.release(A.sha256)
    world.ledger.blobs.release(B.sha256)
    return run


def b_put_off(world: Steps, seconds: float) -> int:
    run = world.ready(A, B)
    world.uploaded(A)
    world.put_off(B, seconds=seconds)
    world.read_back()
    return run


def b_waiting(world: Steps) -> int:
    run = world.planned([A, B])
    world.stage([A.sha256])
    world.uploaded(A)
    return run


def b_uploading(world: Steps) -> int:
    run = world.ready(A, B)
    world.uploaded(A)
    world.uploading()
    return run


def both_uploaded(world: Steps) -> int:
    run = world.ready(A, B)
    world.uploaded(A)
    world.uploaded(B)
    return run


def both_copied(world: Steps) -> int:
    run = both_uploaded(world)
    world.read_back()
    return run


def read_back_fails(world: Steps, seconds: float) -> int:
    run = world.ready(A)
    uploaded = world.uploaded(A)
    later = world.now + timedelta(seconds=seconds)
    assert world.ledger.transfers.unread(uploaded, no_answer(), later, world.now)
    return run


def left_the_source_before_it_was_read_back(world: Steps) -> int:
    world.settle(read_back_fails(world, 3600))
    return world.planned([B], [B])


def corrupt_since_an_earlier_run(world: Steps) -> int:
    world.settle(b_ended(world, Outcome.CORRUPT))
    return world.planned([A, B], [A])


def missing_outside_of_the_scope(world: Steps) -> int:
    world.planned_and_put_off(A, B)
    run = world.planned([A], trigger="call", scope=Scope("alpha"))
    world.wait(7200)
    world.stage([A.sha256])
    world.uploaded(A)
    world.read_back()
    return run


def refused_within_the_scope(world: Steps) -> int:
    world.settle(world.planned([A, B], [A, B]))
    return world.planned([B], [OTHER_B], trigger="call", scope=Scope("beta"))


TABLE = [
    pytest.param(lambda world: world.planned([]), COMPLETE, id="nothing at the source"),
    pytest.param(lambda world: world.planned([A, B], [A, B]), COMPLETE, id="everything there already"),
    pytest.param(lambda world: world.planned([A, B], [A, OTHER_B]), INCOMPLETE, id="a conflict"),
    pytest.param(lambda world: world.planned([A, NEITHER], [A]), INCOMPLETE, id="no distribution"),
    pytest.param(lambda world: world.planned([A, B]), TRANSFERRING, id="all waiting"),
    pytest.param(b_waiting, TRANSFERRING, id="one waiting"),
    pytest.param(lambda world: world.ready(A, B), TRANSFERRING, id="all ready"),
    pytest.param(b_uploading, TRANSFERRING, id="one uploading"),
    pytest.param(both_uploaded, VERIFYING, id="all uploaded, none read back"),
    pytest.param(both_copied, COMPLETE, id="all read back"),
    pytest.param(lambda world: b_put_off(world, HOLDS_RUN - 2), TRANSFERRING, id="one put off for moments"),
    pytest.param(lambda world: b_put_off(world, HOLDS_RUN + 9), INCOMPLETE, id="one put off for longer"),
    pytest.param(lambda world: read_back_fails(world, 1), VERIFYING, id="read back again in a moment"),
    pytest.param(lambda world: read_back_fails(world, 60), INCOMPLETE, id="read back again much later"),
    pytest.param(left_the_source_before_it_was_read_back, INCOMPLETE, id="left the source, not read back"),
    pytest.param(corrupt_since_an_earlier_run, INCOMPLETE, id="corrupt since an earlier run"),
    pytest.param(missing_outside_of_the_scope, COMPLETE, id="one missing outside of the scope"),
    pytest.param(refused_within_the_scope, INCOMPLETE, id="one refused within the scope"),
]


@pytest.mark.parametrize(("situation", "expected"), TABLE)
def test_a_run_is_where_its_files_are(
    world: Steps, situation: Situation, expected: tuple[RunState, RunOutcome | None]
) -> None:
    run = situation(world)
    assert world.settle(run) == expected
    assert world.settle(run) == expected
    assert (world.run(run).finished_at is None) == (expected[1] is None)


def test_one_file_that_did_not_arrive_keeps_a_run_from_being_complete(world: Steps) -> None:
    ended = {outcome: world.settle(b_ended(world, outcome, name=outcome)) for outcome in Outcome}
    assert ended == {outcome: COMPLETE if outcome in AT_TARGET else INCOMPLETE for outcome in Outcome}


def test_the_runs_to_settle_are_those_that_can_move(world: Steps) -> None:
    runs = world.ledger.runs
    run = world.ready(A)
    assert runs.unsettled(world.now) == []
    uploaded = world.uploaded(A)
    assert runs.unsettled(world.now) == [(run, "my-org")]
    assert world.settle(run) == VERIFYING
    assert runs.unsettled(world.now) == []

    assert world.ledger.transfers.postponed(uploaded, no_answer(), world.now, world.now)
    assert runs.unsettled(world.now) == [(run, "my-org")]
    assert world.settle(run) == TRANSFERRING
    assert runs.unsettled(world.now) == []

    world.uploaded(A)
    world.settle(run)
    world.read_back()
    assert runs.unsettled(world.now) == [(run, "my-org")]
    assert world.settle(run) == COMPLETE
    assert runs.unsettled(world.now) == []


def test_a_run_that_is_not_planned_yet_is_not_settled(world: Steps) -> None:
    claim = world.planning()
    assert world.ledger.runs.unsettled(world.now) == []
    assert world.settle(claim.id) == (RunState.PLANNING, None)


def test_a_finished_run_stays_as_it_ended(world: Steps) -> None:
    run = world.planned([A], [A])
    assert world.settle(run) == COMPLETE
    ended = world.run(run).finished_at
    world.planned([A, B])
    assert world.settle(run) == COMPLETE
    assert world.run(run).finished_at == ended


def test_what_one_run_left_behind_is_carried_on_by_the_next(world: Steps) -> None:
    first = world.planned_and_put_off(A)
    second = world.planned([A])
    assert world.settle(second) == INCOMPLETE
    third = world.planned([A])
    world.wait(7200)
    assert world.settle(third) == TRANSFERRING
    world.stage([A.sha256])
    world.uploaded(A)
    world.read_back()
    assert world.settle(third) == COMPLETE
    assert world.ledger.runs.state(first) == world.ledger.runs.state(second) == INCOMPLETE
