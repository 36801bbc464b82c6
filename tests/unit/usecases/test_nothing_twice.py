"""Nothing is uploaded twice, and other bytes are never overwritten."""

from __future__ import annotations

import pytest

from syncer.core.errors import (
    RemoteUnavailable,
)
from syncer.core.states import RunOutcome
from tests.support.devpi_place import described
from tests.support.dists import Dist, wheel
from tests.support.ports import Happening, MemoryTarget
from tests.unit.usecases.workplace import Workplace, deliver, staged

A = wheel("alpha", "1.0")
OTHER_A = wheel("alpha", "1.0", payload=b"other")
TROUBLE = ("It failed.", "It is broken.", "Mend it.")


@pytest.mark.parametrize("volatile", [False, True])
def test_an_upload_whose_answer_was_lost_is_not_repeated(place: Workplace, volatile: bool) -> None:
    place.target.volatile = volatile
    run, _ = staged(place, A)
    deliver(place, A, Happening("target.upload done", RemoteUnavailable(*TROUBLE)))
    assert place.transfer(A).error_code == "remote_unavailable"
    assert place.recover(run) is RunOutcome.COMPLETE
    assert place.target.stored == [A.filename]
    assert place.transfer(A).answer == "the same bytes were there already"


def test_a_file_that_somebody_else_uploaded_meanwhile_is_there(place: Workplace) -> None:
    for volatile in (True, False):
        place.target = place.targets["my-org"] = MemoryTarget(volatile=volatile)
        staged(place, A)
        foreign(place, A)
        deliver(place, A)
        assert (place.target.stored, place.outcome(A)) == ([A.filename], "copied")
        place.wait(60)


@pytest.mark.parametrize("volatile", [False, True])
def test_other_bytes_that_somebody_uploaded_meanwhile_stay(place: Workplace, volatile: bool) -> None:
    """A volatile index would replace them without a word."""
    place.target.volatile = volatile
    staged(place, A)
    foreign(place, OTHER_A)
    deliver(place, A)
    assert place.arrived(OTHER_A)
    assert place.outcome(A) == "conflict"
    assert place.transfer(A).next_step


@pytest.mark.parametrize("volatile", [False, True])
def test_other_bytes_stay_even_when_the_first_answer_was_lost(place: Workplace, volatile: bool) -> None:
    place.target.volatile = volatile
    run, _ = staged(place, A)
    deliver(place, A, Happening("target.upload", RemoteUnavailable(*TROUBLE)))
    foreign(place, OTHER_A)
    place.recover(run)
    assert place.arrived(OTHER_A)
    assert place.outcome(A) == "conflict"


def test_a_person_s_force_replaces_other_bytes_on_a_volatile_index(place: Workplace) -> None:
    place.target.volatile = True
    foreign(place, OTHER_A)
    staged(place, A, force=True)
    deliver(place, A)
    assert place.arrived(A)


def foreign(place: Workplace, dist: Dist) -> None:
    """Somebody else's upload."""
    path = place.staging.store(dist.sha256, [dist.content])
    place.target.upload(described(dist), path, place.services().inspect(path, dist.filename))
    place.staging.discard(dist.sha256)
