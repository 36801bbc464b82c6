"""A Run's balance is counted in the rows: nothing that was lost there goes unnoticed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, update

from syncer.adapters.database.balance import figures_balance
from syncer.adapters.database.schema import DecisionRow, LookRow, RunRow
from syncer.core.balance import Balance, Verdict
from syncer.core.look import Depth
from syncer.core.model import EVERYTHING, DistributionFile, Listing, Scope, Selection
from syncer.core.plan import DecisionKind, make_plan
from syncer.core.states import RunOutcome
from syncer.ports.claims import Seen
from tests.ledger.steps import Steps
from tests.ledger.test_looks import LOOK
from tests.support.ledgers import SERVER, SOURCE, wheel

A, B, C = wheel("alpha"), wheel("beta"), wheel("gamma")
ALL, DENIES_BETA = Selection(), Selection(project_deny=("beta",))


def run(
    world: Steps,
    *files: DistributionFile,
    depth: Depth = Depth.FULL,
    scope: Scope = EVERYTHING,
    stated: int | None = 3,
    selection: Selection = ALL,
    meanwhile: Any = None,
) -> tuple[int, RunOutcome | None]:
    """A Run that has found all these files at the target already, with something that happens to its rows."""
    claim = world.planning("cli", scope=scope)
    listing = Listing(files, stated, 3)
    plan = make_plan(listing, listing, selection)
    look = LOOK if scope == EVERYTHING else None
    covers = Scope(projects=listing.projects()) if depth is Depth.RECENT else None
    seen = Seen(listing, SOURCE, SERVER, scope=covers, depth=depth, rule=LOOK.rule, look=look)
    assert world.ledger.runs.record(claim, plan, seen, world.wait(1)) is not None
    if meanwhile is not None:
        change(world, meanwhile)
    return claim.id, world.settle(claim.id)[1]


def change(world: Steps, statement: Any) -> None:
    """Somebody writes to the database past the syncer."""
    with world.database.write() as session:
        session.execute(statement)


def sheet(world: Steps, run_id: int) -> Balance:
    with world.database.read() as session:
        return figures_balance(session.get_one(RunRow, run_id))


def numbers(world: Steps, run_id: int) -> dict[str, int | None]:
    return {line.word: line.number for line in sheet(world, run_id).lines}


def test_a_complete_run_has_counted_every_line(world: Steps) -> None:
    done, outcome = run(world, A, B, C, selection=DENIES_BETA)
    assert outcome is RunOutcome.COMPLETE
    assert sheet(world, done).agrees
    assert numbers(world, done) == {
        "stated": 3,
        "read": 3,
        "listed": 3,
        "decided": 3,
        "selected": 2,
        "proved": 2,
    }


def test_what_was_copied_and_read_back_is_proved_as_well(world: Steps) -> None:
    done = world.sync([A, B], [A])
    assert numbers(world, done)["proved"] == 2
    assert world.ledger.runs.state(done)[1] is RunOutcome.COMPLETE


def test_a_run_of_one_project_balances_within_it(world: Steps) -> None:
    run(world, A, B)
    done, outcome = run(world, A, scope=Scope("alpha"))
    assert outcome is RunOutcome.COMPLETE
    assert (numbers(world, done)["listed"], numbers(world, done)["proved"]) == (1, 1)


def test_a_source_that_states_no_total_is_unknown_and_not_complete(world: Steps) -> None:
    done, outcome = run(world, A, stated=None)
    assert outcome is RunOutcome.INCOMPLETE
    assert sheet(world, done).verdict is Verdict.UNKNOWN


ONE = delete(DecisionRow).where(DecisionRow.project == "alpha")
HIDDEN = update(DecisionRow).where(DecisionRow.project == "alpha").values(kind=DecisionKind.EXCLUDED)


@pytest.mark.parametrize(
    "lie", [pytest.param(ONE, id="lost"), pytest.param(HIDDEN, id="said to be excluded")]
)
def test_a_decision_that_changes_while_its_run_is_open_keeps_it_from_being_complete(
    world: Steps, lie: Any
) -> None:
    done, outcome = run(world, A, B, meanwhile=lie)
    assert outcome is RunOutcome.INCOMPLETE
    with world.database.read() as session:
        row = session.get_one(RunRow, done)
        assert row.error_code == "unbalanced"
        assert "files proved at the target: 1 of 2" in row.error


@pytest.mark.parametrize(
    "lie", [pytest.param(ONE, id="lost"), pytest.param(HIDDEN, id="said to be excluded")]
)
def test_a_look_at_what_is_new_notices_rows_that_changed_since_the_last_one(world: Steps, lie: Any) -> None:
    run(world, A, B)
    assert world.ledger.runs.is_whole("my-org")
    change(world, lie)
    assert not world.ledger.runs.is_whole("my-org")  # so that a full look follows
    done, outcome = run(world, C, depth=Depth.RECENT)
    assert outcome is RunOutcome.INCOMPLETE
    assert sheet(world, done).verdict is Verdict.DIFFERS
    done, outcome = run(world, A, B, C)
    assert (outcome, sheet(world, done).agrees) == (RunOutcome.COMPLETE, True)


def test_looks_at_what_is_new_count_on_from_the_last_full_one(world: Steps) -> None:
    run(world, A, B)
    other = replace(A, filename="alpha-1.0.tar.gz")
    done, outcome = run(world, A, other, depth=Depth.RECENT)
    assert (outcome, numbers(world, done)["listed"]) == (RunOutcome.COMPLETE, 3)
    run(world, C, scope=Scope("gamma"))
    done, outcome = run(world, A, other, depth=Depth.RECENT, selection=Selection(project_deny=("alpha",)))
    assert outcome is RunOutcome.COMPLETE
    assert numbers(world, done) == {
        "stated": 3,
        "read": 3,
        "listed": 4,
        "decided": 4,
        "selected": 2,
        "proved": 2,
    }


def test_a_look_from_before_the_balance_was_counted_proves_nothing(world: Steps) -> None:
    run(world, A, B)
    change(world, update(LookRow).values(listed_files=None, selected_files=None))
    done, outcome = run(world, A, depth=Depth.RECENT)
    assert outcome is RunOutcome.INCOMPLETE
    assert numbers(world, done)["listed"] is None
