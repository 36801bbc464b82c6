"""Looking at two speeds: what is new at once, everything now and then, and sooner where there is doubt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from syncer.adapters.database.schema import DecisionRow
from syncer.core.errors import RemoteUnavailable
from syncer.core.look import REST, YOUNG, Depth, Look
from syncer.core.model import Listing, Scope, Selection, SourceRef, TargetRef
from syncer.core.states import RunOutcome
from syncer.usecases import look as look_module
from tests.support.dists import Dist, sdist, wheel
from tests.support.ports import Accident, Happening, nothing_happens
from tests.unit.usecases.workplace import MAPPING, Workplace

A, B, C = (wheel(name, "1.0") for name in ("alpha", "beta", "gamma"))
A2, A_SDIST = wheel("alpha", "2.0"), sdist("alpha", "1.0")
OTHER_A = wheel("alpha", "1.0", payload=b"other")
BROKEN = wheel("broken", "1.0", metadata=b"Name: broken\n")
TROUBLE = ("It failed.", "It is broken.", "Mend it.")
#: Seconds between two scheduled Runs of these tests.
TICK = 60.0


@pytest.fixture
def place(place: Workplace) -> Workplace:
    """Gitea's clock and ours agree."""
    place.source.clock = place.clock
    return place


@dataclass(frozen=True, slots=True)
class Saw:
    """What a Run did and how it ended, with the projects that the target was asked for."""

    run: int
    depth: str
    calls: list[str]
    asked: list[str]
    outcome: RunOutcome | None


def sync(place: Workplace, trigger: str = "schedule", accident: Accident = nothing_happens) -> Saw:
    """A Run, worked off to its end."""
    calls: list[str] = []

    def noted(call: str) -> None:
        if call.startswith(("source.", "target.")) and not call.endswith(" done"):
            calls.append(call)
        accident(call)

    place.target.asked.clear()
    run, messages = place.plan(noted, trigger=trigger)
    asked = list(place.target.asked)
    place.carry(messages)
    return Saw(run, place.run(run).depth, calls, asked, place.ledger.runs.state(run)[1])


def at_rest(place: Workplace, *dists: Dist) -> None:
    """The files were published just now, are at the target, and a look at everything has found them there."""
    place.publish(*dists)
    for _ in range(2):
        assert sync(place).outcome is RunOutcome.COMPLETE
        place.wait(TICK)


def grown_old(place: Workplace, *dists: Dist) -> None:
    """The same, and none of the files is young any more."""
    at_rest(place, *dists)
    place.wait(YOUNG)
    assert sync(place).depth == Depth.FULL
    place.wait(TICK)


def taking(place: Workplace, seconds: float) -> Accident:
    """Reading the whole Source takes so long."""

    def takes(call: str) -> None:
        if call == "source.list":
            place.wait(seconds)

    return takes


def remove(place: Workplace, *dists: Dist) -> None:
    """The files are not at the Source any more."""
    names = {dist.filename for dist in dists}
    for file in place.source.list().files:
        if file.filename in names:
            place.source.remove(file)


def last_look(place: Workplace) -> Look:
    look = place.ledger.runs.look(MAPPING)
    assert look is not None
    return look


# What is new


def test_the_first_run_looks_at_everything(place: Workplace) -> None:
    place.publish(A, B)
    saw = sync(place)
    assert (saw.depth, saw.outcome) == (Depth.FULL, RunOutcome.COMPLETE)
    assert saw.calls == ["target.probe", "source.list", "target.list"]


def test_where_nothing_is_new_the_target_is_asked_for_its_state_alone(place: Workplace) -> None:
    grown_old(place, A, B)
    saw = sync(place)
    assert (saw.depth, saw.outcome, saw.asked) == (Depth.RECENT, RunOutcome.COMPLETE, [])
    assert saw.calls == ["target.probe", "source.recent", "target.list"]


def test_a_run_that_read_what_is_new_states_the_totals_of_everything(place: Workplace) -> None:
    grown_old(place, A, B)
    place.publish(C)
    row = place.run(sync(place).run)
    assert (row.depth, row.stated_releases, row.read_releases) == ("recent", 3, 3)


@pytest.mark.parametrize(
    ("new", "project"),
    [
        pytest.param(A2, "alpha", id="a version of a known project"),
        pytest.param(C, "gamma", id="a project"),
        pytest.param(A_SDIST, "alpha", id="a file of a young release"),
    ],
)
def test_what_is_new_is_found_at_once_and_no_project_without_a_young_release_is_asked_for(
    place: Workplace, new: Dist, project: str
) -> None:
    grown_old(place, B)
    at_rest(place, A)
    place.publish(new)
    saw = sync(place)
    assert (saw.depth, saw.outcome) == (Depth.RECENT, RunOutcome.COMPLETE)
    assert saw.asked == sorted({"alpha", project})
    assert place.arrived(A, B, new)


def test_a_look_at_what_is_new_says_nothing_of_the_rest(place: Workplace) -> None:
    grown_old(place, A, B)
    place.publish(C)
    sync(place)
    assert place.ledger.runs.held(MAPPING) == {
        ("alpha", A.filename, A.sha256),
        ("beta", B.filename, B.sha256),
    }
    assert place.ledger.runs.is_whole(MAPPING)


def test_a_look_at_what_is_new_withdraws_nothing(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two names that are one project, Gitea is asked for the page of the one with a young release."""
    place.publish(A, BROKEN)
    refused = sync(place, accident=taking(place, 120))
    place.wait(TICK)
    place.publish(wheel("broken", "2.0"))
    whole = place.source.list()
    page = tuple(file for file in whole.files if file.version == "2.0")
    monkeypatch.setattr(
        place.source, "recent", lambda _: Listing(page, whole.stated_releases, 3, whole.releases)
    )
    saw = sync(place)
    assert (refused.outcome, saw.depth, saw.outcome) == (
        RunOutcome.INCOMPLETE,
        Depth.RECENT,
        RunOutcome.INCOMPLETE,
    )


def test_a_file_is_added_for_as_long_as_its_release_is_young(place: Workplace) -> None:
    """The look that finds it began from one at which the release was young."""
    at_rest(place, A)
    published = place.now - timedelta(seconds=2 * TICK)
    while place.now < published + timedelta(seconds=YOUNG - TICK):
        place.wait(15 * TICK)
        sync(place)
    place.now = published + timedelta(seconds=YOUNG)
    place.publish(A_SDIST)
    place.wait(1)
    sync(place)
    assert place.arrived(A, A_SDIST)


def test_a_file_that_is_added_to_an_old_release_is_found_by_the_next_look_at_everything(
    place: Workplace,
) -> None:
    grown_old(place, A, B)
    place.publish(A_SDIST)
    added, seen = place.now, [sync(place)]
    while not place.arrived(A, B, A_SDIST):
        place.wait(TICK)
        seen.append(sync(place))
        assert place.now - added <= timedelta(seconds=place.mappings[MAPPING].full_interval)
    assert {saw.depth for saw in seen[:-1]} == {Depth.RECENT}
    assert seen[-1].depth == Depth.FULL


@pytest.mark.parametrize(
    ("age", "depth"),
    [
        pytest.param(YOUNG / 2, Depth.RECENT, id="stored for an hour"),
        pytest.param(YOUNG + TICK, Depth.RECENT, id="just within what is read again"),
        pytest.param(YOUNG + TICK + 1, Depth.FULL, id="just not"),
        pytest.param(30 * YOUNG, Depth.FULL, id="dated long ago"),
    ],
)
def test_a_release_that_was_committed_late_is_found_at_once_whatever_its_date(
    place: Workplace, age: float, depth: Depth
) -> None:
    """It stands below releases that were seen before; what is dated too early shows in the count."""
    grown_old(place, A, B)
    place.source.publish(C, created_at=place.now - timedelta(seconds=age))
    saw = sync(place)
    assert (saw.depth, saw.outcome) == (depth, RunOutcome.COMPLETE)
    assert place.arrived(A, B, C)


# What the count gives away


def delete(place: Workplace) -> None:
    remove(place, B)


def delete_and_publish(place: Workplace) -> None:
    remove(place, B)
    place.publish(C)


def publish_anew(place: Workplace) -> None:
    remove(place, A)
    place.publish(OTHER_A)


@pytest.mark.parametrize("made", [at_rest, grown_old], ids=["young", "old"])
@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        pytest.param(delete, RunOutcome.COMPLETE, id="a release is deleted"),
        pytest.param(delete_and_publish, RunOutcome.COMPLETE, id="one is deleted, another published"),
        pytest.param(publish_anew, RunOutcome.INCOMPLETE, id="one is published anew with other bytes"),
    ],
)
def test_a_deletion_shows_in_the_count_and_everything_is_looked_at(
    place: Workplace,
    made: Callable[..., None],
    change: Callable[[Workplace], None],
    outcome: RunOutcome,
) -> None:
    made(place, A, B)
    change(place)
    saw = sync(place)
    assert (saw.depth, saw.outcome) == (Depth.FULL, outcome)
    assert {file.filename for file in place.source.list().files} <= {name for _, name in place.target.files}


def test_what_was_deleted_is_no_longer_wanted(place: Workplace) -> None:
    at_rest(place, A, B)
    remove(place, B)
    sync(place)
    assert place.ledger.runs.held(MAPPING) == {("alpha", A.filename, A.sha256)}


def test_a_registry_that_is_suddenly_empty_is_doubted(place: Workplace) -> None:
    at_rest(place, A, B)
    before = last_look(place)
    remove(place, A, B)
    saw = sync(place)
    assert (saw.outcome, place.run(saw.run).error_code) == (RunOutcome.FAILED, "listing_incomplete")
    assert last_look(place) == before


# When everything is looked at


def test_everything_is_looked_at_again_after_the_full_interval(place: Workplace) -> None:
    at_rest(place, A)
    began = last_look(place).full_at
    interval = place.mappings[MAPPING].full_interval
    place.now = began + timedelta(seconds=interval - 1)
    assert sync(place).depth == Depth.RECENT
    place.now = began + timedelta(seconds=interval)
    assert sync(place).depth == Depth.FULL
    assert last_look(place).full_at == place.now


def change_another_index(place: Workplace) -> None:
    place.target.serial += 1


def lose_a_file(place: Workplace) -> None:
    del place.target.files["alpha", A.filename]


def want_what_cannot_be_copied(place: Workplace) -> None:
    place.publish(BROKEN)
    sync(place)


@pytest.mark.parametrize("doubt", [change_another_index, lose_a_file, want_what_cannot_be_copied])
def test_doubt_brings_a_look_at_everything_forward(
    place: Workplace, doubt: Callable[[Workplace], None]
) -> None:
    at_rest(place, A)
    doubt(place)
    place.wait(1)
    assert sync(place).depth == Depth.FULL
    assert ("alpha", A.filename) in place.target.files


@pytest.mark.parametrize("doubt", [change_another_index, lose_a_file, want_what_cannot_be_copied])
def test_doubt_costs_no_more_than_a_tenth_of_the_time(
    place: Workplace, doubt: Callable[[Workplace], None]
) -> None:
    at_rest(place, A)
    place.wait(900)
    began = place.now
    assert sync(place, accident=taking(place, 20)).depth == Depth.FULL
    doubt(place)
    place.now = began + timedelta(seconds=20 * REST - 1)
    assert sync(place).depth == Depth.RECENT
    place.wait(1)
    assert sync(place).depth == Depth.FULL


def test_a_registry_that_takes_long_to_read_is_read_less_often(place: Workplace) -> None:
    place.publish(A)
    began = place.now
    sync(place, accident=taking(place, 120))
    place.now = began + timedelta(seconds=120 * REST - 1)
    assert sync(place).depth == Depth.RECENT
    place.wait(1)
    assert sync(place).depth == Depth.FULL


def test_a_clock_that_was_set_back_proves_nothing(place: Workplace) -> None:
    at_rest(place, A)
    place.wait(-86_400)
    assert sync(place).depth == Depth.FULL


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"source": SourceRef("https://gitea.example", "renamed")}, id="owner"),
        pytest.param({"source": SourceRef("https://other.example", MAPPING)}, id="Gitea"),
        pytest.param({"target": TargetRef("http://devpi.example", "root/other")}, id="index"),
        pytest.param({"target": TargetRef("http://other.example", f"root/{MAPPING}")}, id="devpi"),
        pytest.param({"selection": Selection(file_deny=("*.zip",))}, id="selection"),
    ],
)
def test_a_mapping_that_copies_something_else_or_elsewhere_begins_anew(
    place: Workplace, change: dict[str, Any]
) -> None:
    at_rest(place, A, B)
    place.mappings[MAPPING] = replace(place.mappings[MAPPING], **change)
    saw = sync(place)
    assert (saw.depth, saw.asked) == (Depth.FULL, ["alpha", "beta"])


def test_what_is_selected_since_then_is_copied_at_once(place: Workplace) -> None:
    everything = place.mappings[MAPPING]
    place.mappings[MAPPING] = replace(everything, selection=Selection(project_deny=("beta",)))
    grown_old(place, A, B)
    assert place.arrived(A)
    place.mappings[MAPPING] = everything
    assert sync(place).outcome is RunOutcome.COMPLETE
    assert place.arrived(A, B)


def test_what_runs_saw_at_another_target_is_not_believed_of_this_one(place: Workplace) -> None:
    """For a while the Mapping feeds another server, where a person's Runs find a file to be there."""
    at_rest(place, A)
    mapping, target = place.mappings[MAPPING], place.target
    _, other = place.add_mapping("other", server="http://other.example")
    place.mappings[MAPPING] = replace(mapping, target=place.mappings["other"].target)
    place.targets[MAPPING] = other
    place.publish(C)
    for _ in range(2):
        place.sync(scope=Scope("gamma"))
    place.mappings[MAPPING], place.targets[MAPPING] = mapping, target
    assert sync(place).outcome is RunOutcome.COMPLETE
    assert place.arrived(A, C)


@pytest.mark.parametrize("trigger", ["cli", "call", "web", "webhook"])
def test_whoever_asks_gets_a_look_at_everything(place: Workplace, trigger: str) -> None:
    grown_old(place, A)
    place.publish(A_SDIST)
    saw = sync(place, trigger)
    assert (saw.depth, saw.outcome) == (Depth.FULL, RunOutcome.COMPLETE)
    assert place.arrived(A, A_SDIST)


def test_many_young_projects_are_read_with_all_others(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look_module, "MOST_RECENT", 2)
    at_rest(place, A, B)
    assert sync(place).depth == Depth.RECENT
    place.wait(1)
    place.publish(C)
    assert sync(place).depth == Depth.FULL
    assert place.arrived(A, B, C)


# What an unchanged target is not asked for


def test_an_unchanged_target_is_asked_only_for_what_is_not_known_to_be_there(place: Workplace) -> None:
    at_rest(place, A, B)
    place.wait(900)
    place.publish(C)
    saw = sync(place)
    assert (saw.depth, saw.outcome, saw.asked) == (Depth.FULL, RunOutcome.COMPLETE, ["gamma"])


def test_rows_that_were_changed_since_the_target_was_listed_are_not_believed(place: Workplace) -> None:
    """Of an unchanged target the ledger must say today what was found there then."""
    at_rest(place, A, B)
    place.wait(900)
    place.publish(A2)
    with place.database.write() as session:
        decided = {"version": "2.0", "filename": A2.filename, "sha256": A2.sha256}
        session.execute(update(DecisionRow).where(DecisionRow.project == "alpha").values(**decided))
    saw = sync(place)
    assert (saw.depth, saw.outcome, saw.asked) == (Depth.FULL, RunOutcome.COMPLETE, ["alpha", "beta"])
    assert place.arrived(A, A2, B)


def test_a_project_of_which_one_file_is_not_there_is_asked_for(place: Workplace) -> None:
    at_rest(place, A, B)
    place.wait(900)
    place.publish(A2)
    assert sync(place).asked == ["alpha"]


def test_a_changed_target_is_asked_for_everything(place: Workplace) -> None:
    at_rest(place, A, B)
    change_another_index(place)
    saw = sync(place)
    assert (saw.depth, saw.asked) == (Depth.FULL, ["alpha", "beta"])


def test_what_was_deleted_at_the_target_is_copied_again(place: Workplace) -> None:
    grown_old(place, A, B)
    lose_a_file(place)
    assert sync(place).outcome is RunOutcome.COMPLETE
    assert place.arrived(A, B)


def test_bytes_that_were_replaced_at_the_target_are_a_conflict(place: Workplace) -> None:
    grown_old(place, A, B)
    key = ("alpha", A.filename)
    place.target.files[key] = replace(place.target.files[key], sha256=OTHER_A.sha256)
    assert sync(place).outcome is RunOutcome.INCOMPLETE


def test_a_target_that_names_no_state_is_asked_for_everything(place: Workplace) -> None:
    place.target.counting = False
    at_rest(place, A, B)
    saw = sync(place)
    assert (saw.depth, saw.asked) == (Depth.FULL, ["alpha", "beta"])


def test_a_target_that_names_no_state_is_asked_for_all_that_is_young(place: Workplace) -> None:
    place.target.counting = False
    place.publish(A, B)
    sync(place, accident=taking(place, 60))
    place.wait(TICK)
    saw = sync(place)
    assert (saw.depth, saw.asked) == (Depth.RECENT, ["alpha", "beta"])


# What the next look begins from


def test_each_look_begins_from_the_one_before(place: Workplace) -> None:
    at_rest(place, A)
    full_at = last_look(place).full_at
    place.publish(B)
    sync(place)
    look = last_look(place)
    assert (look.seen_at, look.full_at, look.stated, len(look.recent)) == (place.now, full_at, 2, 2)


def test_a_look_that_failed_leaves_the_last_one_as_it_was(place: Workplace) -> None:
    at_rest(place, A)
    before = last_look(place)
    place.wait(900)
    place.publish(A_SDIST)
    failing = Happening("source.list", RemoteUnavailable(*TROUBLE))
    assert sync(place, accident=failing).outcome is RunOutcome.FAILED
    assert last_look(place) == before
    place.wait(TICK)
    assert sync(place).depth == Depth.FULL
    assert place.arrived(A, A_SDIST)


@pytest.mark.parametrize("call", ["target.probe", "source.recent", "target.list"])
def test_a_look_at_what_is_new_that_failed_leaves_the_last_one_as_it_was(place: Workplace, call: str) -> None:
    at_rest(place, A)
    before = last_look(place)
    place.publish(B)
    failing = Happening(call, RemoteUnavailable(*TROUBLE))
    assert sync(place, accident=failing).outcome is RunOutcome.FAILED
    assert last_look(place) == before
    place.wait(1)
    assert sync(place).depth == Depth.RECENT
    assert place.arrived(A, B)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"dry_run": True}, id="a dry run"),
        pytest.param({"scope": Scope("alpha")}, id="one project"),
        pytest.param({"scope": Scope("alpha", "1.0")}, id="one version"),
        pytest.param({"scope": Scope("alpha"), "dry_run": True}, id="a dry run of one project"),
    ],
)
def test_a_run_that_is_not_about_everything_leaves_the_last_look_as_it_was(
    place: Workplace, options: dict[str, Any]
) -> None:
    at_rest(place, A, B)
    before = last_look(place)
    place.publish(A2)
    place.sync(**options)
    assert last_look(place) == before
    place.wait(1)
    assert sync(place).outcome is RunOutcome.COMPLETE
    assert place.arrived(A, B, A2)


@pytest.mark.parametrize("call", ["source.recent", "target.list", "runs.record"])
def test_a_worker_that_dies_while_it_looks_is_followed_by_one_that_looks_again(
    place: Workplace, call: str
) -> None:
    at_rest(place, A)
    before = last_look(place)
    place.publish(B)
    with pytest.raises(SystemExit):
        place.plan(Happening(call, SystemExit()), trigger="schedule")
    assert last_look(place) == before
    run = place.run(3).id
    assert place.recover(run) is RunOutcome.COMPLETE
    assert place.run(run).attempt == 2
    assert place.arrived(A, B)


def test_a_planner_that_lost_its_run_leaves_the_last_look_as_it_was(place: Workplace) -> None:
    at_rest(place, A)
    before = last_look(place)
    place.publish(B)

    def overtaken(call: str) -> None:
        if call == "runs.record":
            place.wait(3600)
            assert place.ledger.runs.claim(3, place.worker, place.now, 60) is not None

    assert place.plan(overtaken, trigger="schedule") == (3, [])
    assert last_look(place) == before
