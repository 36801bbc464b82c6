"""Lanes: a server's few are always at work while there is work, and become fewer while it is overloaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from syncer.core.errors import RateLimited, RemoteUnavailable, SyncerError, Unauthorized
from syncer.core.model import SourceRef
from syncer.core.pace import GROWS_AFTER
from syncer.ports.claims import Lane
from syncer.ports.queue import Message
from syncer.usecases.download import download
from syncer.usecases.lane import LANE_BUDGET, LOOK
from syncer.usecases.leases import LEASE
from syncer.usecases.upload import upload
from tests.support.dists import Dist, wheel
from tests.support.ledgers import SERVER, SOURCE
from tests.support.ports import Accident, Happening, nothing_happens
from tests.unit.usecases.workplace import Workplace, deliver, staged

A, B, C, D = (wheel(name, "1.0") for name in ("alpha", "beta", "gamma", "delta"))
TROUBLE = ("It failed.", "It is broken.", "Mend it.")


def hold(place: Workplace, server: str, number: int) -> list[Lane]:
    """So many lanes of the server are taken by others."""
    lanes = (
        place.ledger.lanes.acquire(server, place.lanes, f"other-{each}", place.now, LEASE)
        for each in range(number)
    )
    taken = [lane for lane in lanes if lane is not None]
    assert len(taken) == number
    return taken


def width(place: Workplace, server: str) -> int:
    return place.ledger.lanes.width(server, place.lanes, place.now)


def fetch(place: Workplace, dist: Dist, accident: Accident = nothing_happens) -> list[Message]:
    """One task's work."""
    return list(download(place.services(accident), dist.sha256, place.worker))


def tasks(messages: Iterable[Message]) -> list[str]:
    return [message.task for message in messages]


def fetched(place: Workplace, *dists: Dist) -> list[bool]:
    return [place.blob_state(dist) == "staged" for dist in dists]


def taking(place: Workplace, call: str, seconds: float) -> Accident:
    """Each such call takes so long."""

    def takes(called: str) -> None:
        if called == call:
            place.wait(seconds)

    return takes


# Downloads


def test_one_lane_fetches_everything_that_is_wanted_from_its_server(place: Workplace) -> None:
    place.add_mapping("other")
    place.publish(A, B)
    place.publish(C, name="other")
    place.plan()
    place.plan(name="other")
    assert set(tasks(fetch(place, B))) == {"upload"}
    assert fetched(place, A, B, C) == [True, True, True]


def test_the_file_that_was_asked_for_is_fetched_first(place: Workplace) -> None:
    place.publish(A, B, C)
    place.plan()
    next(iter(download(place.services(), C.sha256, place.worker)))
    assert fetched(place, A, B, C) == [False, False, True]


def test_an_upload_is_asked_for_as_soon_as_its_file_is_there(place: Workplace) -> None:
    place.publish(A, B)
    place.plan()
    message = next(iter(download(place.services(), A.sha256, place.worker)))
    assert message == Message("upload", {"transfer": place.transfer(A).id})
    assert fetched(place, A, B) == [True, False]


def test_when_all_lanes_are_taken_their_holders_fetch_it(place: Workplace) -> None:
    place.publish(A, B)
    place.plan()
    lane, _ = hold(place, SOURCE, 2)
    assert fetch(place, A, Happening("source.fetch", AssertionError())) == []
    place.ledger.lanes.release(lane)
    fetch(place, B)
    assert fetched(place, A, B) == [True, True]


def test_what_becomes_wanted_at_the_last_moment_finds_a_worker(place: Workplace) -> None:
    """The lane's holder had looked around already, and no lane was free for a message."""
    place.add_mapping("other")
    place.publish(A)
    place.plan()
    hold(place, SOURCE, 1)
    later: list[Message] = []

    def comes_late(call: str) -> None:
        if call == "lanes.release":
            place.publish(B, name="other")
            later.extend(place.plan(name="other")[1])

    found = fetch(place, A, comes_late)
    assert later == []
    assert Message("download", {"sha256": B.sha256}) in found


def test_a_lane_hands_over_to_a_new_task_before_its_time_is_up(place: Workplace) -> None:
    place.publish(A, B, C)
    place.plan()
    found = fetch(place, A, taking(place, "source.fetch", LANE_BUDGET * 0.6))
    assert tasks(found).count("download") == 1
    assert sum(fetched(place, A, B, C)) == 2
    place.carry(found)
    assert place.arrived(A, B, C)


def test_a_worker_that_is_being_stopped_begins_no_further_file(place: Workplace) -> None:
    place.publish(A, B)
    place.plan()

    def stops(call: str) -> None:
        place.stopping = place.stopping or call == "blobs.staged"

    found = fetch(place, A, stops)
    assert fetched(place, A, B) == [True, False]
    assert Message("download", {"sha256": B.sha256}) in found


def test_a_server_s_lane_fetches_from_no_other_server(place: Workplace) -> None:
    place.add_mapping("other")
    elsewhere = SourceRef("https://other-gitea.example", "other")
    place.mappings["other"] = replace(place.mappings["other"], source=elsewhere)
    place.publish(A)
    place.publish(B, name="other")
    place.plan()
    place.plan(name="other")
    fetch(place, A)
    assert fetched(place, A, B) == [True, False]


def test_what_cannot_be_fetched_does_not_hold_up_what_can(place: Workplace) -> None:
    place.publish(A, B, C)
    place.plan()
    fetch(place, B, Happening("source.fetch", RemoteUnavailable(*TROUBLE)))
    assert fetched(place, A, B, C) == [True, False, True]


# Whoever is told


@pytest.mark.parametrize(("held", "woken"), [(0, 2), (1, 1), (2, 0)])
def test_a_plan_wakes_as_many_workers_as_lanes_are_free(place: Workplace, held: int, woken: int) -> None:
    hold(place, SOURCE, held)
    place.publish(A, B, C, D)
    assert tasks(place.plan()[1]) == ["download"] * woken


@pytest.mark.parametrize(("held", "woken"), [(0, 1), (1, 1), (2, 0)])
def test_a_file_that_was_fetched_wakes_a_worker_where_a_lane_is_free(
    place: Workplace, held: int, woken: int
) -> None:
    hold(place, SERVER, held)
    _, messages = staged(place, A)
    assert tasks(messages) == ["upload"] * woken


def test_a_plan_of_files_that_are_here_already_wakes_uploaders(place: Workplace) -> None:
    _, other = place.add_mapping("other")
    staged(place, A, B, C)
    hold(place, SERVER, 1)
    place.publish(A, B, C, name="other")
    assert tasks(place.plan(name="other")[1]) == ["upload"]
    assert other.stored == []


def test_an_overloaded_server_is_told_of_less(place: Workplace) -> None:
    place.lanes = 4
    place.ledger.lanes.narrow(SOURCE, 4, place.now)
    place.publish(A, B, C, D)
    assert len(place.plan()[1]) == 2


@pytest.mark.parametrize("held", [0, 1], ids=["alone", "beside another"])
def test_a_message_that_comes_late_still_puts_a_free_lane_to_work(place: Workplace, held: int) -> None:
    """What it asks for is done or being done by then, but there is more of the same server."""
    place.publish(A, B, C)
    place.plan()
    hold(place, SOURCE, held)
    assert place.ledger.blobs.claim(A.sha256, place.worker, place.now, LEASE) is not None
    fetch(place, A)
    assert fetched(place, A, B, C) == [False, True, True]
    assert place.ledger.transfers.claim(SERVER, place.worker, place.now, LEASE) is not None
    hold(place, SERVER, held)
    deliver(place, B)
    assert len(place.target.stored) == 1


@pytest.mark.parametrize("task", ["download", "upload"])
def test_a_message_after_all_is_done_takes_no_lane(place: Workplace, task: str) -> None:
    place.publish(A)
    place.sync()
    ids: dict[str, str | int] = {"sha256": A.sha256, "transfer": place.transfer(A).id}
    wanted = {"download": "sha256", "upload": "transfer"}[task]
    message = Message(task, {wanted: ids[wanted]})
    assert place.work(message, Happening("lanes.acquire", AssertionError())) == []


# Overload


def by_listing(place: Workplace, error: SyncerError) -> None:
    place.plan(Happening("source.list", error))


def by_fetching(place: Workplace, error: SyncerError) -> None:
    place.publish(A)
    place.plan()
    fetch(place, A, Happening("source.fetch", error))


def by_probing(place: Workplace, error: SyncerError) -> None:
    place.plan(Happening("target.probe", error))


def by_uploading(place: Workplace, error: SyncerError) -> None:
    staged(place, A)
    deliver(place, A, Happening("target.upload", error))


@pytest.mark.parametrize(
    "error", [RateLimited(*TROUBLE), RemoteUnavailable(*TROUBLE)], ids=lambda it: it.code
)
@pytest.mark.parametrize(
    ("asked", "server", "other"),
    [
        pytest.param(by_listing, SOURCE, SERVER, id="listing"),
        pytest.param(by_fetching, SOURCE, SERVER, id="fetching"),
        pytest.param(by_probing, SERVER, SOURCE, id="probing"),
        pytest.param(by_uploading, SERVER, SOURCE, id="uploading"),
    ],
)
def test_an_overloaded_server_has_half_of_its_lanes_until_it_was_calm_for_a_while(
    place: Workplace,
    asked: Callable[[Workplace, SyncerError], None],
    server: str,
    other: str,
    error: SyncerError,
) -> None:
    place.lanes = 4
    asked(place, error)
    assert (width(place, server), width(place, other)) == (2, 4)
    place.wait(GROWS_AFTER)
    assert width(place, server) == 3
    place.wait(GROWS_AFTER)
    assert width(place, server) == 4


def test_a_server_that_refuses_is_not_overloaded(place: Workplace) -> None:
    by_uploading(place, Unauthorized(*TROUBLE))
    assert width(place, SERVER) == place.lanes


def test_a_lane_beyond_those_of_an_overloaded_server_is_given_up(place: Workplace) -> None:
    """Its work is left to the lanes that remain."""
    staged(place, A, B, C)
    (first,) = hold(place, SERVER, 1)

    def overloaded(call: str) -> None:
        if call == "target.upload":
            place.wait(LOOK)
            place.ledger.lanes.narrow(SERVER, place.lanes, place.now)

    found = deliver(place, A, overloaded)
    assert place.target.stored == [A.filename]
    assert tasks(found) == ["upload"]
    place.carry(found)
    assert place.target.stored == [A.filename]  # the one lane that is left is taken
    place.ledger.lanes.release(first)
    place.carry(found)
    assert place.arrived(A, B, C)


def test_the_first_lane_of_an_overloaded_server_goes_on(place: Workplace) -> None:
    staged(place, A, B, C)

    def overloaded(call: str) -> None:
        if call == "target.upload":
            place.wait(LOOK)
            place.ledger.lanes.narrow(SERVER, place.lanes, place.now)

    assert deliver(place, A, overloaded) == []
    assert place.arrived(A, B, C)


def test_a_server_that_is_left_alone_is_asked_by_no_lane(place: Workplace) -> None:
    place.publish(A)
    place.plan()
    for _ in range(3):
        place.ledger.circuits.failed(SOURCE, RemoteUnavailable(*TROUBLE), place.now)
    assert fetch(place, A, Happening("lanes.acquire", AssertionError())) == []
    place.wait(3600)
    fetch(place, A)
    assert fetched(place, A) == [True]


# While a lane is at work


def test_a_run_that_ends_while_a_lane_goes_on_lets_the_next_one_begin(place: Workplace) -> None:
    place.add_mapping("other")
    place.publish(A, name="other")
    _, messages = place.plan(name="other")
    staged(place, B, C)
    for message in messages:
        place.work(message)
    place.request("other")
    stored_at: dict[str, int] = {}
    services = place.services(taking(place, "target.upload", LOOK))
    for message in upload(services, place.transfer(A, "other").id, place.worker):
        stored_at.setdefault(message.task, len(place.target.stored) + len(place.targets["other"].stored))
    assert stored_at == {"discover": 1}


@pytest.mark.parametrize("server", [SOURCE, SERVER])
def test_a_lane_is_given_back_when_its_messages_cannot_be_sent(place: Workplace, server: str) -> None:
    """The broker is away: whoever sends them gives up in the middle."""
    place.publish(A, B)
    place.plan()
    work = download(place.services(), A.sha256, place.worker)
    next(work)
    work.close()  # type: ignore[attr-defined]  # it is a generator
    assert len(hold(place, server, 2)) == 2


def test_the_work_of_a_lane_that_was_given_up_in_the_middle_is_found_again(place: Workplace) -> None:
    place.publish(A, B)
    run, _ = place.plan()
    work = download(place.services(), A.sha256, place.worker)
    next(work)
    work.close()  # type: ignore[attr-defined]  # it is a generator
    place.recover(run)
    assert place.arrived(A, B)
