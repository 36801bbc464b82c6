"""What passes is paid for in few and short steps, and nothing is paid without a limit."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from syncer.core.errors import OverBudget, RemoteUnavailable
from syncer.core.timetable import read_timetable
from syncer.ports.target import Spend
from syncer.usecases.bandwidth import LARGEST_GRAIN, SMALLEST_GRAIN, Meter, grain, metered
from syncer.usecases.fetch import fetch
from tests.support.dists import wheel
from tests.support.ledgers import START
from tests.unit.usecases.workplace import MAPPING, Workplace

M = 2**20


class Line:
    """A BudgetLedger that gives the answers in turn, and remembers the seconds that were asked for."""

    def __init__(self, *answers: float | Exception | None) -> None:
        self.answers = list(answers)
        self.asked: list[float] = []

    def reserve(self, _name: str, seconds: float) -> float | None:
        self.asked.append(seconds)
        answer = self.answers.pop(0) if self.answers else 0.0
        if isinstance(answer, Exception):
            raise answer
        return answer


def spending(
    line: Line,
    bandwidth: str = "1M",
    *,
    deadline: float = 60,
    at: datetime = START,
    zone: str = "UTC",
    stopping: Callable[[], bool] = lambda: False,
) -> Spend:
    meter = Meter(line, read_timetable(bandwidth), ZoneInfo(zone), deadline, lambda: at)
    return meter.spending(stopping)


def seconds_of(do: Callable[[], object]) -> float:
    began = time.monotonic()
    do()
    return time.monotonic() - began


def test_bytes_are_paid_for_in_grains_and_none_is_forgotten() -> None:
    line = Line()
    spend = spending(line)
    for _ in range(1024):
        spend(1024)
    assert line.asked == [0.25] * 4


def test_many_small_files_pay_together() -> None:
    line = Line()
    meter = Meter(line, read_timetable("1M"), UTC, 60, lambda: START)
    for _ in range(64):
        meter.spending(lambda: False)(4096)
    assert line.asked == [0.25]


@pytest.mark.parametrize(
    ("rate", "size"),
    [
        pytest.param(64 * 1024, SMALLEST_GRAIN, id="slow"),
        pytest.param(4 * M, M, id="a-quarter-of-a-second"),
        pytest.param(1024 * M, LARGEST_GRAIN, id="fast"),
    ],
)
def test_a_grain_is_neither_tiny_nor_huge(rate: float, size: float) -> None:
    assert grain(rate) == size


def test_the_wait_is_as_long_as_the_line() -> None:
    spend = spending(Line(0.3))
    assert 0.3 <= seconds_of(lambda: spend(M)) < 2


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="the-line-is-too-long"),
        pytest.param(RemoteUnavailable("It did not answer."), id="the-database-is-away"),
    ],
)
def test_who_is_not_let_into_the_line_asks_again(answer: Exception | None) -> None:
    line = Line(answer, 0.0)
    assert seconds_of(lambda: spending(line)(M)) >= 1
    assert line.asked == [1.0, 1.0]


def test_a_try_that_would_take_too_long_ends_at_once_and_blames_nobody_else() -> None:
    spend = spending(Line(0.0, 6.0), deadline=5)
    spend(M)
    with pytest.raises(OverBudget, match="5 s of one try") as refusal:
        assert seconds_of(lambda: spend(M)) < 1
    assert "file_deadline_seconds" in refusal.value.next_step


def test_a_wait_ends_when_the_work_is_to_stop() -> None:
    stop: list[bool] = []

    def stopping() -> bool:
        stop.append(True)
        return len(stop) > 3

    line = Line(30.0)
    spend = spending(line, stopping=stopping)
    assert seconds_of(lambda: spend(M)) < 5
    spend(M)
    assert line.asked == [1.0]


@pytest.mark.parametrize(
    ("zone", "asked"), [pytest.param("UTC", [], id="utc"), pytest.param("Asia/Tokyo", [0.5], id="tokyo")]
)
def test_times_of_day_are_those_of_the_zone(zone: str, asked: list[float]) -> None:
    """At 12:00 UTC it is 21:00 in Tokyo."""
    line = Line()
    spending(line, "08:00,off 20:00,2M", zone=zone)(M)
    assert line.asked == asked


def test_what_passed_without_a_limit_is_not_owed_later() -> None:
    line, moments = Line(), [START, START.replace(hour=18), START.replace(hour=18)]
    meter = Meter(line, read_timetable("08:00,off 18:00,1M"), UTC, 60, lambda: moments.pop(0))
    spend = meter.spending(lambda: False)
    for size in (100 * M, 1024, M):
        spend(size)
    assert line.asked == [pytest.approx(1 + 1 / 1024)]


def test_a_changed_rate_takes_effect_with_the_next_bytes() -> None:
    line, moments = Line(), [START, START.replace(hour=18)]
    meter = Meter(line, read_timetable("08:00,1M 18:00,4M"), UTC, 60, lambda: moments.pop(0))
    spend = meter.spending(lambda: False)
    spend(M)
    spend(M)
    assert line.asked == [1.0, 0.25]


def test_chunks_are_left_alone_without_a_budget() -> None:
    chunks = iter([b"a", b"b"])
    assert metered(chunks, None) is chunks


def test_each_chunk_is_paid_for_before_it_goes_on() -> None:
    told: list[int] = []
    assert list(metered([b"a", b"bc"], told.append)) == [b"a", b"bc"]
    assert told == [1, 2]


@pytest.mark.parametrize(
    ("bandwidth", "asked"),
    [
        pytest.param("", False, id="no-budget"),
        pytest.param("off", False, id="off"),
        pytest.param("1M", True, id="limited"),
    ],
)
def test_a_download_asks_the_ledger_only_where_there_is_a_limit(
    place: Workplace, bandwidth: str, asked: bool
) -> None:
    line, dist = Line(), wheel("alpha", "1.0", payload=random.Random(0).randbytes(M))
    file = place.source.publish(dist)
    meter = Meter(line, read_timetable(bandwidth), UTC, 60, lambda: START) if bandwidth else None
    assert fetch(replace(place.services(), meter=meter), MAPPING, file)[0].read_bytes() == dist.content
    assert bool(line.asked) is asked
