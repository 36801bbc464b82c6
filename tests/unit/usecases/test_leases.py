"""A claim is kept for as long as its work takes, whatever happens to the other claims of the process."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from syncer.core.errors import RemoteUnavailable
from syncer.usecases import leases
from syncer.usecases.leases import keeping

START = datetime(2026, 3, 1, tzinfo=UTC)
#: Seconds of a lease in these tests, and those within which what must happen has happened.
SHORT, PATIENCE = 0.03, 10.0
FORK = """
import os, sys
from datetime import UTC, datetime
from syncer.usecases import leases

def clock():
    return datetime.now(UTC)

def ours(until):
    return True

leases.LEASE = 0.03
with leases.keeping(ours, clock):
    child = os.fork()
    if child == 0:
        began_anew = not leases._keeper.held
        extended = []
        with leases.keeping(lambda until: not extended.append(until), clock):
            while not extended:
                pass
        os._exit(0 if began_anew else 1)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases are short, and extended by a thread of the test's own."""
    monkeypatch.setattr(leases, "LEASE", SHORT)
    monkeypatch.setattr(leases, "_keeper", leases._Keeper())


class Claim:
    """A claim that tells when it was extended; ``answers`` are given first, raised if they are errors."""

    def __init__(self, *answers: bool | Exception) -> None:
        self.answers = list(answers)
        self.extended: list[datetime] = []

    def extend(self, until: datetime) -> bool:
        self.extended.append(until)
        answer = self.answers.pop(0) if self.answers else True
        if isinstance(answer, Exception):
            raise answer
        return answer

    def was_extended(self, times: int) -> Callable[[], bool]:
        return lambda: len(self.extended) >= times


def soon(happens: Callable[[], bool]) -> bool:
    """Whether it happens in time."""
    deadline = time.monotonic() + PATIENCE
    while not happens() and time.monotonic() < deadline:
        time.sleep(SHORT / 10)
    return happens()


def clock() -> datetime:
    return START


def test_a_claim_is_extended_again_and_again_for_as_long_as_its_work_takes() -> None:
    claim = Claim()
    with keeping(claim.extend, clock):
        assert soon(claim.was_extended(3))
    assert set(claim.extended) == {START + timedelta(seconds=SHORT)}


@pytest.mark.parametrize("error", [None, ZeroDivisionError()], ids=["done", "failed"])
def test_a_claim_is_left_alone_once_its_work_is_over(error: Exception | None) -> None:
    done, other = Claim(), Claim()
    with keeping(other.extend, clock):
        try:
            with keeping(done.extend, clock):
                assert soon(done.was_extended(1))
                if error is not None:
                    raise error
        except ZeroDivisionError:
            pass
        assert soon(other.was_extended(len(other.extended) + 2))  # what had begun when it ended is over
        left = len(done.extended)
        assert soon(other.was_extended(len(other.extended) + 3))
    assert len(done.extended) == left


def test_a_claim_whose_work_is_over_at_once_is_never_extended() -> None:
    claim, other = Claim(), Claim()
    with keeping(claim.extend, clock):
        pass
    with keeping(other.extend, clock):
        assert soon(other.was_extended(2))
    assert claim.extended == []


def test_all_claims_of_a_process_are_kept_by_one_thread() -> None:
    before, claims = threading.active_count(), [Claim() for _ in range(5)]
    with keeping(claims[0].extend, clock), keeping(claims[1].extend, clock), keeping(claims[2].extend, clock):
        assert soon(lambda: all(len(claim.extended) > 1 for claim in claims[:3]))
        assert threading.active_count() == before + 1
    with keeping(claims[3].extend, clock), keeping(claims[4].extend, clock):
        assert threading.active_count() == before + 1


def test_a_lost_claim_is_not_extended_again() -> None:
    lost, other = Claim(False), Claim()
    with keeping(lost.extend, clock), keeping(other.extend, clock):
        assert soon(other.was_extended(4))
    assert len(lost.extended) == 1


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(RemoteUnavailable("The database is away.", "It restarts.", "Wait."), id="database away"),
        pytest.param(ZeroDivisionError(), id="a defect of ours"),
    ],
)
def test_a_claim_that_could_not_be_extended_is_tried_again_and_stops_no_other(error: Exception) -> None:
    failing, other = Claim(error, error), Claim()
    with keeping(failing.extend, clock), keeping(other.extend, clock):
        assert soon(failing.was_extended(4))
        assert soon(other.was_extended(4))


def test_two_blocks_may_keep_the_same_claim() -> None:
    claim = Claim()
    with keeping(claim.extend, clock):
        with keeping(claim.extend, clock):
            assert soon(claim.was_extended(2))
        seen = len(claim.extended)
        assert soon(claim.was_extended(seen + 3))


def test_a_forked_child_keeps_its_own_claims_and_none_of_its_parent_s() -> None:
    """It has neither the parent's thread nor its work."""
    ended = subprocess.run([sys.executable, "-W", "ignore", "-c", FORK], timeout=60, check=False)
    assert ended.returncode == 0
