"""A Mapping has one open Run at most, and each Run is planned by one worker that lives."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from syncer.adapters.database.engine import Taken
from syncer.adapters.database.schema import DecisionRow, RunRow, TransferRow
from syncer.core.errors import Unauthorized
from syncer.core.model import Scope
from syncer.core.retry import MAX_DEATHS
from syncer.core.states import Outcome, RunOutcome, RunState
from syncer.ports.claims import RunClaim
from tests.ledger.steps import LEASE, Steps
from tests.support.ledgers import no_answer, wheel

A, B = wheel("alpha"), wheel("beta")
BROKEN = Unauthorized("Gitea refused the token.", "It has expired.", "Make a new one.")


def lose_planner(world: Steps, claim: RunClaim) -> RunClaim:
    """Its lease runs out and another worker plans the Run."""
    world.wait(LEASE + 1)
    again = world.claim(claim.id)
    assert again.attempt == claim.attempt + 1
    return again


# Requests


def test_a_request_is_kept_as_it_was_made(world: Steps) -> None:
    run = world.ask("call", scope=Scope("Al_pha", "1.0"), force=True, dry_run=True, task_id="task-9")
    assert run is not None
    assert world.ledger.runs.state(run) == (RunState.REQUESTED, None)
    assert world.run(run).task_id == "task-9"
    claim = world.claim(run)
    assert (claim.mapping, claim.scope, claim.attempt) == ("my-org", Scope("al-pha", "1.0"), 1)
    assert (claim.force, claim.dry_run, claim.by_person) == (True, True, True)


def test_a_run_knows_whether_a_person_asked_for_it(world: Steps) -> None:
    expected = {"schedule": False, "webhook": False, "call": True, "cli": True, "web": True}
    assert {trigger: world.planning(trigger, trigger).by_person for trigger in expected} == expected


def test_a_scheduled_run_is_not_needed_while_one_is_requested(world: Steps) -> None:
    assert world.ask() is not None
    assert world.ask() is None


def test_a_scheduled_run_is_not_needed_while_a_person_s_run_waits(world: Steps) -> None:
    assert world.ask("call") is not None
    assert world.ask() is None


def test_a_scheduled_run_is_not_needed_while_one_is_planning(world: Steps) -> None:
    world.planning()
    assert world.ask() is None


def test_a_scheduled_run_is_not_needed_while_one_is_transferring(world: Steps) -> None:
    world.planned([A])
    assert world.ask() is None


def test_a_scheduled_run_is_not_needed_while_one_is_verifying(world: Steps) -> None:
    run = world.ready(A)
    world.uploaded(A)
    assert world.settle(run) == (RunState.VERIFYING, None)
    assert world.ask() is None


def test_a_scheduled_run_is_needed_again_once_the_last_one_has_finished(world: Steps) -> None:
    assert world.settle(world.planned([])) == (RunState.FINISHED, RunOutcome.COMPLETE)
    assert world.ask() is not None


def test_a_run_of_another_mapping_changes_nothing(world: Steps) -> None:
    world.planning()
    assert world.ask(name="other") is not None


def test_what_was_asked_for_is_never_skipped(world: Steps) -> None:
    world.planning()
    asked = [world.ask(trigger) for trigger in ("call", "cli", "web", "webhook") * 2]
    assert len({run for run in asked if run is not None}) == len(asked)


# One open Run


def test_a_second_run_is_not_planned_while_one_is_open(world: Steps) -> None:
    first = world.planning()
    second = world.ask("call")
    assert second is not None
    assert world.ledger.runs.claim(second, world.worker, world.now, LEASE) is None
    world.record(first, [A])
    assert world.ledger.runs.claim(second, world.worker, world.now, LEASE) is None
    assert world.ledger.runs.state(second) == (RunState.REQUESTED, None)


def test_no_row_can_say_that_a_mapping_has_two_open_runs(world: Steps) -> None:
    world.planning()
    second = world.ask("call")
    opened = update(RunRow).where(RunRow.id == second).values(state=RunState.PLANNING)
    with pytest.raises(Taken), world.database.write() as session:
        session.execute(opened)


def test_a_requested_run_waits_for_the_open_one_and_is_then_startable(world: Steps) -> None:
    run = world.ready(A)
    waiting = world.ask("call")
    assert world.ledger.runs.startable(world.now) == []
    world.end(A, Outcome.ALREADY_THERE)
    world.settle(run)
    assert world.ledger.runs.startable(world.now) == [waiting]


def test_of_several_requested_runs_the_oldest_is_startable(world: Steps) -> None:
    first, _, other = world.ask("call"), world.ask("call"), world.ask("call", "other")
    assert sorted(world.ledger.runs.startable(world.now)) == [first, other]


def test_a_run_that_nobody_knows_cannot_be_claimed(world: Steps) -> None:
    assert world.ledger.runs.claim(4711, world.worker, world.now, LEASE) is None


def test_a_finished_run_is_not_planned_again(world: Steps) -> None:
    run = world.planned([])
    world.settle(run)
    assert world.ledger.runs.claim(run, world.worker, world.wait(10 * LEASE), LEASE) is None
    assert world.ledger.runs.startable(world.now) == []


# A planner that dies


def test_a_planner_that_lives_keeps_its_run(world: Steps) -> None:
    claim = world.planning()
    assert world.ledger.runs.extend(claim, world.wait(LEASE - 1) + timedelta(seconds=LEASE))
    world.wait(LEASE - 1)
    assert world.ledger.runs.startable(world.now) == []
    assert world.ledger.runs.claim(claim.id, world.worker, world.now, LEASE) is None


def test_planning_whose_worker_is_gone_is_taken_again(world: Steps) -> None:
    claim = world.planning()
    world.wait(LEASE + 1)
    assert world.ledger.runs.startable(world.now) == [claim.id]
    assert world.claim(claim.id).attempt == 2


def test_a_planner_that_lost_its_run_changes_nothing(world: Steps) -> None:
    lost = world.planning()
    current = lose_planner(world, lost)
    runs = world.ledger.runs
    assert not runs.extend(lost, world.now + timedelta(hours=1))
    assert not runs.fail(lost, no_answer(), world.now)
    assert world.try_to_record(lost, [B]) is None
    assert world.count(DecisionRow) == 0
    assert runs.state(lost.id) == (RunState.PLANNING, None)
    assert world.record(current, [A]).blobs == (A.sha256,)


def test_a_planner_that_lost_its_run_to_its_end_changes_nothing(world: Steps) -> None:
    lost = world.planning()
    world.record(lose_planner(world, lost), [])
    world.settle(lost.id)
    assert world.try_to_record(lost, [B]) is None
    assert world.count(DecisionRow) == 0
    assert world.ledger.runs.state(lost.id) == (RunState.FINISHED, RunOutcome.COMPLETE)


def test_a_run_whose_planners_all_die_fails_and_the_schedule_goes_on(world: Steps) -> None:
    claim = world.planning()
    for _ in range(MAX_DEATHS - 1):
        claim = lose_planner(world, claim)
    world.wait(LEASE + 1)
    assert world.ledger.runs.startable(world.now) == [claim.id]
    assert world.ledger.runs.claim(claim.id, world.worker, world.now, LEASE) is None
    assert world.ledger.runs.state(claim.id) == (RunState.FINISHED, RunOutcome.FAILED)
    assert "without an answer" in world.run(claim.id).error
    assert world.run(claim.id).next_step
    assert world.ask() is not None


# Ends


def test_a_run_that_cannot_be_planned_says_why_and_what_to_do(world: Steps) -> None:
    claim = world.planning()
    assert world.ledger.runs.fail(claim, BROKEN, world.wait(1))
    row = world.run(claim.id)
    assert (row.state, row.outcome, row.finished_at) == ("finished", "failed", world.now)
    assert (row.error_code, row.error) == ("unauthorized", "Gitea refused the token. It has expired.")
    assert row.next_step == "Make a new one."


def test_a_failed_run_leaves_what_was_current_as_it_was(world: Steps) -> None:
    world.planned_and_put_off(A)
    world.ledger.runs.fail(world.planning(), BROKEN, world.wait(1))
    assert [row.filename for row in world.decisions()] == [A.filename]
    assert world.state(A) == ("waiting", None)


def test_the_totals_that_the_source_stated_are_kept(world: Steps) -> None:
    row = world.run(world.planned([A, B]))
    assert (row.stated_releases, row.read_releases, row.planned_at) == (2, 2, world.now)


def test_a_dry_run_is_planned_and_changes_nothing_that_is_current(world: Steps) -> None:
    world.planned_and_put_off(A)
    before, transfers = world.decisions(), world.count(TransferRow)
    claim = world.planning("call", dry_run=True)
    work = world.record(claim, [B])
    assert (work.blobs, work.transfers) == ((), ())
    assert world.ledger.runs.state(claim.id) == (RunState.FINISHED, RunOutcome.PLANNED)
    assert [row.id for row in world.decisions()] == [row.id for row in before]
    assert world.count(TransferRow) == transfers
    assert world.state(A) == ("waiting", None)


def test_what_a_dry_run_found_is_kept_with_it(world: Steps) -> None:
    claim = world.planning("call", dry_run=True)
    world.record(claim, [A, B], [B])
    (row,) = world.decisions(current=False)
    assert (row.filename, row.from_run_id, row.to_run_id) == (A.filename, claim.id, claim.id)


def test_a_run_after_a_dry_run_does_what_that_found(world: Steps) -> None:
    world.record(world.planning("call", dry_run=True), [A])
    work = world.record(world.planning(), [A])
    assert work.blobs == (A.sha256,)
