"""Texts for people: times, sizes, and names that may have been chosen to deceive."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

from markupsafe import Markup, escape

_KEPT = "\n\t"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
#: The largest count that is shown in the smaller unit.
_UNITS = ((2 * _MINUTE, 1, "s"), (2 * _HOUR, _MINUTE, "min"), (2 * _DAY, _HOUR, "h"))
_KIB = 1024


def visible(value: object) -> object:
    """The text with every control and direction character written out, so that none can mislead.

    ``gpj.exe`` written backwards, or a line break in a name, is seen as what it is.
    """
    if not isinstance(value, str) or hasattr(value, "__html__") or value.isprintable():
        return value
    return "".join(_shown(char) for char in value)


def _shown(char: str) -> str:
    harmless = char in _KEPT or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    return char if harmless else f"\\u{ord(char):04x}"


def prose(value: str) -> Markup:
    """The text as HTML, with what stands between backticks set as code."""
    parts = str(visible(value)).split("`")
    if len(parts) % 2 == 0:  # a backtick without its partner is only a character
        return escape("`".join(parts))
    pieces = (
        Markup("<code>{}</code>").format(part) if odd % 2 else escape(part) for odd, part in enumerate(parts)
    )
    return Markup().join(pieces)


def duration(seconds: float) -> str:
    """A time span in one unit, such as ``90 s`` or ``5 min``."""
    for limit, size, unit in _UNITS:
        if seconds < limit:
            return f"{int(seconds / size)} {unit}"
    return f"{int(seconds / _DAY)} d"


def relative(moment: datetime, now: datetime) -> str:
    """``5 min ago``, ``in 3 s`` or ``now``."""
    seconds = (now - moment).total_seconds()
    if abs(seconds) < 1:
        return "now"
    return f"{duration(seconds)} ago" if seconds > 0 else f"in {duration(-seconds)}"


def absolute(moment: datetime) -> str:
    """The moment in UTC, to the second."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def size(number: int | None) -> str:
    """Bytes in binary units; empty when unknown."""
    if number is None:
        return ""
    amount = float(number)
    for unit in ("B", "KiB", "MiB"):
        if amount < _KIB:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= _KIB
    return f"{amount:.1f} GiB"


def numbered(number: int, word: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
