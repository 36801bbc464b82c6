"""Downloading: bytes are staged once and whole, or the file says why not while the others go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from syncer.core.errors import (
    RateLimited,
    RemoteUnavailable,
    SourceMissing,
    StagingUnavailable,
    SyncerError,
    Unauthorized,
)
from syncer.core.model import DistributionFile
from syncer.core.states import RunOutcome
from syncer.ports.queue import Message
from syncer.usecases import download as download_module
from syncer.usecases.download import download
from syncer.usecases.fetch import fetch as fetch_file
from syncer.usecases.leases import LEASE
from tests.support.dists import Dist, wheel
from tests.support.ports import Accident, Happening, MemorySource, nothing_happens
from tests.unit.usecases.workplace import Workplace

A, B = wheel("alpha", "1.0"), wheel("beta", "1.0")
TROUBLE = ("It failed.", "It is broken.", "Mend it.")


def fetch(place: Workplace, dist: Dist, accident: Accident = nothing_happens) -> list[Message]:
    """One task's work."""
    return list(download(place.services(accident), dist.sha256, place.worker))


def test_a_staged_blob_asks_for_every_upload_that_waits_for_it(place: Workplace) -> None:
    place.add_mapping("other")
    place.publish(A)
    place.publish(A, name="other")
    place.plan()
    place.plan(name="other")
    messages = fetch(place, A)
    assert {message.ids["transfer"] for message in messages} == {
        place.transfer(A).id,
        place.transfer(A, "other").id,
    }
    staged = place.staging.find(A.sha256)
    assert staged is not None
    assert staged.read_bytes() == A.content


def test_a_blob_that_nobody_wants_is_not_fetched(place: Workplace) -> None:
    assert fetch(place, A, forbidden("source.fetch")) == []


def test_bytes_that_are_staged_already_are_not_fetched_again(place: Workplace) -> None:
    place.publish(A)
    place.plan()
    place.staging.store(A.sha256, [A.content])
    assert len(fetch(place, A, forbidden("source.fetch"))) == 1


def forbidden(name: str) -> Accident:
    """The call is a mistake of the use case."""
    return Happening(name, AssertionError(name))


# Files that are refused


def test_a_file_that_the_source_lost_is_gone_and_the_others_go_on(place: Workplace) -> None:
    place.publish(A, B)
    run, messages = place.plan()
    place.source.remove(place.source.list().files[0])
    place.carry(messages)
    assert (place.outcome(A), place.outcome(B)) == ("gone", "copied")
    assert place.ledger.runs.state(run)[1] is RunOutcome.INCOMPLETE


def test_a_file_that_is_no_distribution_is_refused_and_leaves_nothing_behind(place: Workplace) -> None:
    broken = wheel("broken", "1.0", metadata=b"Name: broken\n")
    place.publish(broken, B)
    assert place.sync() is RunOutcome.INCOMPLETE
    assert (place.outcome(broken), place.outcome(B)) == ("not_a_distribution", "copied")
    assert place.arrived(B)
    assert place.staging.find(broken.sha256) is None


def test_bytes_that_were_spoilt_once_are_fetched_again(place: Workplace) -> None:
    place.publish(A)
    (file,) = place.source.list().files
    place.source.contents[file.locator] = b"spoilt by a proxy"
    run, messages = place.plan()
    place.carry(messages)
    assert place.target.stored == []
    place.source.contents[file.locator] = A.content
    assert place.recover(run) is RunOutcome.COMPLETE
    assert place.arrived(A)


def test_bytes_that_are_wrong_each_time_are_corrupt_and_never_uploaded(place: Workplace) -> None:
    place.publish(A, B)
    file = place.source.list().files[0]
    place.source.contents[file.locator] = A.content[:-1]
    run, messages = place.plan()
    place.carry(messages)
    assert place.recover(run) is RunOutcome.INCOMPLETE
    assert place.outcome(A) == "corrupt"
    assert place.transfer(A).error_code == "digest_mismatch"
    assert place.arrived(B)
    assert place.transfer(A).next_step


def test_what_is_corrupt_is_left_alone_until_it_changes_or_a_person_asks(place: Workplace) -> None:
    place.publish(A)
    (file,) = place.source.list().files
    place.source.contents[file.locator] = b"wrong"
    place.recover(place.plan()[0])
    assert place.plan(forbidden("source.fetch"), trigger="schedule")[1] == []
    place.source.contents[file.locator] = A.content
    assert place.sync() is RunOutcome.COMPLETE


# Trouble that passes


@pytest.mark.parametrize("call", ["source.fetch", "staging.store"])
@pytest.mark.parametrize(
    "error",
    [
        RemoteUnavailable(*TROUBLE),
        RateLimited(*TROUBLE),
        StagingUnavailable(*TROUBLE),
        Unauthorized(*TROUBLE),
        SourceMissing(*TROUBLE),
    ],
    ids=lambda error: error.code,
)
def test_trouble_puts_a_download_off_and_it_is_tried_again(
    place: Workplace, call: str, error: SyncerError
) -> None:
    place.publish(A)
    run, _ = place.plan()
    message, *_ = fetch(place, A, Happening(call, error))
    assert (message.task, message.ids) == ("download", {"sha256": A.sha256})
    assert 1 <= message.delay < 2
    assert (place.outcome(A), place.transfer(A).error_code) == ("waiting", error.code)
    assert fetch(place, A, forbidden("source.fetch")) == []  # too early
    assert place.recover(run) is RunOutcome.COMPLETE
    assert place.target.stored == [A.filename]


@pytest.mark.parametrize("asked", [45.0, 86_400.0])
def test_a_server_that_asks_for_time_gets_it(place: Workplace, asked: float) -> None:
    place.publish(A)
    place.plan()
    error = RateLimited(*TROUBLE, retry_after=asked)
    fetch(place, A, Happening("source.fetch", error))
    place.wait(44)
    assert fetch(place, A, forbidden("source.fetch")) == []


@pytest.mark.parametrize("asked", [1e9, 1e15, float("inf")])
def test_a_server_that_asks_for_ages_is_asked_again_all_the_same(place: Workplace, asked: float) -> None:
    place.publish(A)
    place.plan()
    fetch(place, A, Happening("source.fetch", RateLimited(*TROUBLE, retry_after=asked)))
    place.wait(86_400)
    assert len(fetch(place, A)) == 1


def test_a_connection_that_breaks_in_mid_file_leaves_nothing_and_is_tried_again(place: Workplace) -> None:
    place.sources["my-org"] = source = Breaking()
    source.publish(A)
    run, messages = place.plan()
    place.carry(messages)
    assert place.staging.find(A.sha256) is None
    source.breaks = False
    assert place.recover(run) is RunOutcome.COMPLETE


class Breaking(MemorySource):
    """Sends the first chunk of every file."""

    breaks = True

    @contextmanager
    def fetch(self, file: DistributionFile) -> Iterator[Iterator[bytes]]:
        with super().fetch(file) as chunks:
            yield self._break(chunks) if self.breaks else chunks

    def _break(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        yield next(chunks)
        raise RemoteUnavailable(*TROUBLE)


def test_a_defect_of_ours_is_recorded_and_raised_and_the_file_is_tried_again(place: Workplace) -> None:
    place.publish(A)
    run, _ = place.plan()
    with pytest.raises(ZeroDivisionError):
        fetch(place, A, Happening("archive.inspect", ZeroDivisionError("secret")))
    assert place.transfer(A).error_code == "unexpected"
    assert "secret" not in place.transfer(A).error
    assert place.recover(run) is RunOutcome.COMPLETE


def test_a_worker_that_lost_its_claim_writes_nothing(place: Workplace) -> None:
    """It slept until another one had been given the file."""
    place.publish(A)
    place.plan()

    def sleeps(call: str) -> None:
        if call == "archive.inspect done":
            place.wait(LEASE + 1)
            place.ledger.blobs.free_expired(place.now)

    assert [message.task for message in fetch(place, A, sleeps)] == ["download"]
    assert (place.blob_state(A), place.outcome(A)) == ("wanted", "waiting")
    assert len(fetch(place, A)) == 1


def test_staged_bytes_that_vanish_at_once_are_fetched_again(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever empties the directory at that moment does not keep the claim until its lease ends."""
    place.publish(A)
    run, messages = place.plan()

    def vanish(*arguments: Any) -> tuple[Path, Any]:
        path, metadata = fetch_file(*arguments)
        path.unlink()
        return path, metadata

    with monkeypatch.context() as patch:
        patch.setattr(download_module, "fetch", vanish)
        place.carry(messages)
    assert (place.blob_state(A), place.transfer(A).error_code) == ("wanted", "staging_unavailable")
    assert place.recover(run) is RunOutcome.COMPLETE
