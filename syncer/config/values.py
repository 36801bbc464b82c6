"""Turns the text of one option into its value, or says why it is none."""

from __future__ import annotations

import math
import re
import stat
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from syncer.config.report import shown
from syncer.config.schema import MAX_TEXT, Entry, Kind, Option
from syncer.core.timetable import Timetable, read_timetable

Value = str | bool | int | float | tuple[str, ...] | Path | Timetable | tzinfo

_WORDS = {
    **dict.fromkeys(("1", "yes", "true", "on"), True),
    **dict.fromkeys(("0", "no", "false", "off"), False),
}
_MAX_PORT = 65535
_SIZE = re.compile(r"(\d{1,12}) ?([kKmMgGtT]?)i?[bB]?", re.ASCII)
_UNITS: dict[str, int] = {unit: 1024**power for power, unit in enumerate(("", "k", "m", "g", "t"))}


class Wrong(Exception):
    """A text is not what its option takes; reason and fix hold no secret."""

    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(reason, fix)
        self.reason = reason
        self.fix = fix


def parse(option: Option, entry: Entry, environ: Mapping[str, str]) -> Value:
    """The value of an option's text; raises Wrong."""
    if option.kind is not Kind.LIST and not is_one_line(entry.text):
        raise Wrong(
            "the value goes over several lines or has a control character",
            "write it in one line; an indented line below an option belongs to its value",
        )
    return _PARSERS[option.kind](option, entry, environ)


def is_one_line(text: str) -> bool:
    """Whether a text has no line break, control character or half of a surrogate pair."""
    return not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in text)


def check_url(text: str, schemes: tuple[str, ...]) -> SplitResult:
    """The parts of a URL with one of the schemes; raises Wrong, never with the URL in it."""
    fix = f"write {schemes[0]}://…, or another of {', '.join(schemes)}" if len(schemes) > 1 else ""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise Wrong("it is no URL: host or port cannot be read", fix) from None
    if parts.scheme not in schemes or "://" not in text:
        raise Wrong("it is no URL of a scheme that can be used here", fix)
    if any(char.isspace() for char in text) or port == 0:
        raise Wrong("it is no URL: a space, or port 0", fix)
    return parts


def _url(option: Option, entry: Entry, _environ: Mapping[str, str]) -> str:
    parts = check_url(entry.text, option.schemes)
    if not parts.hostname:
        raise Wrong("the URL names no host", "write https://host or https://host/path")
    if "@" in parts.netloc:
        raise Wrong("the URL holds credentials", "give them by the options for user name, password and token")
    if "?" in entry.text or "#" in entry.text:
        raise Wrong("the URL has a query or a fragment", "write only https://host/path")
    return entry.text.rstrip("/")


def _text(option: Option, entry: Entry, _environ: Mapping[str, str]) -> str:
    return _shaped(option, entry.text)


def _shaped(option: Option, text: str) -> str:
    if len(text) > MAX_TEXT:
        raise Wrong("the text is too long", f"use at most {MAX_TEXT} characters")
    if option.pattern and not re.fullmatch(option.pattern, text):
        raise Wrong(f"{shown(text)} is not {option.shape}", f"write {option.shape}")
    return text


def _list(option: Option, entry: Entry, _environ: Mapping[str, str]) -> tuple[str, ...]:
    items = tuple(item.strip() for item in re.split(r"[,\n]", entry.text) if item.strip())
    if not items:
        raise Wrong("the list has commas but no item", "name at least one, or remove the option")
    return tuple(_shaped(option, item) for item in items)


def _timetable(_option: Option, entry: Entry, _environ: Mapping[str, str]) -> Timetable:
    try:
        return read_timetable(entry.text)
    except ValueError as error:
        fix = "write a rate such as 10M, or times with rates such as 08:00,5M Fri-18:00,off"
        raise Wrong(str(error), fix) from None


def _zone(_option: Option, entry: Entry, _environ: Mapping[str, str]) -> tzinfo:
    """UTC is known on machines without a database of time zones too."""
    try:
        return UTC if entry.text == "UTC" else ZoneInfo(entry.text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        reason = f"{shown(entry.text)} is no time zone that this machine knows"
        raise Wrong(reason, "write UTC or a name such as Europe/Berlin; tzdata has them all") from None


def _switch(_option: Option, entry: Entry, _environ: Mapping[str, str]) -> bool:
    if entry.text.lower() not in _WORDS:
        raise Wrong(f"{shown(entry.text)} is neither true nor false", "write true or false")
    return _WORDS[entry.text.lower()]


def _verify(_option: Option, entry: Entry, environ: Mapping[str, str]) -> bool | str:
    if entry.text.lower() in _WORDS:
        return _WORDS[entry.text.lower()]
    path = absolute(entry, environ)
    if _mode(path) is None:
        reason = f"{shown(entry.text)} is neither true, false nor an existing path"
        raise Wrong(reason, "write true, false, or the path of a CA bundle")
    return str(path)


def _count(option: Option, entry: Entry, _environ: Mapping[str, str]) -> int:
    try:
        number = int(entry.text)
    except ValueError:
        raise Wrong(
            f"{shown(entry.text)} is no whole number", f"write a number such as {_some(option)}"
        ) from None
    _within(option, number)
    return number


def _size(option: Option, entry: Entry, _environ: Mapping[str, str]) -> int:
    found = _SIZE.fullmatch(entry.text)
    if found is None:
        raise Wrong(f"{shown(entry.text)} is no size", f"write bytes, or a number such as {option.default}")
    size = int(found[1]) * _UNITS[found[2].lower()]
    _within(option, size)
    return size


def _number(option: Option, entry: Entry, _environ: Mapping[str, str]) -> float:
    try:
        number = float(entry.text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Wrong(f"{shown(entry.text)} is no number", f"write a number such as {_some(option)}")
    _within(option, number)
    return number


def _some(option: Option) -> str:
    return option.default if option.default[:1].isdigit() else f"{option.minimum or 1:g}"


def _within(option: Option, number: float) -> None:
    if option.minimum is not None and number < option.minimum:
        raise Wrong(f"the number is below {option.minimum:.15g}", f"write {option.minimum:.15g} or more")
    if option.maximum is not None and number > option.maximum:
        raise Wrong(f"the number is above {option.maximum:.15g}", f"write {option.maximum:.15g} or less")


def _path(_option: Option, entry: Entry, environ: Mapping[str, str]) -> Path:
    path = absolute(entry, environ)
    mode = _mode(path)
    if mode is not None and not stat.S_ISDIR(mode):
        raise Wrong("there is a file of this name", "name a directory; it is made when it is missing")
    return path


def _key(_option: Option, entry: Entry, environ: Mapping[str, str]) -> Path:
    """What is in the file is read by whoever signs, and by nobody else."""
    path = absolute(entry, environ)
    mode = _mode(path)
    if mode is not None and stat.S_ISDIR(mode):
        raise Wrong("there is a directory of this name", "name the file of the private key")
    return path


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except (OSError, ValueError):
        return None


def absolute(entry: Entry, environ: Mapping[str, str]) -> Path:
    """The path a text names; a relative one starts beside its file, ``~`` is the home directory."""
    text = entry.text
    if text == "~" or text.startswith("~/"):
        text = str(home(environ)) + text[1:]
    return entry.base / text


def home(environ: Mapping[str, str]) -> Path:
    """The user's home directory; raises Wrong for a user who has none, as in some containers."""
    try:
        return Path(environ.get("HOME") or Path.home())
    except RuntimeError:
        raise Wrong(
            "the home directory of this user is not known", "set HOME, or write a full path"
        ) from None


_PARSERS: dict[Kind, Callable[[Option, Entry, Mapping[str, str]], Value]] = {
    Kind.TEXT: _text,
    Kind.URL: _url,
    Kind.SWITCH: _switch,
    Kind.VERIFY: _verify,
    Kind.NUMBER: _number,
    Kind.COUNT: _count,
    Kind.SIZE: _size,
    Kind.LIST: _list,
    Kind.TIMETABLE: _timetable,
    Kind.ZONE: _zone,
    Kind.PATH: _path,
    Kind.KEY: _key,
}
