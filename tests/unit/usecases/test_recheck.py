"""Every file's bytes are fetched back in time and at a set cost; what is not right is red at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from sqlalchemy import select

from syncer.adapters.database.schema import CheckRow, RunRow
from syncer.core.check import DAY, DUE_AFTER, HOUR, CheckResult
from syncer.core.errors import MappingBroken, OverBudget, RemoteUnavailable
from syncer.core.states import RunOutcome
from syncer.core.warning import WarningKind
from syncer.ports.queue import Message
from syncer.queries.overview import MappingStatus, overview
from syncer.usecases.recheck import LANE, MOST_PROJECTS, Memory, recheck
from tests.support.dists import Dist, wheel
from tests.support.ports import Accident, Happening, nothing_happens
from tests.unit.usecases.workplace import MAPPING, Workplace

PLENTY = 2**40
ALPHA, BETA = wheel("alpha", "1.0"), wheel("beta", "1.0")
TROUBLE = ("It failed.", "It is broken.", "Mend it.")
AWAY = RemoteUnavailable(*TROUBLE)


@pytest.fixture
def synced(place: Workplace) -> Workplace:
    """Two files at their target, proved complete."""
    place.publish(ALPHA, BETA)
    assert place.sync() is RunOutcome.COMPLETE
    return place


def look(
    place: Workplace, budget: int = PLENTY, accident: Accident = nothing_happens, memory: Memory | None = None
) -> list[Message]:
    return list(recheck(place.services(accident), budget, place.worker, memory or Memory()))


def rows(place: Workplace) -> dict[str, str]:
    with place.database.read() as session:
        return {row.filename: row.result for row in session.scalars(select(CheckRow))}


def status(place: Workplace, name: str = MAPPING) -> MappingStatus:
    seen = overview(place.database, place.mappings, place.now).mappings
    return next(one for one in seen if one.name == name)


def spoil(place: Workplace, *dists: Dist) -> None:
    """The target names the same bytes as before, and serves others."""
    for dist in dists:
        place.target.contents[dist.sha256] = b"spoilt " + dist.filename.encode()


def triggers(place: Workplace) -> list[tuple[str, str]]:
    with place.database.read() as session:
        return [(row.trigger, row.project) for row in session.scalars(select(RunRow).order_by(RunRow.id))][1:]


def test_what_is_the_same_is_recorded_and_nobody_is_told(synced: Workplace) -> None:
    assert look(synced) == []
    assert rows(synced) == {ALPHA.filename: CheckResult.SAME, BETA.filename: CheckResult.SAME}
    seen = status(synced)
    assert seen.checks is not None
    assert (seen.state, seen.checks.checked, seen.checks.files, seen.checks.spoilt) == ("complete", 2, 2, 0)
    assert (seen.checks.oldest, seen.checks.through_at) == (synced.now, None)


def test_files_that_were_there_before_us_are_checked_as_well(synced: Workplace) -> None:
    synced.wait(1000)
    assert synced.sync() is RunOutcome.COMPLETE
    look(synced)
    assert len(rows(synced)) == 2


def test_other_bytes_are_red_at_once_and_a_conflict_after_the_next_run(synced: Workplace) -> None:
    spoil(synced, ALPHA)
    messages = look(synced)
    seen = status(synced)
    assert (seen.state, seen.counts.conflicts, seen.counts.synced) == ("incomplete", 1, 1)
    assert seen.checks is not None
    assert seen.checks.differs == 1
    assert triggers(synced) == [("check", "alpha")]
    synced.carry(messages)
    assert status(synced).counts.conflicts == 1
    assert synced.sync(trigger="schedule") is RunOutcome.INCOMPLETE


def test_a_file_that_is_listed_and_not_served_is_never_green(synced: Workplace) -> None:
    del synced.target.contents[ALPHA.sha256]
    synced.carry(look(synced))
    assert rows(synced)[ALPHA.filename] == CheckResult.MISSING
    assert (status(synced).state, status(synced).counts.conflicts) == ("incomplete", 1)


def test_a_file_that_was_deleted_at_the_target_is_brought_there_again(synced: Workplace) -> None:
    del synced.target.files["alpha", ALPHA.filename]
    synced.target.serial += 1
    synced.carry(look(synced))
    assert synced.arrived(ALPHA, BETA)
    synced.reconcile()
    assert rows(synced) == {BETA.filename: CheckResult.SAME}, "what was read back since counts anew"
    assert look(synced) == []
    assert rows(synced)[ALPHA.filename] == CheckResult.SAME


def test_force_repairs_on_a_volatile_index_and_the_old_finding_is_forgotten(synced: Workplace) -> None:
    synced.target.volatile = True
    spoil(synced, ALPHA)
    synced.carry(look(synced))
    assert status(synced).counts.conflicts == 1
    assert synced.sync(force=True) is RunOutcome.COMPLETE
    assert status(synced).state == "complete"
    assert rows(synced) == {BETA.filename: CheckResult.SAME}
    look(synced)
    assert rows(synced)[ALPHA.filename] == CheckResult.SAME


def test_what_somebody_mended_at_the_target_is_green_again_by_itself(synced: Workplace) -> None:
    spoil(synced, ALPHA)
    synced.carry(look(synced))
    synced.target.contents[ALPHA.sha256] = ALPHA.content
    synced.wait(6 * HOUR - 1)
    assert look(synced) == []
    synced.wait(1)
    synced.carry(look(synced))
    assert triggers(synced) == [("check", "alpha")] * 2
    assert synced.sync() is RunOutcome.COMPLETE
    assert status(synced).state == "complete"


def test_what_stays_spoilt_is_told_once(synced: Workplace) -> None:
    spoil(synced, ALPHA)
    synced.carry(look(synced))
    for _ in range(3):
        synced.wait(6 * HOUR)
        assert look(synced) == []


def test_many_projects_are_told_as_one_run(place: Workplace) -> None:
    dists = [wheel(f"p{number}", "1.0") for number in range(MOST_PROJECTS + 1)]
    place.publish(*dists)
    place.sync()
    spoil(place, *dists)
    place.carry(look(place))
    assert triggers(place) == [("check", "")]
    assert status(place).counts.conflicts == len(dists)


def test_a_server_that_is_away_says_nothing_of_its_files(synced: Workplace) -> None:
    away = Happening("target.fetch", AWAY)
    away_too = Happening("target.probe", AWAY)

    def both(call: str) -> None:
        away(call)
        away_too(call)

    assert look(synced, accident=both) == []
    assert (rows(synced), status(synced).state) == ({}, "complete")
    assert look(synced) == []
    assert len(rows(synced)) == 2


def test_a_failure_that_is_over_when_it_is_asked_again_says_nothing(synced: Workplace) -> None:
    assert look(synced, accident=Happening("target.fetch", AWAY)) == []
    assert set(rows(synced).values()) == {CheckResult.SAME}


def test_a_file_that_alone_cannot_be_read_is_red_until_it_can(synced: Workplace) -> None:
    messages = look(synced, accident=Happening("target.fetch", AWAY, AWAY))
    assert sorted(rows(synced).values()) == [CheckResult.SAME, CheckResult.UNREADABLE]
    assert status(synced).state == "incomplete"
    synced.carry(messages)
    synced.wait(600)
    synced.carry(look(synced))
    assert set(rows(synced).values()) == {CheckResult.SAME}
    assert synced.sync() is RunOutcome.COMPLETE


def test_a_file_too_large_for_the_bandwidth_holds_up_no_other(synced: Workplace) -> None:
    look(synced, accident=Happening("target.fetch", OverBudget(*TROUBLE)))
    assert sorted(rows(synced).values()) == [CheckResult.PUT_OFF, CheckResult.SAME]
    seen = status(synced)
    assert seen.checks is not None
    assert (seen.state, seen.checks.checked) == ("complete", 1)
    synced.wait(HOUR)
    look(synced)
    assert set(rows(synced).values()) == {CheckResult.SAME}


def test_a_target_that_refuses_us_is_no_finding_and_told_until_it_does_not(synced: Workplace) -> None:
    memory = Memory()
    look(synced, memory=memory)
    synced.wait(synced.mappings[MAPPING].recheck)
    look(synced, accident=Happening("target.fetch", MappingBroken(*TROUBLE)), memory=memory)
    assert set(rows(synced).values()) == {CheckResult.SAME}
    (warning,) = synced.ledger.warnings.standing(MAPPING, WarningKind.RECHECK)
    assert warning.text == "Its files cannot be fetched back from the target. It failed. It is broken."
    look(synced, memory=memory)
    assert synced.ledger.warnings.standing(MAPPING, WarningKind.RECHECK) == []


def test_a_file_is_due_again_in_time_and_not_before(synced: Workplace) -> None:
    look(synced)
    fetched = synced.now
    window = synced.mappings[MAPPING].recheck
    synced.wait(window * DUE_AFTER - 60)
    look(synced)
    assert set(dates(synced)) == {fetched}
    synced.wait(60)
    look(synced)
    assert set(dates(synced)) == {synced.now}


def dates(place: Workplace) -> Iterable[object]:
    with place.database.read() as session:
        return list(session.scalars(select(CheckRow.checked_at)))


def test_a_day_costs_no_more_than_it_may_and_every_file_has_its_turn(place: Workplace) -> None:
    """A file of unknown size may exceed the budget, by itself alone."""
    dists = [wheel(f"p{number}", "1.0") for number in range(9)]
    place.publish(*dists)
    place.sync()
    largest = max(len(dist.content) for dist in dists)
    for hour in range(24 * 3):
        look(place, 3 * largest)
        read = [len(dist.content) for dist in dists if dist.filename in rows(place)]
        assert sum(read) <= 4 * largest * (hour // 24 + 1)
        place.wait(HOUR)
    assert len(rows(place)) == 9


def test_one_file_that_is_larger_than_the_budget_is_read_all_the_same(synced: Workplace) -> None:
    look(synced, 10)
    assert len(rows(synced)) == 1
    synced.wait(DAY + 1)
    look(synced, 10)
    assert len(rows(synced)) == 2


def test_a_budget_that_is_too_small_is_said_and_taken_back(synced: Workplace) -> None:
    size = len(ALPHA.content)
    look(synced)
    look(synced, size // 100)
    (warning,) = synced.ledger.warnings.standing(MAPPING, WarningKind.RECHECK)
    assert "not within 30" in warning.text
    assert "recheck_bytes_per_day" in warning.next_step
    look(synced)
    assert synced.ledger.warnings.standing(MAPPING, WarningKind.RECHECK) == []


def test_turned_off_it_asks_nothing_and_says_so(synced: Workplace) -> None:
    synced.mappings[MAPPING] = replace(synced.mappings[MAPPING], recheck=0.0)
    look(synced)
    assert (rows(synced), status(synced).checks) == ({}, None)


def test_two_workers_never_check_at_once(synced: Workplace) -> None:
    assert synced.ledger.lanes.acquire(LANE, 1, "another/1", synced.now, 60) is not None
    look(synced)
    assert rows(synced) == {}
    synced.wait(61)
    look(synced)
    assert len(rows(synced)) == 2


def test_a_slice_that_was_cut_short_is_carried_on(synced: Workplace) -> None:
    def stops(call: str) -> None:
        if call == "target.fetch":
            synced.stopping = True

    look(synced, accident=stops)
    assert len(rows(synced)) == 1
    synced.stopping = False
    look(synced)
    assert len(rows(synced)) == 2


def test_a_file_that_was_decided_about_anew_meanwhile_is_not_judged(synced: Workplace) -> None:
    def replaced(call: str) -> None:
        if call == "target.fetch" and synced.source.list().files:
            for file in synced.source.list().files:
                synced.source.remove(file)
            synced.sync()

    look(synced, accident=replaced)
    assert rows(synced) == {}


def test_a_date_from_a_clock_that_was_ahead_proves_nothing(synced: Workplace) -> None:
    synced.wait(DAY)
    look(synced)
    synced.wait(-DAY)
    seen = status(synced)
    assert seen.checks is not None
    assert seen.checks.checked == 0
    look(synced)
    assert set(dates(synced)) == {synced.now}
