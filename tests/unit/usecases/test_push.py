"""Several indexes of one server: it copies by itself what one has, where that is exactly what is wanted."""

from __future__ import annotations

from datetime import timedelta

from syncer.core.errors import RemoteUnavailable, UploadRejected
from syncer.core.states import RunOutcome
from syncer.usecases.push import LOOK_AGAIN, PATIENCE
from tests.support.dists import Dist, sdist, wheel
from tests.support.ports import Happening, Held
from tests.unit.usecases.workplace import Workplace

A, A_SDIST, B = wheel("alpha", "1.0"), sdist("alpha", "1.0"), wheel("beta", "1.0")
TROUBLE = ("It failed.", "It is broken.", "Mend it.")


def with_follower(place: Workplace, *dists: Dist) -> None:
    """A second Mapping has the same files for another index of the server."""
    place.add_mapping("second")
    place.publish(*dists)
    place.publish(*dists, name="second")


def test_what_one_index_has_is_copied_to_the_next_by_the_server(place: Workplace) -> None:
    with_follower(place, A, A_SDIST, B)
    assert place.sync() is RunOutcome.COMPLETE
    assert place.sync(name="second") is RunOutcome.COMPLETE
    assert place.arrived(A, A_SDIST, B, name="second")
    follower = place.targets["second"]
    assert (sorted(follower.pushed), follower.stored) == (
        sorted([A.filename, A_SDIST.filename, B.filename]),
        [],
    )
    assert place.outcome(A, "second") == "copied"


def test_one_download_serves_all_indexes(place: Workplace) -> None:
    with_follower(place, A)
    _, first = place.plan()
    _, second = place.plan(name="second")
    fetched: list[str] = []
    place.carry([*first, *second], lambda call: fetched.append(call) if call == "source.fetch" else None)
    assert len(fetched) == 1


def test_who_comes_first_waits_for_the_index_that_is_configured_first(place: Workplace) -> None:
    with_follower(place, A)
    run, messages = place.plan()
    later, _ = place.plan(name="second")
    uploads = [upload for message in messages for upload in place.work(message)]
    waits = next(each for each in uploads if each.ids["transfer"] == place.transfer(A, "second").id)
    place.lanes = 1
    assert place.outcome(A, "second") == "ready"
    place.carry([waits])
    assert place.arrived(A)
    place.reconcile()
    assert place.targets["second"].pushed == [A.filename]
    assert [place.ledger.runs.state(each)[1] for each in (run, later)] == [RunOutcome.COMPLETE] * 2


def test_where_the_first_index_has_more_than_is_wanted_the_files_are_uploaded(place: Workplace) -> None:
    with_follower(place, A)
    place.publish(A_SDIST)
    place.sync()
    assert place.sync(name="second") is RunOutcome.COMPLETE
    assert (place.targets["second"].pushed, place.targets["second"].stored) == ([], [A.filename])


def test_what_the_first_index_lacks_is_uploaded_after_the_copy(place: Workplace) -> None:
    with_follower(place, A)
    place.publish(A_SDIST, name="second")
    place.sync()
    assert place.sync(name="second") is RunOutcome.COMPLETE
    assert place.targets["second"].pushed == [A.filename]
    assert place.targets["second"].stored == [A_SDIST.filename]


def test_a_release_of_which_the_second_index_has_a_file_is_uploaded(place: Workplace) -> None:
    """devpi refuses a copy even of identical files, and a volatile index replaces its own silently."""
    with_follower(place, A, A_SDIST)
    place.sync()
    second = place.targets["second"]
    second.files["alpha", A_SDIST.filename] = Held("1.0", A_SDIST.sha256)
    second.requires_python["alpha", "1.0"] = ""
    assert place.sync(name="second") is RunOutcome.COMPLETE
    assert (second.pushed, second.stored) == ([], [A.filename])


def test_what_the_server_refuses_to_copy_is_uploaded(place: Workplace) -> None:
    with_follower(place, A)
    place.sync()
    refuses = Happening("target.push", UploadRejected(*TROUBLE, 403))
    assert place.sync(refuses, name="second") is RunOutcome.COMPLETE
    assert (place.targets["second"].pushed, place.targets["second"].stored) == ([], [A.filename])


def test_bytes_that_were_not_read_back_are_not_copied_on(place: Workplace) -> None:
    with_follower(place, A)
    place.sync(Happening("target.read_back", RemoteUnavailable(*TROUBLE)))
    place.plan(name="second")
    assert place.targets["second"].pushed == []


def test_a_first_index_that_never_gets_the_file_holds_nobody_up_for_long(place: Workplace) -> None:
    with_follower(place, A)
    broken = RemoteUnavailable(*TROUBLE)
    _, messages = place.plan()
    run, _ = place.plan(name="second")
    place.target.broken = broken
    place.carry(messages)
    place.wait(PATIENCE + LOOK_AGAIN)
    place.reconcile()
    place.wait(PATIENCE)
    place.reconcile()
    assert place.arrived(A, name="second")
    assert place.ledger.runs.state(run)[1] is RunOutcome.COMPLETE
    assert place.targets["second"].pushed == []


def test_a_server_that_fails_in_mid_copy_loses_nothing(place: Workplace) -> None:
    with_follower(place, A, A_SDIST, B)
    place.sync()
    run, messages = place.plan(name="second")
    place.carry(messages, Happening("target.push", RemoteUnavailable(*TROUBLE)))
    place.wait(timedelta(minutes=2).total_seconds())
    place.reconcile()
    assert place.arrived(A, A_SDIST, B, name="second")
    assert place.recover(run) is RunOutcome.COMPLETE
