"""Runs, files and tasks: everything that is recorded of one can be seen."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from syncer.adapters.database.engine import Database
from syncer.core.errors import DigestMismatch
from syncer.core.model import Scope
from syncer.core.states import Outcome
from syncer.ports.claims import TaskRecord
from syncer.queries.files import file_detail, mapping_files, why
from syncer.queries.runs import recent_runs, run_detail
from syncer.queries.tasks import recent_tasks, task
from tests.support.ledgers import World, no_answer, wheel

A, B, C = wheel("alpha"), wheel("beta"), wheel("gamma")
NEITHER = wheel("notes", filename="notes.egg")


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def test_recent_runs_come_newest_first_and_by_mapping(world: World) -> None:
    first, second, third = world.sync([A], name="one"), world.sync([A], name="two"), world.request("one")
    assert [run.id for run in recent_runs(world.database)] == [third, second, first]
    assert [(run.id, run.outcome) for run in recent_runs(world.database, "one")] == [
        (third, ""),
        (first, "complete"),
    ]
    assert [run.id for run in recent_runs(world.database, limit=1)] == [third]


def test_a_run_shows_its_files_and_what_became_of_them(world: World) -> None:
    run, work = world.plan([A, B, NEITHER], task_id="task-7")
    world.refuse(B.sha256, DigestMismatch("Its bytes are other ones.", "A proxy.", "Publish it again."))
    world.stage({*work.blobs} - {B.sha256})
    world.upload_all()
    world.read_back()
    detail = run_detail(world.database, run)
    assert detail is not None
    assert (detail.run.id, detail.run.task_id, detail.run.stated_releases) == (run, "task-7", 3)
    assert [(row.filename, row.status, row.outcome) for row in detail.files] == [
        (A.filename, "synced", "copied"),
        (B.filename, "refused", "corrupt"),
        (NEITHER.filename, "refused", ""),
    ]
    assert (detail.files[1].error, detail.files[1].next_step) == (
        "Its bytes are other ones. A proxy.",
        "Publish it again.",
    )
    assert (detail.counts.selected, detail.counts.synced, detail.counts.missing) == (3, 1, 2)


def test_an_old_run_still_shows_what_became_of_its_files(world: World) -> None:
    first = world.sync([A])
    second = world.sync([A, B], [A])
    found, later = run_detail(world.database, first), run_detail(world.database, second)
    assert found is not None
    assert later is not None
    assert [(row.filename, row.status) for row in found.files] == [(A.filename, "synced")]
    assert [(row.filename, row.kind) for row in later.files] == [
        (A.filename, "already_there"),
        (B.filename, "copy"),
    ]


def test_a_run_shows_the_files_that_an_earlier_one_left_to_it(world: World) -> None:
    first, _ = world.plan([A])
    claim = world.fetch(A.sha256)
    world.ledger.blobs.postponed(claim, no_answer(), world.wait(100), world.wait(-100))
    world.settle(first)
    second, _ = world.plan([A, B])
    found = run_detail(world.database, second)
    assert found is not None
    assert [(row.filename, row.from_run_id, row.status) for row in found.files] == [
        (A.filename, first, "failing"),
        (B.filename, second, "waiting"),
    ]


def test_a_decision_without_a_transfer_is_superseded_when_a_later_run_says_otherwise(world: World) -> None:
    first = world.sync([NEITHER])
    world.sync([A])
    found = run_detail(world.database, first)
    assert found is not None
    assert [row.status for row in found.files] == ["superseded"]


def test_a_dry_run_shows_what_it_would_do_and_nothing_more(world: World) -> None:
    run, _ = world.plan([A, NEITHER], dry_run=True)
    found = run_detail(world.database, run)
    assert found is not None
    assert [(row.kind, row.status) for row in found.files] == [
        ("copy", "planned"),
        ("not_a_distribution", "planned"),
    ]
    assert why(world.database, A.filename) == ()
    assert mapping_files(world.database, "my-org").total == 0


def test_a_run_is_read_by_page_and_by_status(world: World) -> None:
    run = world.sync([A, B, C, NEITHER])
    page = run_detail(world.database, run, limit=2, offset=2)
    assert page is not None
    assert ([row.filename for row in page.files], page.total) == ([C.filename, NEITHER.filename], 4)
    refused = run_detail(world.database, run, status="refused")
    assert refused is not None
    assert ([row.filename for row in refused.files], refused.total) == ([NEITHER.filename], 1)


def test_no_such_run(world: World) -> None:
    assert run_detail(world.database, 1) is None


def test_a_mappings_files_are_read_by_page_and_by_status(world: World) -> None:
    world.sync([A, B, C, NEITHER])
    world.sync([A], name="another")
    page = mapping_files(world.database, "my-org", limit=2, offset=1)
    assert ([row.filename for row in page.files], page.total) == ([B.filename, C.filename], 4)
    refused = mapping_files(world.database, "my-org", "refused")
    assert ([row.filename for row in refused.files], refused.total) == ([NEITHER.filename], 1)
    assert mapping_files(world.database, "nowhere").files == ()


def test_the_missing_files_of_a_mapping_are_those_that_are_not_synced(world: World) -> None:
    world.sync([A])
    world.plan([A, B, NEITHER], [A])
    missing = mapping_files(world.database, "my-org", "missing")
    assert ([row.status for row in missing.files], missing.total) == (["waiting", "refused"], 2)


def test_a_file_shows_its_decision_transfer_attempts_and_former_decisions(world: World) -> None:
    other = wheel("alpha", content="published again")
    first = world.sync([A])
    second, work = world.plan([other], [])
    world.stage(work.blobs)
    world.upload_all()
    found = file_detail(world.database, "my-org", "alpha", A.filename)
    assert found is not None
    assert (found.status, [one.sha256 for one in found.former]) == ("unverified", [A.sha256])
    assert found.current is not None
    assert found.current.transfer is not None
    assert (found.current.from_run_id, found.current.transfer.answer) == (second, "200 OK")
    assert (found.former[0].from_run_id, found.former[0].to_run_id) == (first, second)
    assert [(one.step, one.result, one.sha256, one.task_id, one.worker) for one in found.attempts] == [
        ("upload", "uploaded", other.sha256, "task-1", "worker-1@host"),
        ("download", "staged", other.sha256, "task-1", "worker-1@host"),
        ("upload", "uploaded", A.sha256, "task-1", "worker-1@host"),
        ("download", "staged", A.sha256, "task-1", "worker-1@host"),
    ]
    assert {blob.sha256: blob.state for blob in found.blobs} == {A.sha256: "staged", other.sha256: "staged"}


def test_a_file_that_the_source_no_longer_lists_is_superseded(world: World) -> None:
    world.sync([A])
    world.sync([B])
    found = file_detail(world.database, "my-org", "alpha", A.filename)
    assert found is not None
    assert (found.status, found.current, found.former[0].status) == ("superseded", None, "synced")


def test_no_such_file(world: World) -> None:
    world.sync([A])
    assert file_detail(world.database, "my-org", "alpha", B.filename) is None


@pytest.mark.parametrize(
    "text",
    [
        A.filename,
        f" {A.filename}\n",
        A.sha256,
        A.sha256[:6],
        A.sha256[:12].upper(),
        f"sha256:{A.sha256}",
        f"sha256={A.sha256[:10]}",
    ],
)
def test_why_finds_a_file_by_name_and_by_digest_in_each_mapping(world: World, text: str) -> None:
    world.sync([A, B], name="one")
    world.sync([A], [A], name="two")
    found = why(world.database, text)
    assert [(one.mapping, one.filename, one.current and one.current.kind) for one in found] == [
        ("one", A.filename, "copy"),
        ("two", A.filename, "already_there"),
    ]
    assert [attempt.step for attempt in found[0].attempts] == ["upload", "download"]
    assert [attempt.step for attempt in found[1].attempts] == ["download"]
    json.dumps([asdict(one) for one in found], default=str)


@pytest.mark.parametrize(
    "text", ["", "a", A.sha256[:5], "alpha", "%", "nothing-1.0.tar.gz", "f" * 64, "f" * 99]
)
def test_why_says_nothing_of_what_it_does_not_know(world: World, text: str) -> None:
    world.sync([A])
    assert why(world.database, text) == ()


def test_a_task_shows_its_record_its_run_and_its_attempts(world: World) -> None:
    run = world.sync([A], scope=Scope("alpha"), task_id="task-1")
    record = TaskRecord("task-1", "syncer.resync", "SUCCESS", {"run": run}, worker="w@host", run_id=run)
    world.ledger.tasks.store(record, world.now)
    found = task(world.database, "task-1")
    assert found is not None
    assert (found.task.name, found.task.state, found.result) == (
        "syncer.resync",
        "SUCCESS",
        f'{{"run": {run}}}',
    )
    assert found.run is not None
    assert (found.run.id, found.run.project) == (run, "alpha")
    assert [(one.attempt.step, one.mapping, one.filename) for one in found.attempts] == [
        ("upload", "my-org", A.filename),
        ("download", "my-org", A.filename),
    ]


def test_a_task_is_known_by_its_run_or_its_attempts_alone(world: World) -> None:
    run = world.request(task_id="task-9")
    by_run = task(world.database, "task-9")
    assert by_run is not None
    assert (by_run.task.state, by_run.task.run_id) == ("unknown", run)
    world.sync([A], name="another")
    by_attempt = task(world.database, "task-1")
    assert by_attempt is not None
    assert (by_attempt.run, len(by_attempt.attempts)) == (None, 2)


def test_no_such_task(world: World) -> None:
    assert task(world.database, "nothing") is None


def test_recent_tasks_come_newest_first(world: World) -> None:
    for number in range(3):
        world.ledger.tasks.store(TaskRecord(f"t{number}", "syncer.discover", "SUCCESS"), world.wait(1))
    assert [one.id for one in recent_tasks(world.database, 2)] == ["t2", "t1"]


def test_an_upload_that_found_other_bytes_is_a_conflict(world: World) -> None:
    run, work = world.plan([A])
    world.stage(work.blobs)
    world.upload_all()
    world.read_back(outcome=Outcome.CONFLICT)
    found = run_detail(world.database, run, status="conflict")
    assert found is not None
    assert found.total == 1
