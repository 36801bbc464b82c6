"""One complete pass in this process: threads do the work, and it ends when every Run has."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest

from syncer.adapters.queue.local import LocalQueue
from syncer.core.errors import RemoteUnavailable, Unauthorized
from syncer.core.states import RunOutcome
from syncer.ports.claims import RunRequest
from syncer.usecases import complete_pass as passing
from syncer.usecases.complete_pass import complete_pass, handlers
from syncer.usecases.leases import LEASE
from tests.support.dists import sdist, wheel
from tests.support.ledgers import START
from tests.support.ports import Accident, Happening, nothing_happens
from tests.unit.usecases.workplace import Workplace

FILES = [wheel("alpha", "1.0"), sdist("alpha", "1.0"), wheel("beta", "1.0"), wheel("gamma", "1.0")]
TROUBLE = ("It failed.", "It is broken.", "Mend it.")
#: The clock of these tests goes so much faster: what is due in a second is due at once.
HASTE = 100


@pytest.fixture(autouse=True)
def hurried(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    began = time.monotonic()

    def clock() -> datetime:
        return START + timedelta(seconds=HASTE * (time.monotonic() - began))

    monkeypatch.setattr(passing, "LOOK", 0.01)
    monkeypatch.setattr(passing, "RECONCILE", 0.05)
    place.clock = clock


def run_pass(
    place: Workplace, *names: str, accident: Accident = nothing_happens, seen: list[list[int]] | None = None
) -> list[RunOutcome]:
    """How the Runs of these Mappings ended."""
    services = place.services(accident)
    observed = seen if seen is not None else []
    with LocalQueue(handlers(services, place.worker, 2, 2)) as queue:
        requests = [RunRequest(name, "cli") for name in names or ("my-org",)]
        ended = complete_pass(services, queue, requests, observed.append)
    return [ended[run] for run in sorted(ended)]


def test_a_pass_copies_everything_and_says_so(place: Workplace) -> None:
    place.publish(*FILES)
    seen: list[list[int]] = []
    assert run_pass(place, seen=seen) == [RunOutcome.COMPLETE]
    assert place.arrived(*FILES)
    assert (seen[0], seen[-1]) == ([1], [])


def test_a_second_pass_uploads_nothing(place: Workplace) -> None:
    place.publish(*FILES)
    run_pass(place)
    assert run_pass(place) == [RunOutcome.COMPLETE]
    assert len(place.target.stored) == len(FILES)


def test_a_mapping_that_fails_does_not_touch_the_others(place: Workplace) -> None:
    source, _ = place.add_mapping("broken")
    source.broken = Unauthorized(*TROUBLE)
    place.publish(*FILES)
    assert run_pass(place, "broken", "my-org") == [RunOutcome.FAILED, RunOutcome.COMPLETE]


def test_trouble_that_passes_does_not_spoil_a_pass(place: Workplace) -> None:
    place.publish(*FILES)
    trouble = [RemoteUnavailable(*TROUBLE)] * 2
    assert run_pass(place, accident=Happening("target.upload", *trouble)) == [RunOutcome.COMPLETE]
    assert place.arrived(*FILES)


def test_trouble_that_stays_ends_the_pass_as_incomplete(place: Workplace) -> None:
    place.publish(FILES[0])
    for locator in place.source.contents:
        place.source.contents[locator] = b"spoilt"
    assert run_pass(place) == [RunOutcome.INCOMPLETE]


def test_a_run_that_another_process_left_open_is_helped_to_its_end_first(place: Workplace) -> None:
    place.publish(*FILES)
    abandoned = place.request()
    assert place.ledger.runs.claim(abandoned, place.worker, place.clock(), LEASE) is not None
    assert run_pass(place) == [RunOutcome.COMPLETE]
    assert place.ledger.runs.state(abandoned)[1] is RunOutcome.COMPLETE
    assert len(place.target.stored) == len(FILES)


def test_a_defect_in_one_task_does_not_end_the_pass(place: Workplace) -> None:
    place.publish(*FILES)
    assert run_pass(place, accident=Happening("archive.inspect", ZeroDivisionError())) == [
        RunOutcome.COMPLETE
    ]
