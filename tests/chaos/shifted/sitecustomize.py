"""Shifts what a Python process takes for the time, by the seconds that a file holds.

It stands first on PYTHONPATH of processes whose clock a test sets; the file, named by CHAOS_CLOCK, is one
double, mapped into memory so that a change is seen at once. Clocks that only measure are left alone,
as they are when an administrator or NTP sets a machine's clock.
"""  # noqa: INP001  # Python finds it by its name, in no package

import datetime as dt
import mmap
import os
import struct
import time
from pathlib import Path
from typing import Any

_Moment = dt.datetime
_real_time, _real_time_ns = time.time, time.time_ns


class _TakesAll(type):
    """Every datetime counts as one of the class that stands in for it."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _Moment)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, _Moment)


def _shift(path: Path) -> None:
    with path.open("r+b") as file:
        held = mmap.mmap(file.fileno(), 8)

    def now() -> float:
        return _real_time() + float(struct.unpack_from("<d", held)[0])

    class Shifted(dt.datetime, metaclass=_TakesAll):
        """Makes datetimes of the plain kind, which no library can tell from others."""

        def __new__(cls, *args: Any, **kwargs: Any) -> Any:  # none of this class ever exists
            return _Moment(*args, **kwargs)

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return _Moment.fromtimestamp(now(), tz)

        @classmethod
        def utcnow(cls) -> Any:
            return _Moment.fromtimestamp(now(), dt.UTC).replace(tzinfo=None)

        @classmethod
        def today(cls) -> Any:
            return _Moment.fromtimestamp(now(), None)

    for module, name, value in (
        (dt, "datetime", Shifted),
        (time, "time", now),
        (time, "time_ns", lambda: int(now() * 1e9)),
    ):
        setattr(module, name, value)


if os.environ.get("CHAOS_CLOCK"):
    _shift(Path(os.environ["CHAOS_CLOCK"]))
