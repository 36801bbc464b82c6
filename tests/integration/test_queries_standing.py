"""However files are counted and found, through whichever index, every way of asking gives one answer."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, or_, select

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import DecisionRow, RunRow, TransferRow
from syncer.adapters.database.scopes import CURRENT
from syncer.core.states import Outcome, RunState
from syncer.queries.files import mapping_files
from syncer.queries.rows import file_counts, select_statuses
from syncer.queries.runs import run_detail
from syncer.queries.standing import MISSING, lacks, needs_somebody, status_counts
from syncer.queries.statuses import FileStatus
from tests.integration.web_harness import busy
from tests.ledger.steps import Steps
from tests.support.ledgers import no_answer, wheel

NAMES = ("my-org", "other", "never-seen")
QUIET = {FileStatus.SYNCED, FileStatus.WAITING, FileStatus.UNVERIFIED}
Files = set[tuple[str, str]]


@pytest.fixture
def world(database: Database) -> Steps:
    """Two Mappings with files of every kind, Runs that took over what others left, and replaced decisions."""
    world = Steps(database)
    busy(world)
    late, again, more = wheel("late"), wheel("again"), wheel("more")
    left = world.planned([late], name="other")
    claim, later = world.fetch(late.sha256), world.now + timedelta(hours=1)
    world.ledger.blobs.postponed(claim, no_answer(), later, world.now)
    assert world.settle(left)[0] is RunState.FINISHED
    world.sync([late, again], [again], name="other")
    world.planned([late, wheel("again", content="newer bytes"), more], [late, again], name="other")
    world.stage([more.sha256])
    world.end(more, Outcome.REJECTED, name="other")
    return world


def by_status(world: Steps, *conditions: Any) -> dict[str, Files]:
    """The straight way: the status of every row, one by one."""
    key = (DecisionRow.project, DecisionRow.filename)
    found: dict[str, Files] = {}
    with world.database.read() as session:
        for row in session.execute(select_statuses(*key).where(*conditions)):
            found.setdefault(row.status, set()).add((row.project, row.filename))
    return found


def current(world: Steps, name: str) -> dict[str, Files]:
    return by_status(world, CURRENT, DecisionRow.mapping == name)


def test_the_world_holds_files_of_most_statuses(world: Steps) -> None:
    seen = current(world, "my-org") | current(world, "other")
    assert set(FileStatus) - set(seen) == {
        FileStatus.EXCLUDED,
        FileStatus.PLANNED,
        FileStatus.SUPERSEDED,
        FileStatus.UNKNOWN,
    }


def test_counts_by_index_are_the_counts_of_the_rows(world: Steps) -> None:
    with world.database.read() as session:
        counted = status_counts(session, NAMES)
    assert {name: {status: n for status, n in of.items() if n} for name, of in counted.items()} == {
        name: {status: len(files) for status, files in current(world, name).items()} for name in NAMES
    }


@pytest.mark.parametrize("status", [*FileStatus, MISSING])
def test_each_status_has_its_page_of_exactly_its_files(world: Steps, status: str) -> None:
    for name in NAMES:
        every = current(world, name)
        wanted = {each: files for each, files in every.items() if status == each}
        if status == MISSING:
            wanted = {each: files for each, files in every.items() if each not in ("synced", "excluded")}
        page = mapping_files(world.database, name, status)
        assert {(file.project, file.filename) for file in page.files} == set().union(*wanted.values())
        assert page.total == len(page.files)


def test_pages_follow_each_other_without_a_gap(world: Steps) -> None:
    whole = mapping_files(world.database, "my-org").files
    pages = [mapping_files(world.database, "my-org", limit=2, offset=at).files for at in range(0, 12, 2)]
    assert [file for page in pages for file in page] == list(whole)
    assert [(file.project, file.filename) for file in whole] == sorted(
        (file.project, file.filename) for file in whole
    )


def test_what_lacks_and_what_needs_somebody_follows_from_the_status(world: Steps) -> None:
    inside = (CURRENT, DecisionRow.mapping.in_(NAMES))
    every = by_status(world, *inside)
    quiet = {status for status in every if status in QUIET}
    assert set(by_status(world, *inside, lacks(NAMES))) == set(every) - {FileStatus.SYNCED}
    assert set(by_status(world, *inside, needs_somebody(NAMES))) == set(every) - quiet


def test_a_run_counts_what_it_decided_and_what_it_took_over(world: Steps) -> None:
    with world.database.read() as session:
        runs = list(session.scalars(select(RunRow.id)))
    for run in runs:
        taken = DecisionRow.id.in_(select(TransferRow.decision_id).where(TransferRow.run_id == run))
        wanted = by_status(world, or_(DecisionRow.from_run_id == run, taken))
        detail = run_detail(world.database, run)
        assert detail is not None
        assert detail.counts == file_counts({status: len(files) for status, files in wanted.items()})
        assert Counter(file.status for file in detail.files) == {
            status: len(files) for status, files in wanted.items()
        }
        for status in FileStatus:
            chosen = run_detail(world.database, run, status)
            assert chosen is not None
            assert len(chosen.files) == chosen.total == len(wanted.get(status, ()))


def test_a_transfer_stands_for_its_mapping_until_its_decision_is_replaced(world: Steps) -> None:
    stands = select(TransferRow.stands_for, DecisionRow.mapping, DecisionRow.to_run_id).join(
        DecisionRow, DecisionRow.id == TransferRow.decision_id
    )
    with world.database.read() as session:
        rows = session.execute(stands).all()
        replaced = session.scalar(select(func.count()).where(TransferRow.stands_for.is_(None)))
    assert replaced
    assert all(row.stands_for == (row.mapping if row.to_run_id is None else None) for row in rows)
