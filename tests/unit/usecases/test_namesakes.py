"""Projects that strangers have too are found by few requests, and never at the cost of anything else."""

from __future__ import annotations

import pytest

from syncer.core.errors import ListingIncomplete, RemoteUnavailable, SyncerError, Unauthorized
from syncer.core.states import RunOutcome
from syncer.core.warning import StandingWarning, WarningKind
from syncer.usecases.namesakes import BELIEVED, LEFT_ALONE, QUESTIONS, Memory, look_for_namesakes
from tests.support.dists import wheel
from tests.support.ledgers import SERVER
from tests.support.ports import Accident, Happening, nothing_happens
from tests.unit.usecases.workplace import Workplace

MIRROR, INDEX = "root/pypi", "root/my-org"
TROUBLE = ("It failed.", "It is broken.", "Mend it.")


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def synced(place: Workplace) -> Workplace:
    """Two projects, of which a mirror behind the index has one."""
    place.publish(wheel("alpha", "1.0"), wheel("beta", "1.0"))
    assert place.sync() is RunOutcome.COMPLETE
    place.target.mirrors = {MIRROR: {"alpha", "numpy"}}
    return place


def look(place: Workplace, memory: Memory, accident: Accident = nothing_happens) -> None:
    look_for_namesakes(place.services(accident), "my-org", memory)


def standing(place: Workplace, kind: str = WarningKind.NAMESAKE) -> dict[str, StandingWarning]:
    return {each.subject: each for each in place.ledger.warnings.standing("my-org", kind)}


def test_a_project_that_a_mirror_has_too_is_flagged(synced: Workplace, memory: Memory) -> None:
    look(synced, memory)
    warning = standing(synced)["alpha"]
    assert set(standing(synced)) == {"alpha"}
    assert f"alpha also exists in the mirror {MIRROR} under {INDEX}" in warning.text
    assert "only as long as the index holds a file of it" in warning.text
    assert standing(synced, WarningKind.OPEN_WHITELIST) == {}


@pytest.mark.parametrize("entry", ["*", "alpha"])
def test_a_whitelist_that_opens_a_synced_project_is_flagged(
    synced: Workplace, memory: Memory, entry: str
) -> None:
    synced.target.opened = (("root/base", entry), ("root/base", "numpy"))
    look(synced, memory)
    assert "mirror_whitelist lets installers take it" in standing(synced)["alpha"].text
    (opened,) = standing(synced, WarningKind.OPEN_WHITELIST).values()
    assert opened.subject == "root/base"
    assert opened.next_step == f"Remove it: devpi index root/base mirror_whitelist-={entry}"


def test_a_whitelist_for_projects_of_others_is_nobodys_business(synced: Workplace, memory: Memory) -> None:
    synced.target.opened = ((INDEX, "numpy"),)
    look(synced, memory)
    assert standing(synced, WarningKind.OPEN_WHITELIST) == {}


def test_a_whitelist_without_a_mirror_opens_nothing(synced: Workplace, memory: Memory) -> None:
    synced.target.mirrors, synced.target.opened = {}, ((INDEX, "*"),)
    look(synced, memory)
    assert standing(synced, WarningKind.OPEN_WHITELIST) == {}


def test_what_was_mended_is_said_no_longer(synced: Workplace, memory: Memory) -> None:
    synced.target.opened = ((INDEX, "*"),)
    look(synced, memory)
    synced.target.mirrors, synced.target.opened = {}, ()
    look(synced, memory)
    assert {**standing(synced), **standing(synced, WarningKind.OPEN_WHITELIST)} == {}


def test_a_project_that_is_gone_from_the_source_is_said_no_longer(synced: Workplace, memory: Memory) -> None:
    look(synced, memory)
    for file in synced.source.list().files:
        if file.project == "alpha":
            synced.source.remove(file)
    synced.sync()
    look(synced, memory)
    assert standing(synced) == {}


def test_an_answer_is_remembered_for_hours(synced: Workplace, memory: Memory) -> None:
    for _ in range(5):
        look(synced, memory)
        synced.wait(BELIEVED / 10)
    assert sorted(synced.target.questions) == [(MIRROR, "alpha"), (MIRROR, "beta")]
    synced.target.mirrors[MIRROR].add("beta")
    synced.wait(BELIEVED)
    look(synced, memory)
    assert set(standing(synced)) == {"alpha", "beta"}


def test_one_look_asks_few_questions_and_all_looks_together_ask_all(place: Workplace, memory: Memory) -> None:
    projects = [f"p{number}" for number in range(QUESTIONS * 3)]
    place.publish(*(wheel(project, "1.0") for project in projects))
    place.plan()
    place.target.mirrors = {MIRROR: set(projects)}
    counts = []
    for _ in range(5):
        look(place, memory)
        counts.append((len(place.target.questions), len(standing(place))))
    assert counts == [(QUESTIONS * n, QUESTIONS * n) for n in (1, 2, 3, 3, 3)]


def test_a_process_that_remembers_nothing_leaves_standing_what_it_could_not_ask(place: Workplace) -> None:
    projects = [f"p{number}" for number in range(QUESTIONS + 10)]
    place.publish(*(wheel(project, "1.0") for project in projects))
    place.plan()
    place.target.mirrors = {MIRROR: set(projects)}
    memory = Memory()
    look(place, memory)
    look(place, memory)
    look(place, Memory())
    assert len(standing(place)) == len(projects)


ERRORS = [RemoteUnavailable(*TROUBLE), ListingIncomplete(*TROUBLE), Unauthorized(*TROUBLE)]


@pytest.mark.parametrize("call", ["target.inheritance", "target.mirrored"])
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_a_failure_is_logged_and_what_stood_stands(
    synced: Workplace, call: str, error: SyncerError, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING", logger="syncer")
    look(synced, Memory())
    look(synced, Memory(), Happening(call, error))
    assert "It failed." in caplog.text
    assert set(standing(synced)) == {"alpha"}


def test_a_failure_costs_the_server_nothing_and_is_not_repeated_at_once(
    synced: Workplace, memory: Memory
) -> None:
    """It may be the mirror's upstream that fails, which is no reason to stop uploads."""
    failing = Happening("target.inheritance", *[RemoteUnavailable(*TROUBLE)] * 9)
    for _ in range(9):
        look(synced, memory, failing)
    assert len(failing._errors) == 8
    assert not synced.ledger.circuits.paused(SERVER, synced.now)
    synced.wait(LEFT_ALONE + 1)
    look(synced, memory)
    assert set(standing(synced)) == {"alpha"}


def test_a_server_that_is_left_alone_is_not_asked(synced: Workplace, memory: Memory) -> None:
    for _ in range(3):
        synced.ledger.circuits.failed(SERVER, RemoteUnavailable(*TROUBLE), synced.now)
    look(synced, memory)
    assert (synced.target.questions, standing(synced)) == ([], {})


def test_a_slow_mirror_is_not_asked_for_long(synced: Workplace, memory: Memory) -> None:
    def takes_a_minute(call: str) -> None:
        if call == "target.mirrored":
            synced.wait(60)

    look(synced, memory, takes_a_minute)
    assert len(synced.target.questions) == 1
