"""Bytes that several files are made of: one that is bad spoils no other."""

from __future__ import annotations

import pytest

from syncer.core.states import RunOutcome
from syncer.ports.queue import Message
from tests.support.dists import Dist, wheel
from tests.unit.usecases.workplace import Workplace

A = wheel("alpha", "1.0")


def test_a_file_that_one_source_lost_is_fetched_from_another(place: Workplace) -> None:
    place.add_mapping("other")
    place.publish(A)
    place.publish(A, name="other")
    first, _ = place.plan()
    second, messages = place.plan(name="other")
    place.sources["other"].remove(place.sources["other"].list().files[0])
    place.carry([*messages, Message("download", {"sha256": A.sha256})])
    place.recover(first)
    place.recover(second)
    assert place.arrived(A)


def test_a_file_that_one_source_spoils_is_fetched_from_another(place: Workplace) -> None:
    place.add_mapping("other")
    place.publish(A)
    place.publish(A, name="other")
    first, _ = place.plan()
    second, messages = place.plan(name="other")
    for locator in place.sources["other"].contents:
        place.sources["other"].contents[locator] = b"spoilt"
    place.carry([*messages, Message("download", {"sha256": A.sha256})])
    assert place.recover(first) is place.recover(second) is RunOutcome.COMPLETE


@pytest.mark.parametrize("names", [("my-org", "other"), ("other", "my-org")])
def test_a_file_of_a_wrong_name_does_not_spoil_the_right_one_of_the_same_bytes(
    place: Workplace, names: tuple[str, str]
) -> None:
    """Else anybody could keep a package from arriving by publishing it elsewhere under another name."""
    misnamed = Dist("gamma-1.0-py3-none-any.whl", A.content, A.sha256)
    place.add_mapping("other")
    place.publish(A)
    place.publish(misnamed, name="other")
    runs = {name: place.plan(name=name)[0] for name in names}
    place.carry([Message("download", {"sha256": A.sha256})])
    assert place.recover(runs["my-org"]) is RunOutcome.COMPLETE
    assert place.recover(runs["other"]) is RunOutcome.INCOMPLETE
    assert place.outcome(misnamed, "other") == "not_a_distribution"
