"""Finds the configuration file and reads its text."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from syncer.config.report import Report
from syncer.config.schema import Place, Rank, printable

POINTER = "SYNCER_CONFIG"
FILE_NAMES = ("syncer.conf", "devpi-gitea-sync.conf")
MAX_BYTES = 1024 * 1024
MAX_SECRET_BYTES = 64 * 1024
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Found:
    """A configuration file: where it is, and how messages call it."""

    path: Path
    label: str


def find(path: Path | None, environ: Mapping[str, str], cwd: Path) -> Found | None:
    """The file to read: the one given, then ``$SYNCER_CONFIG``, then the usual names; None without any.

    A file that is named is returned whether it exists or not.
    """
    named = str(path) if path is not None else environ.get(POINTER, "")
    if named:
        return Found(cwd / named, printable(named))
    return next((Found(cwd / name, name) for name in FILE_NAMES if os.path.lexists(cwd / name)), None)


def read_text(found: Found, report: Report) -> str | None:
    """The file's text, or None when there is nothing to read on with; every reason is reported."""
    place = Place(Rank.FILE, found.label)
    try:
        content, mode = read_limited(found.path, MAX_BYTES)
    except (OSError, ValueError) as error:
        reason = reason_of(error)
        report.mistake(place, f"the configuration file cannot be read: {reason}", _advice(error))
        return None
    if os.name == "posix" and mode & _OTHERS:
        report.mistake(
            place,
            "the file may hold secrets and is open to its group or to others",
            f"chmod 600 {found.label}",
        )
    return _decoded(content, place, report)


def _advice(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "name an existing file, or write one with: syncer init"
    return "name a file that this user may read"


def reason_of(error: OSError | ValueError) -> str:
    """Why a file cannot be read, without its name."""
    reason = error.strerror if isinstance(error, OSError) else None
    return reason or "the system does not take the name"


def read_limited(path: Path, limit: int) -> tuple[bytes, int]:
    """At most ``limit + 1`` bytes of a regular file, and its mode; OSError says why not.

    Opened without blocking, so that a named pipe does not hold the program up.
    """
    with open(path, "rb", opener=_open_at_once) as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise OSError(0, "it is no regular file")
        return file.read(limit + 1), mode


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _decoded(content: bytes, place: Place, report: Report) -> str | None:
    if len(content) > MAX_BYTES:
        report.mistake(place, "the file is larger than 1 MiB", "name the configuration file")
        return None
    if b"\0" in content:
        at = _at_line(place, content, content.index(b"\0"))
        report.mistake(at, "there is a NUL byte here", "save the file as UTF-8 text")
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = _at_line(place, content, error.start)
        report.mistake(at, "this line is not UTF-8", "save the file as UTF-8 text")
        return None


def _at_line(place: Place, content: bytes, offset: int) -> Place:
    return Place(place.rank, place.source, content.count(b"\n", 0, offset) + 1)
