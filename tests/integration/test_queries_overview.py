"""A Mapping is shown as complete only when that was proved, and lately."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta

import pytest

from syncer.adapters.database.engine import Database
from syncer.core.errors import DigestMismatch, Unauthorized
from syncer.core.model import Mapping, Scope, Selection
from syncer.core.plan import DecisionKind
from syncer.core.states import Outcome, RunOutcome, RunState
from syncer.queries.overview import MappingStatus, Overview, overview
from syncer.queries.rows import FileCounts
from syncer.queries.statuses import BY_KIND, BY_OUTCOME
from tests.support.ledgers import World, mapping, no_answer, wheel

A, B, C = wheel("alpha"), wheel("beta"), wheel("gamma")
NEITHER = wheel("notes", filename="notes.egg")
RULES = {"my-org": mapping()}


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def seen(world: World, rules: dict[str, Mapping] | None = None) -> Overview:
    return overview(world.database, rules or RULES, world.now)


def status(world: World) -> MappingStatus:
    return seen(world).mappings[0]


def test_every_decision_and_outcome_has_a_word() -> None:
    assert set(BY_KIND) | {DecisionKind.COPY} == set(DecisionKind)
    assert set(BY_OUTCOME) == set(Outcome)


def test_a_mapping_without_a_run_has_never_run(world: World) -> None:
    assert (status(world).state, status(world).stale) == ("never_run", False)


def test_a_mapping_that_never_ran_is_stale_when_runs_were_expected_for_too_long(world: World) -> None:
    since = world.now
    world.wait(3 * 60 + 60)
    assert not overview(world.database, RULES, world.now, since).mappings[0].stale
    world.wait(1)
    found = overview(world.database, RULES, world.now, since).mappings[0]
    assert (found.state, found.stale, found.age_seconds) == ("never_run", True, None)


def test_no_mappings_give_an_empty_overview(world: World) -> None:
    assert overview(world.database, {}, world.now).mappings == ()


def test_a_complete_run_is_complete(world: World) -> None:
    run = world.sync([A, B])
    found = status(world)
    assert found.state == "complete"
    assert found.counts == FileCounts(selected=2, synced=2)
    assert found.last_run is not None
    assert (found.last_run.id, found.last_run.outcome, found.open_run) == (run, "complete", None)
    assert found.last_complete_at == found.last_run.started_at
    assert (found.source, found.target) == (
        "gitea:https://gitea.example/my-org",
        "devpi:http://devpi.example/root/prod",
    )


def test_an_overview_is_json(world: World) -> None:
    world.sync([A, NEITHER])
    shown = json.loads(json.dumps(asdict(seen(world)), default=str))
    assert shown["mappings"][0]["counts"]["refused"] == 1


def requested(world: World) -> None:
    world.request()


def planning(world: World) -> None:
    world.claim(world.request())


def planned(world: World) -> None:
    world.plan([A, B])


def uploading(world: World) -> None:
    _, work = world.plan([A, B])
    world.stage(work.blobs)
    world.upload()


def uploaded(world: World) -> None:
    _, work = world.plan([A, B])
    world.stage(work.blobs)
    world.upload_all()


def read_back_but_not_settled(world: World) -> None:
    uploaded(world)
    world.read_back()


def failed(world: World) -> None:
    world.fail(Unauthorized("Gitea answered 401.", "The token expired.", "Make a new one."))


def dry(world: World) -> None:
    world.plan([A, B], dry_run=True)


def refused(world: World) -> None:
    run, work = world.plan([A, B])
    world.refuse(B.sha256, DigestMismatch("Other bytes."))
    world.stage({*work.blobs} - {B.sha256})
    world.upload_all()
    world.read_back()
    world.settle(run)


def not_a_distribution(world: World) -> None:
    world.sync([A, NEITHER])


def conflicting(world: World) -> None:
    world.sync([A, B], [wheel("beta", content="other")])


@pytest.mark.parametrize(
    ("happen", "state"),
    [
        (requested, "never_run"),
        (planning, "syncing"),
        (planned, "syncing"),
        (uploading, "syncing"),
        (uploaded, "syncing"),
        (read_back_but_not_settled, "syncing"),
        (failed, "failed"),
        (dry, "never_run"),
        (refused, "incomplete"),
        (not_a_distribution, "incomplete"),
        (conflicting, "incomplete"),
    ],
)
def test_nothing_but_a_complete_run_is_green(
    world: World, happen: Callable[[World], None], state: str
) -> None:
    happen(world)
    assert status(world).state == state


@pytest.mark.parametrize(
    ("happen", "state"),
    [
        (requested, "complete"),  # nothing is known to have changed yet
        (planning, "complete"),
        (planned, "syncing"),
        (uploading, "syncing"),
        (uploaded, "syncing"),
        (read_back_but_not_settled, "complete"),
        (failed, "failed"),
        (dry, "complete"),
        (refused, "incomplete"),
        (not_a_distribution, "incomplete"),
        (conflicting, "incomplete"),
    ],
)
def test_after_a_complete_run_what_happens_next_counts(
    world: World, happen: Callable[[World], None], state: str
) -> None:
    world.sync([A])
    happen(world)
    assert status(world).state == state


def test_a_scoped_run_that_finds_more_takes_the_green_away_and_never_gives_it(world: World) -> None:
    world.sync([A])
    run, _ = world.plan([B], scope=Scope("beta"))
    world.wait(120)
    assert world.ledger.runs.state(run)[0] is RunState.TRANSFERRING
    assert status(world).state == "syncing"


def test_a_scoped_complete_run_does_not_make_a_mapping_complete(world: World) -> None:
    world.sync([A], scope=Scope("alpha"))
    assert (status(world).state, status(world).last_run) == ("never_run", None)


def test_an_upload_of_a_replaced_decision_takes_the_green_away_until_it_was_read_back(world: World) -> None:
    world.sync([A])
    beta = Scope("beta")
    run, work = world.plan([B], scope=beta)
    world.stage(work.blobs)
    world.upload_all()
    (upload,) = world.ledger.transfers.unverified("my-org", "beta")
    assert world.ledger.transfers.unread(upload, no_answer(), world.now + timedelta(seconds=300), world.now)
    assert world.settle(run) == (RunState.FINISHED, RunOutcome.INCOMPLETE)
    again, _ = world.plan([B], [B], scope=beta)
    assert world.settle(again) == (RunState.FINISHED, RunOutcome.INCOMPLETE)
    assert status(world).counts == FileCounts(selected=2, synced=2)
    assert status(world).state == "incomplete"
    (upload,) = world.ledger.transfers.unverified("my-org", "beta")
    assert world.ledger.transfers.ended(upload, Outcome.COPIED, world.now)
    assert status(world).state == "complete"


def test_completeness_grows_old(world: World) -> None:
    world.sync([A])
    finished = status(world).last_complete_at
    assert finished is not None
    world.now = finished + timedelta(seconds=3 * 60 + 60)
    assert (status(world).state, status(world).stale) == ("complete", False)
    world.wait(1)
    assert (status(world).state, status(world).stale, status(world).age_seconds) == ("stale", True, 241)


def test_completeness_from_the_future_proves_nothing(world: World) -> None:
    world.wait(3600)
    world.sync([A])
    world.wait(-3600)
    assert status(world).state == "stale"


def test_a_later_failure_is_told_and_the_last_completeness_is_remembered(world: World) -> None:
    world.sync([A])
    complete_at = status(world).last_complete_at
    world.fail(no_answer())
    found = status(world)
    assert found.last_run is not None
    assert (found.last_run.error, found.last_run.next_step) == (
        "devpi did not answer. It is down.",
        "It is tried again by itself.",
    )
    assert found.last_complete_at == complete_at


def test_every_file_is_counted_once(world: World) -> None:
    rule = Mapping("my-org", RULES["my-org"].source, RULES["my-org"].target, Selection(file_deny=("*.exe",)))
    excluded = wheel("tool", filename="tool.exe")
    files = [wheel(name) for name in ("there", "copied", "corrupt", "flaky", "waits", "unread", "other")]
    there, copied, corrupt, flaky, waits, unread, other = files
    target = [there, wheel("other", content="other bytes")]
    world.plan([*files, NEITHER, excluded], target, rule=rule)
    world.refuse(corrupt.sha256, DigestMismatch("Other bytes."))
    claim = world.fetch(flaky.sha256)
    world.ledger.blobs.postponed(claim, no_answer(), world.now + timedelta(seconds=60), world.now)
    world.stage([copied.sha256])
    world.upload_all()
    world.read_back()
    world.stage([unread.sha256])
    world.upload_all()
    assert waits.sha256 != unread.sha256
    assert other.sha256 != target[1].sha256
    assert status(world).counts == FileCounts(
        selected=8,
        synced=2,
        missing=6,
        conflicts=1,
        refused=2,
        excluded=1,
        failing=1,
        waiting=1,
        unverified=1,
    )


def test_the_files_that_need_somebody_are_named_with_their_next_step(world: World) -> None:
    world.sync([A, NEITHER, B], [wheel("beta", content="other")])
    found = {row.filename: row for row in seen(world).problems}
    assert set(found) == {NEITHER.filename, B.filename}
    assert "sdist" in found[NEITHER.filename].next_step
    assert "syncer conflicts" in found[B.filename].next_step


def test_mappings_do_not_mix(world: World) -> None:
    rules = {name: mapping(name) for name in ("one", "two", "three")}
    world.sync([A], name="one")
    world.sync([A, NEITHER], name="two")
    world.sync([NEITHER], name="removed-from-the-configuration")
    found = seen(world, rules)
    assert [(one.name, one.state) for one in found.mappings] == [
        ("one", "complete"),
        ("two", "incomplete"),
        ("three", "never_run"),
    ]
    assert {row.mapping for row in found.problems} == {"two"}


def test_a_thousand_mappings_are_read_at_once(world: World) -> None:
    rules = {f"m{number}": mapping(f"m{number}") for number in range(1000)}
    world.sync([A], name="m999")
    assert seen(world, rules).mappings[999].state == "complete"


def test_who_is_alive(world: World) -> None:
    world.alive()
    world.wait(45)
    world.ledger.heartbeats.beat("worker:c@host", world.now, "upload")
    world.wait(1)
    found = seen(world)
    assert (found.beat.alive, found.beat.age_seconds) == (False, 46)
    assert {queue.name: queue.workers for queue in found.workers} == {
        "discover": (),
        "download": (),
        "upload": ("c@host",),
        "housekeeping": (),
    }


def test_a_server_that_fails_again_and_again_is_shown_until_it_answers(world: World) -> None:
    rule = RULES["my-org"]
    circuits = world.ledger.circuits
    for _ in range(2):
        circuits.failed(rule.target.url, no_answer(), world.now)
    assert seen(world).failing == ()
    circuits.failed(rule.target.url, no_answer(), world.now)
    (failing,) = seen(world).failing
    assert (failing.server, failing.failures, failing.probing) == (rule.target.url, 3, False)
    assert failing.open_until == world.now + timedelta(seconds=2)
    assert "failed 3 times in a row" in str(failing)
    world.wait(3)
    assert seen(world).failing[0].probing
    circuits.answered(rule.target.url, world.now)
    assert seen(world).failing == ()


def test_a_server_that_nothing_needs_any_more_keeps_nothing_from_being_green(world: World) -> None:
    """Files that could not be fetched may have come another way; then nobody asks, and nobody answers."""
    for _ in range(3):
        world.ledger.circuits.failed(str(RULES["my-org"].source), no_answer(), world.now)
    world.wait(31)
    assert len(seen(world).failing) == 1
    world.wait(2)
    assert seen(world).failing == ()


def test_a_server_that_no_mapping_needs_is_nobody_s_trouble(world: World) -> None:
    for _ in range(3):
        world.ledger.circuits.failed("https://gone.example", no_answer(), world.now)
    assert seen(world).failing == ()
