"""Fetching a file's bytes back from its Target: what may come of it, when it is due, what it may cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from syncer.core.model import DistributionFile

HOUR, DAY = 3600.0, 86400.0
#: A file is due again when this part of the time within which all are checked has passed: the rest is for
#: days off, and for files that had to wait for the day's budget.
DUE_AFTER = 0.75


class CheckResult(StrEnum):
    """What came of it; ``put_off`` says that nothing was found out."""

    SAME = "same"
    DIFFERS = "differs"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    PUT_OFF = "put_off"


#: What takes the green away from a Mapping: the Target does not serve what it says.
SPOILT = frozenset({CheckResult.DIFFERS, CheckResult.MISSING, CheckResult.UNREADABLE})
#: Seconds until such a file is fetched again, as somebody may have mended it. Other bytes cost as much as
#: right ones each time.
AGAIN = {
    CheckResult.DIFFERS: 6 * HOUR,
    CheckResult.MISSING: 600.0,
    CheckResult.UNREADABLE: 600.0,
    CheckResult.PUT_OFF: HOUR,
}


@dataclass(frozen=True, slots=True)
class Check:
    """A file that is due: ``before`` is what came of it the last time, None when there was none."""

    mapping: str
    decision_id: int
    file: DistributionFile
    before: CheckResult | None = None
    found_before: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one Check; ``size`` is in bytes, and ``detail`` says what a person has to know."""

    result: CheckResult
    found_sha256: str = ""
    size: int | None = None
    detail: str = ""

    def changes(self, check: Check) -> bool:
        """Whether the planner has to hear of it: a file is spoilt, is so in another way, or is so no more."""
        if self.result is CheckResult.PUT_OFF:
            return False
        now, before = self.result in SPOILT, check.before in SPOILT
        return now != before or (now and self.found_sha256 != check.found_before)


@dataclass(frozen=True, slots=True)
class Spent:
    """Bytes that were fetched back in the last hour and in the last day."""

    hour: int = 0
    day: int = 0

    def plus(self, size: int) -> Spent:
        """The same and one more file."""
        return Spent(self.hour + size, self.day + size)

    def allows(self, per_day: int, size: int = 0) -> bool:
        """Whether a file of that many bytes may be fetched now: the day's budget is spread over its hours.

        One file that is larger than the whole budget may pass once a day.
        """
        return self.hour < per_day / 24 and (self.day + size <= per_day or self.day == 0)


@dataclass(frozen=True, slots=True)
class Extent:
    """How much there is to check: ``files`` at the Target, of which ``checked`` have ``size`` bytes."""

    files: int
    checked: int
    size: int

    @property
    def estimate(self) -> float:
        """Bytes of all files, if the others are as large as those that were checked."""
        return self.size * max(1.0, self.files / self.checked) if self.checked else 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is.

    Of ``files`` at the Target, ``checked`` were read back with the right bytes within ``window`` seconds, the
    ``oldest`` of all checks at that time, and ``today`` of them within a day. ``through_at`` is when the
    others will have been read at this pace, None when there are none or no pace.
    """

    window: float
    files: int
    checked: int
    today: int = 0
    oldest: datetime | None = None
    through_at: datetime | None = None
    differs: int = 0
    missing: int = 0
    unreadable: int = 0

    @property
    def spoilt(self) -> int:
        """Files of which the Target does not serve what it says."""
        return self.differs + self.missing + self.unreadable


def through_at(left: int, today: int, since: datetime | None, now: datetime) -> datetime | None:
    """When ``left`` files will have been read, as ``today`` were read since then, within a day."""
    if left <= 0 or today <= 0 or since is None:
        return None
    elapsed = max(60.0, (now - since).total_seconds())
    # A date beyond all calendars is none.
    seconds = left * elapsed / today
    return now + timedelta(seconds=seconds) if seconds < 1000 * 365 * DAY else None
