"""Which Runs are stated, and what their statements are about, whatever later Runs decided."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from syncer.adapters.database.schema import RunRow
from syncer.core.errors import DigestMismatch
from syncer.core.model import DistributionFile, Scope, Selection
from syncer.ports.statements import Signed
from syncer.queries.runs import run_detail
from tests.ledger.steps import Steps
from tests.ledger.test_retention import MONTH, forget
from tests.support.ledgers import mapping, wheel

A, B = wheel("alpha"), wheel("beta")
NEW_A = wheel("alpha", content="other bytes")


def files_of(world: Steps, run: int) -> set[tuple[str, str, str]]:
    found = world.ledger.statements.whole_run(run)
    assert found is not None
    return set(found.files)


def keys(*files: DistributionFile) -> set[tuple[str, str, str]]:
    return {(file.project, file.filename, file.sha256) for file in files}


def signed(world: Steps, run: int, envelope: str = "{}") -> Signed:
    return Signed(run, "my-org", 2, "a" * 64, envelope, "b" * 64, world.now)


def test_a_complete_run_is_about_every_file_that_is_at_both_sides(world: Steps) -> None:
    first = world.sync([A])
    second = world.sync([A, B], [A])
    assert (files_of(world, first), files_of(world, second)) == (keys(A), keys(A, B))


def test_what_a_run_is_about_stays_the_same_whatever_later_runs_decide(world: Steps) -> None:
    first = world.sync([A, B])
    world.sync([A, B], [A, B])
    world.sync([NEW_A])
    world.plan([NEW_A], dry_run=True)
    assert files_of(world, first) == keys(A, B)


def test_excluded_files_are_no_part_of_it(world: Steps) -> None:
    rule = replace(mapping(), selection=Selection(project_deny=("beta",)))
    assert files_of(world, world.sync([A, B], rule=rule)) == keys(A)


def test_the_last_complete_whole_run_of_each_mapping_is_to_be_signed(world: Steps) -> None:
    world.sync([A])
    last, other = world.sync([A], [A]), world.sync([B], name="other")
    assert world.ledger.statements.unsigned() == [last, other]
    world.ledger.statements.keep(signed(world, last))
    assert world.ledger.statements.unsigned() == [other]


def test_a_run_that_is_no_complete_look_at_everything_is_not_stated(world: Steps) -> None:
    alone = world.sync([A], scope=Scope("alpha"))
    dry, _ = world.plan([A], [A], dry_run=True)
    incomplete, work = world.plan([A, B], [A])
    world.refuse(work.blobs[0], DigestMismatch("Other bytes came.", "A proxy.", "Publish it again."))
    world.settle(incomplete)
    recent = world.sync([A], [A])
    with world.database.write() as session:
        session.execute(update(RunRow).where(RunRow.id == recent).values(depth="recent"))
    assert world.ledger.statements.unsigned() == []
    for run in (alone, dry, incomplete, recent, 99):
        assert world.ledger.statements.whole_run(run) is None


def test_a_run_has_one_statement_and_the_first_one_stays(world: Steps) -> None:
    run = world.sync([A])
    first = signed(world, run, "first")
    world.ledger.statements.keep(first)
    world.ledger.statements.keep(signed(world, run, "second"))
    assert world.ledger.statements.find("my-org") == first
    assert world.ledger.statements.find("my-org", run) == first


def test_the_newest_statement_is_found_or_that_of_a_run(world: Steps) -> None:
    first, second = world.sync([A]), world.sync([A], [A])
    for run in (first, second):
        world.ledger.statements.keep(signed(world, run, str(run)))
    found = [world.ledger.statements.find("my-org", run) for run in (None, first, 99)]
    assert [each and each.run_id for each in found] == [second, first, None]
    assert world.ledger.statements.find("other") is None


def test_the_page_of_a_run_knows_who_signed_it(world: Steps) -> None:
    run = world.sync([A])
    before = run_detail(world.database, run)
    world.ledger.statements.keep(signed(world, run))
    after = run_detail(world.database, run)
    assert before is not None
    assert after is not None
    assert (before.signed_by, after.signed_by) == ("", "b" * 64)


def test_the_statement_of_the_last_complete_run_is_never_forgotten(world: Steps) -> None:
    old, last = world.sync([A]), 0
    for _ in range(2):
        last = world.sync([A], [A])
    for run in (old, last):
        world.ledger.statements.keep(signed(world, run))
    world.wait(2 * MONTH)
    forget(world)
    assert world.ledger.statements.find("my-org", last) is not None
    assert files_of(world, last) == keys(A)


@pytest.mark.parametrize("expects", ["", "f" * 64])
def test_a_run_remembers_which_plan_alone_it_may_carry_out(world: Steps, expects: str) -> None:
    assert world.planning("cli", expects=expects).expects == expects
