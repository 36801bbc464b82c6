"""A timetable says at every moment which rate is in force."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from syncer.core.timetable import SLOWEST, Slot, Timetable, rate_text, read_rate, read_timetable

K, M, G = 2**10, 2**20, 2**30
#: 2026-03-02 was a Monday.
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
RATES = st.one_of(st.none(), st.integers(SLOWEST, 2**42).map(float), st.floats(SLOWEST, 2.0**38))
SLOTS = st.builds(Slot, RATES, st.integers(0, 1439), st.one_of(st.none(), st.integers(0, 6)))
TIMETABLES = st.lists(SLOTS, unique_by=lambda slot: (slot.minute, slot.day), max_size=6).map(
    lambda slots: Timetable(tuple(slots))
)
MOMENTS = st.integers(-(10**7), 10**7).map(lambda minutes: MONDAY + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        pytest.param("10M", 10 * M, id="mega"),
        pytest.param("512k", 512 * K, id="kilo"),
        pytest.param("1G", G, id="giga"),
        pytest.param("1.5m", 1.5 * M, id="fraction-in-small-letters"),
        pytest.param("2Mi", 2 * M, id="binary-prefix"),
        pytest.param("Off", None, id="off"),
    ],
)
def test_a_rate_is_a_number_with_a_unit(text: str, rate: float | None) -> None:
    assert read_rate(text) == rate
    assert read_timetable(text).rate_at(MONDAY) == rate


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("10", "neither off nor a number with k, M or G", id="no-unit"),
        pytest.param("fast", "neither off nor a number", id="word"),
        pytest.param("-1M", "neither off nor a number", id="negative"),
        pytest.param("1e3M", "neither off nor a number", id="exponent"),
        pytest.param("٣M", "neither off nor a number", id="digits-of-another-script"),
        pytest.param("10M:5M", "neither off nor a number", id="two-directions"),
        pytest.param("0M", "the rate is below 64k", id="zero"),
        pytest.param("63k", "the rate is below 64k", id="too-slow"),
        pytest.param("08:00", "neither off nor a number", id="time-alone"),
        pytest.param("08:00,5M 5M", "in entry 2 there is no time, comma and rate", id="rate-among-times"),
        pytest.param("24:00,5M", "in entry 1 the time is not from 00:00 to 23:59", id="hour"),
        pytest.param("08:60,5M", "in entry 1 the time is not from 00:00 to 23:59", id="minute"),
        pytest.param("8:00,5M", "in entry 1 there is no time, comma and rate", id="short-hour"),
        pytest.param("Mo-08:00,5M", "the day is none of Mon Tue Wed Thu Fri Sat Sun", id="day"),
        pytest.param("08:00,5", "in entry 1 the rate is neither", id="no-unit-in-an-entry"),
        pytest.param("08:00,5M 08:00,6M", "in entry 2 the time is that of an earlier one", id="twice"),
        pytest.param(
            "25:00,5M 08:00,x Mon-08:00,1M",
            "in entry 1 the time is not from 00:00 to 23:59, in entry 2 the rate is neither off nor a number "
            "with k, M or G",
            id="all-at-once",
        ),
    ],
)
def test_what_is_no_timetable_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as refusal:
        read_timetable(text)
    assert reason in str(refusal.value)


@pytest.mark.parametrize(
    ("moment", "rate"),
    [
        pytest.param("Mon 00:00", 20 * M, id="before-the-first-slot-the-last-one-still-holds"),
        pytest.param("Mon 07:59", 20 * M, id="until-the-minute"),
        pytest.param("Mon 08:00", 5 * M, id="from-the-minute-on"),
        pytest.param("Mon 18:00", 20 * M, id="evening"),
        pytest.param("Fri 17:59", 5 * M, id="the-last-day-of-work"),
        pytest.param("Fri 18:00", None, id="a-day-of-its-own-goes-before-every-day"),
        pytest.param("Sat 07:00", None, id="over-midnight"),
        pytest.param("Sat 08:00", 5 * M, id="every-day-goes-on"),
        pytest.param("Sun 23:59", 20 * M, id="the-end-of-the-week"),
    ],
)
def test_each_slot_holds_until_the_next_one_begins(moment: str, rate: float | None) -> None:
    day, clock = moment.split()
    hour, minute = clock.split(":")
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun").index(day)
    at = MONDAY + timedelta(days=days, hours=int(hour), minutes=int(minute))
    assert read_timetable("08:00,5M 18:00,20M fri-18:00,off").rate_at(at) == rate


def test_a_slot_of_one_day_holds_over_the_end_of_the_week() -> None:
    table = read_timetable("Tue-00:00,1M Sat-12:00,off")
    assert [table.rate_at(MONDAY + timedelta(days=days)) for days in range(7)] == [None, *[M] * 5, None]


def test_the_slowest_rate_is_that_of_all_slots() -> None:
    assert read_timetable("08:00,5M 18:00,20M 23:00,off").slowest == 5 * M
    assert (Timetable().slowest, read_timetable("off").slowest) == (None, None)


@given(MOMENTS)
def test_without_slots_there_is_never_a_limit(moment: datetime) -> None:
    assert Timetable().rate_at(moment) is None


@given(RATES)
def test_a_rate_is_read_as_it_is_written(rate: float | None) -> None:
    assert read_rate(rate_text(rate)) == rate


@given(TIMETABLES, MOMENTS)
def test_a_timetable_is_read_as_it_is_written(table: Timetable, moment: datetime) -> None:
    """One slot holds all the time, and is written as a rate alone."""
    assume(table.slots)
    again = read_timetable(str(table))
    assert again.rate_at(moment) == table.rate_at(moment)
    assert str(again) == str(table)
    assert len(table.slots) == 1 or again == table


@given(TIMETABLES, MOMENTS)
def test_what_holds_now_held_a_week_ago_and_began_with_a_slot(table: Timetable, moment: datetime) -> None:
    assume(table.slots)
    rate = table.rate_at(moment)
    assert rate == table.rate_at(moment - timedelta(days=7))
    assert rate in [slot.rate for slot in table.slots]


@given(TIMETABLES, MOMENTS)
def test_a_rate_changes_only_where_a_slot_begins(table: Timetable, moment: datetime) -> None:
    before = moment - timedelta(minutes=1)
    if table.rate_at(before) != table.rate_at(moment):
        now = (moment.hour * 60 + moment.minute, moment.weekday())
        assert any(slot.minute == now[0] and slot.day in (None, now[1]) for slot in table.slots)


@given(st.text(max_size=40))
def test_any_text_is_a_timetable_or_refused(text: str) -> None:
    """Nothing but ValueError is ever raised."""
    try:
        written = str(read_timetable(text)) or "off"
    except ValueError:
        written = "off"
    assert str(read_timetable(written)) == written
