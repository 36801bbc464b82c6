"""What a Run saw is kept with its decisions, for the next one to begin from."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from syncer.core.look import Depth, Look
from syncer.core.model import DistributionFile, Listing, Scope, Selection
from syncer.core.plan import make_plan
from syncer.core.states import Outcome, RunOutcome, RunState
from syncer.ports.claims import RunClaim, Seen
from tests.ledger.steps import Steps
from tests.support.ledgers import SERVER, SOURCE, START, wheel

A, B = wheel("alpha"), wheel("beta")
LOOK = Look(
    rule="this rule",
    full_at=START - timedelta(hours=1, microseconds=1),
    full_seconds=0.1 + 0.2,
    seen_at=START,
    stated=250_000,
    proved_at=START,
    recent=frozenset({3, 1, 2**40}),
    target_state="uuid:4711",
)


def record(
    world: Steps,
    claim: RunClaim,
    *files: DistributionFile,
    at_target: tuple[DistributionFile, ...] = (),
    look: Look | None = None,
    depth: Depth = Depth.FULL,
    rule: str = LOOK.rule,
) -> bool:
    """The claimed Run has seen this; whether it was still held."""
    listing = Listing(files, len(files), len(files))
    plan = make_plan(listing, Listing(at_target), Selection())
    scope = Scope(projects=listing.projects()) if depth is Depth.RECENT else None
    seen = Seen(listing, SOURCE, SERVER, rule=rule, scope=scope, depth=depth, look=look)
    return world.ledger.runs.record(claim, plan, seen, world.wait(1)) is not None


def test_a_look_is_kept_as_it_was_to_the_last_microsecond(world: Steps) -> None:
    assert world.ledger.runs.look("my-org") is None
    assert record(world, world.planning(), look=LOOK)
    assert world.ledger.runs.look("my-org") == LOOK


def test_a_later_look_takes_the_place_of_the_one_before(world: Steps) -> None:
    later = replace(LOOK, seen_at=START + timedelta(seconds=9), recent=frozenset(), target_state="")
    for look in (LOOK, later):
        claim = world.planning()
        record(world, claim, look=look)
        world.settle(claim.id)
    assert world.ledger.runs.look("my-org") == later


def test_each_mapping_has_a_look_of_its_own(world: Steps) -> None:
    record(world, world.planning(), look=LOOK)
    assert world.ledger.runs.look("other") is None


@pytest.mark.parametrize(
    ("options", "rule", "stays"),
    [
        pytest.param({"scope": Scope("alpha")}, LOOK.rule, True, id="a part, by the same rule"),
        pytest.param({"scope": Scope("alpha")}, "another rule", False, id="a part, by another rule"),
        pytest.param({"dry_run": True}, LOOK.rule, True, id="a dry run"),
        pytest.param({"dry_run": True}, "another rule", True, id="a dry run by another rule"),
    ],
)
def test_a_run_without_a_look_leaves_the_last_one_unless_it_decided_by_another_rule(
    world: Steps, options: dict[str, Any], rule: str, stays: bool
) -> None:
    first = world.planning()
    record(world, first, A, look=LOOK)
    world.put_off(A)
    world.settle(first.id)
    record(world, world.planning("cli", **options), A, rule=rule)
    assert world.ledger.runs.look("my-org") == (LOOK if stays else None)


def test_a_run_that_was_lost_keeps_nothing(world: Steps) -> None:
    lost = world.planning()
    world.wait(3600)
    world.claim(lost.id)
    assert not record(world, lost, look=LOOK)
    assert world.ledger.runs.look("my-org") is None


@pytest.mark.parametrize("depth", list(Depth))
def test_a_run_says_how_deep_it_looked(world: Steps, depth: Depth) -> None:
    claim = world.planning()
    record(world, claim, A, depth=depth)
    assert world.run(claim.id).depth == depth


# What is known to be there


def test_what_a_plan_found_at_the_target_is_held_there(world: Steps) -> None:
    claim = world.planning()
    record(world, claim, A, B, at_target=(A,))
    held = world.ledger.runs.held
    assert held("my-org") == {("alpha", A.filename, A.sha256)}
    assert held("other") == frozenset()


def test_what_was_copied_is_held_once_a_plan_has_found_it_there(world: Steps) -> None:
    world.sync([A])
    assert world.ledger.runs.held("my-org") == frozenset()
    world.sync([A], [A])
    assert world.ledger.runs.held("my-org") == {("alpha", A.filename, A.sha256)}


def test_a_mapping_is_whole_when_all_that_is_wanted_is_there(world: Steps) -> None:
    runs = world.ledger.runs
    run = world.ready(A)
    assert not runs.is_whole("my-org")
    uploaded = world.uploaded(A)
    assert not runs.is_whole("my-org")
    assert world.ledger.transfers.ended(uploaded, Outcome.COPIED, world.now)
    assert runs.is_whole("my-org")
    assert world.settle(run) == (RunState.FINISHED, RunOutcome.COMPLETE)


def test_a_look_at_what_is_new_withdraws_nothing_and_one_at_everything_does(world: Steps) -> None:
    newer = wheel("alpha", "2.0")
    for depth, known in ((Depth.RECENT, [A, newer]), (Depth.FULL, [newer])):
        first = world.planning()
        record(world, first, A, newer, at_target=(A, newer))
        world.settle(first.id)
        claim = world.planning()
        record(world, claim, newer, at_target=(newer,), depth=depth)
        world.settle(claim.id)
        assert [row.filename for row in world.decisions()] == [file.filename for file in known]
