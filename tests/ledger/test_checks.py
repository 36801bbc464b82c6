"""Which files are to be fetched back from their target, and what stands of what came of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from syncer.adapters.database.schema import CheckRow
from syncer.core.check import AGAIN, DAY, DUE_AFTER, Check, CheckResult, Extent, Finding, Spent
from syncer.core.model import EVERYTHING, DistributionFile, Selection
from syncer.core.plan import DecisionKind
from syncer.core.states import Outcome, RunOutcome, RunState
from syncer.queries.overview import MappingStatus, overview
from tests.ledger.steps import Steps
from tests.support.ledgers import mapping, wheel

A, B, C = wheel("alpha"), wheel("beta"), wheel("gamma")
WINDOW = 30 * DAY
RULES = {"my-org": mapping(), "other": mapping("other")}


def due(world: Steps, name: str = "my-org", limit: int = 10) -> list[str]:
    return [check.file.project for check in checks(world, name, limit)]


def checks(world: Steps, name: str = "my-org", limit: int = 10) -> list[Check]:
    return list(world.ledger.checks.due(name, WINDOW, world.now, limit))


def find(world: Steps, file: DistributionFile, result: CheckResult, found: str = "") -> bool:
    """The file, which is due, was fetched."""
    check = next(check for check in checks(world) if check.file.key == file.key)
    return world.ledger.checks.record(check, Finding(result, found, 100), world.now)


def status(world: Steps, name: str = "my-org") -> MappingStatus:
    return next(one for one in overview(world.database, RULES, world.now).mappings if one.name == name)


def count(world: Steps) -> int:
    return world.count(CheckRow)


def test_due_are_files_that_are_at_the_target_and_no_others(world: Steps) -> None:
    rule = replace(mapping(), selection=Selection(project_deny=("gamma",)))
    world.sync(
        [A, B, C, wheel("delta"), wheel("eggs", filename="eggs.egg")], [B, wheel("delta", content="x")]
    )
    assert sorted(due(world)) == ["alpha", "beta", "gamma"]
    world.sync([A, B, C, wheel("epsilon")], [A, B, C], rule=rule)
    assert sorted(due(world)) == ["alpha", "beta", "epsilon"]
    world.planned([A, B, wheel("zeta")], [A, B])
    assert sorted(due(world)) == ["alpha", "beta"], "what is under way is not there yet"
    assert due(world, "other") == []


def test_what_was_never_checked_comes_first_then_the_oldest_in_time(world: Steps) -> None:
    world.sync([A, B], [A])
    assert find(world, A, CheckResult.SAME)
    world.wait(3600)
    assert due(world) == ["beta"]
    assert find(world, B, CheckResult.SAME)
    world.wait(WINDOW * DUE_AFTER - 3600)
    assert due(world) == ["alpha"]
    world.wait(3600)
    assert due(world) == ["alpha", "beta"]
    assert due(world, limit=1) == ["alpha"]


def test_what_was_wrong_comes_before_all_others_after_a_while(world: Steps) -> None:
    world.sync([A, B, C], [A, B])
    assert find(world, B, CheckResult.UNREADABLE)
    assert sorted(due(world)) == ["alpha", "gamma"]
    world.wait(AGAIN[CheckResult.UNREADABLE])
    assert due(world)[0] == "beta"
    (first, *_) = checks(world)
    assert (first.before, first.found_before, first.size) == (CheckResult.UNREADABLE, "", 100)


def test_a_date_ahead_of_the_clock_counts_as_none(world: Steps) -> None:
    world.sync([A], [A])
    assert find(world, A, CheckResult.SAME)
    world.wait(-3600)
    assert due(world) == ["alpha"]


def test_what_came_of_a_file_that_changed_meanwhile_is_not_recorded(world: Steps) -> None:
    world.sync([A], [A])
    (check,) = checks(world)
    newer = wheel("alpha", content="published again")
    world.sync([newer], [newer])
    assert not world.ledger.checks.record(check, Finding(CheckResult.DIFFERS, "f" * 64, 1), world.now)
    assert (count(world), due(world)) == (0, ["alpha"])


def test_what_was_found_of_other_bytes_says_nothing(world: Steps) -> None:
    world.sync([A], [A])
    assert find(world, A, CheckResult.DIFFERS, "f" * 64)
    newer = wheel("alpha", content="published again")
    world.sync([newer], [newer])
    assert status(world).state == "complete"
    assert due(world) == ["alpha"]


def test_a_spoilt_file_is_a_conflict_in_every_count_at_once(world: Steps) -> None:
    world.sync([A, B], [A])
    assert status(world).state == "complete"
    for file, result in ((A, CheckResult.DIFFERS), (B, CheckResult.MISSING)):
        assert find(world, file, result)
    seen = status(world)
    assert (seen.state, seen.counts.synced, seen.counts.conflicts, seen.counts.missing) == (
        "incomplete",
        0,
        2,
        2,
    )
    assert seen.checks is not None
    assert (seen.checks.differs, seen.checks.missing, seen.checks.checked) == (1, 1, 0)
    assert not world.ledger.runs.is_whole("my-org")


def test_a_run_that_ends_after_the_finding_is_not_complete(world: Steps) -> None:
    world.sync([A, B], [A, B])
    run = world.planned([A, B, C], [A, B])
    assert find(world, A, CheckResult.DIFFERS, "f" * 64)
    world.stage([C.sha256])
    world.upload_all()
    world.read_back()
    assert world.settle(run) == (RunState.FINISHED, RunOutcome.INCOMPLETE)


def test_the_planner_knows_of_every_spoilt_file(world: Steps) -> None:
    world.sync([A, B, C], [A, B, C])
    find(world, A, CheckResult.DIFFERS, "f" * 64)
    find(world, B, CheckResult.UNREADABLE)
    find(world, C, CheckResult.SAME, C.sha256)
    known = world.ledger.rulings.known("my-org")
    assert [known.served(file) for file in (A, B, C)] == ["f" * 64, "", None]


def test_reading_back_what_was_brought_anew_forgets_the_finding(world: Steps) -> None:
    world.sync([A, B], [B])
    find(world, A, CheckResult.MISSING)
    find(world, B, CheckResult.SAME, B.sha256)
    world.sync([A, B], [B])
    with world.database.read() as session:
        assert list(session.scalars(select(CheckRow.project))) == ["beta"]
    assert status(world).counts.synced == 2


def test_only_a_read_back_forgets(world: Steps) -> None:
    world.sync([A], [A])
    find(world, A, CheckResult.MISSING)
    world.ready(A)
    world.end(A, Outcome.CONFLICT)
    assert count(world) == 1


def test_what_it_cost_lately(world: Steps) -> None:
    world.sync([A, B], [A, B])
    find(world, A, CheckResult.SAME)
    world.wait(3600)
    find(world, B, CheckResult.SAME)
    spent = world.ledger.checks.spent
    assert spent(["my-org"], world.now) == Spent(100, 200)
    assert spent(["other"], world.now) == spent([], world.now) == Spent()
    assert spent(["my-org"], world.now + timedelta(seconds=DAY)) == Spent()


def test_how_much_there_is_to_check_and_what_is_gone_is_forgotten(world: Steps) -> None:
    world.sync([A, B, C], [A, B])
    find(world, A, CheckResult.SAME)
    find(world, B, CheckResult.SAME)
    assert world.ledger.checks.extent("my-org") == Extent(3, 2, 200)
    assert world.ledger.checks.extent("my-org").estimate == 300
    world.sync([A, C], [A, C])
    assert world.ledger.checks.extent("my-org") == Extent(2, 1, 100)
    assert count(world) == 1
    assert world.ledger.checks.extent("other") == Extent(0, 0, 0)


def test_releases_are_what_the_source_has_and_the_mapping_wants(world: Steps) -> None:
    rule = replace(mapping(), selection=Selection(project_deny=("gamma",)))
    before = world.ledger.releases.mark("my-org")
    world.sync([A, wheel("alpha", "2.0"), C, wheel("eggs", filename="eggs.egg")], [A], rule=rule)
    found = world.ledger.releases.versions("my-org")
    assert {project: sorted(versions) for project, versions in found.items()} == {
        "alpha": ["1.0", "2.0"],
        "eggs": ["1.0"],
    }
    assert found["alpha"]["1.0"].filenames == (A.filename,)
    decided = {row.decided_at for row in world.decisions() if row.kind != DecisionKind.EXCLUDED}
    assert {version.since for each in found.values() for version in each.values()} == decided
    mark = world.ledger.releases.mark("my-org")
    assert mark != before
    world.sync([A, wheel("alpha", "2.0")], [A, wheel("alpha", "2.0")], rule=rule)
    assert world.ledger.releases.mark("my-org") != mark
    assert world.ledger.releases.versions("other") == {}


def test_a_scope_of_everything_is_whole_without_findings(world: Steps) -> None:
    world.sync([A, B], [A, B], scope=EVERYTHING)
    assert world.ledger.runs.is_whole("my-org")
