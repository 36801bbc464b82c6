"""How many bytes a second may pass, and when: the form of rclone's ``--bwlimit``."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAY_MINUTES = 24 * 60
UNITS = {"k": 2**10, "M": 2**20, "G": 2**30}
#: Bytes per second; slower, the pauses of one connection would outlast its server's patience.
SLOWEST = 64 * 2**10
_RATE = re.compile(r"(\d{1,9}(?:\.\d{1,30})?)([kmg])i?", re.IGNORECASE | re.ASCII)
_ENTRY = re.compile(r"(?:([a-z]+)-)?(\d\d):(\d\d),(.+)", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Slot:
    """From ``minute`` of the day on, of each or of one ``day`` (Monday is 0), this rate; None is no limit."""

    rate: float | None
    minute: int = 0
    day: int | None = None

    def __str__(self) -> str:
        day = "" if self.day is None else f"{DAYS[self.day]}-"
        return f"{day}{self.minute // 60:02}:{self.minute % 60:02},{rate_text(self.rate)}"


@dataclass(frozen=True)
class Timetable:
    """Slots that each hold until the next one begins, over the end of the week too; none is no limit."""

    slots: tuple[Slot, ...] = ()

    def __str__(self) -> str:
        if len(self.slots) == 1:
            return rate_text(self.slots[0].rate)
        return " ".join(map(str, self.slots))

    @property
    def slowest(self) -> float | None:
        """The lowest rate that is ever in force, None when there is never a limit."""
        return min((slot.rate for slot in self.slots if slot.rate is not None), default=None)

    def rate_at(self, local: datetime) -> float | None:
        """Bytes per second at this moment of the clock on the wall, None without limit."""
        if not self._week:
            return None
        minute = local.weekday() * DAY_MINUTES + local.hour * 60 + local.minute
        return self._week[bisect_right(self._starts, minute) - 1][1]

    @cached_property
    def _week(self) -> list[tuple[int, float | None]]:
        """Each minute of the week at which a slot begins; what names a day goes before what does not."""
        begins: dict[int, float | None] = {}
        for slot in sorted(self.slots, key=lambda slot: slot.day is not None):
            days = range(len(DAYS)) if slot.day is None else [slot.day]
            begins |= {day * DAY_MINUTES + slot.minute: slot.rate for day in days}
        return sorted(begins.items(), key=lambda begin: begin[0])

    @cached_property
    def _starts(self) -> list[int]:
        return [minute for minute, _ in self._week]


def rate_text(rate: float | None) -> str:
    """The rate as ``read_rate`` reads it: ``10M``, ``1.5k``, ``off``."""
    if rate is None:
        return "off"
    unit = next((unit for unit in "GM" if rate >= UNITS[unit]), "k")
    return repr(rate / UNITS[unit]).removesuffix(".0") + unit


def read_rate(text: str) -> float | None:
    """Bytes per second, None for ``off``; raises ValueError with a reason that does not repeat the text."""
    if text.lower() == "off":
        return None
    found = _RATE.fullmatch(text)
    if found is None:
        raise ValueError("the rate is neither off nor a number with k, M or G")
    unit = found[2].lower() if found[2] in "kK" else found[2].upper()
    rate = float(found[1]) * UNITS[unit]
    if rate < SLOWEST:
        raise ValueError(f"the rate is below {rate_text(SLOWEST)}")
    return rate


def read_timetable(text: str) -> Timetable:
    """One rate, or entries such as ``08:00,5M`` and ``Mon-08:00,5M`` with spaces between them.

    Raises ValueError with what is wrong with each entry; it does not repeat the text.
    """
    words = text.split()
    if len(words) == 1 and "," not in text:
        return Timetable((Slot(read_rate(words[0])),))
    slots: list[Slot] = []
    wrong: list[str] = []
    for number, word in enumerate(words, 1):
        try:
            slots.append(_read_entry(word, slots))
        except ValueError as error:
            wrong.append(f"in entry {number} {error}")
    if wrong:
        raise ValueError(", ".join(wrong))
    return Timetable(tuple(slots))


def _read_entry(word: str, before: list[Slot]) -> Slot:
    found = _ENTRY.fullmatch(word)
    if found is None:
        raise ValueError("there is no time, comma and rate")
    hour, minute = int(found[2]), int(found[3])
    if hour > 23 or minute > 59:  # noqa: PLR2004  # the clock's own numbers
        raise ValueError("the time is not from 00:00 to 23:59")
    slot = Slot(read_rate(found[4]), hour * 60 + minute, _read_day(found[1]))
    if any((slot.minute, slot.day) == (other.minute, other.day) for other in before):
        raise ValueError("the time is that of an earlier one")
    return slot


def _read_day(name: str | None) -> int | None:
    if name is None:
        return None
    if name.title() not in DAYS:
        raise ValueError(f"the day is none of {' '.join(DAYS)}")
    return DAYS.index(name.title())
