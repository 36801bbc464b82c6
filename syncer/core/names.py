"""What a file name says: kind, project and version, or why it names no distribution."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from syncer.core.model import FileKind

#: devpi 6.20 takes these, and pip installs them; ``.egg`` is taken but no installer uses it.
SUFFIXES = {
    ".whl": FileKind.WHEEL,
    ".tar.gz": FileKind.SDIST,
    ".zip": FileKind.SDIST,
    ".tgz": FileKind.SDIST,
    ".tar.bz2": FileKind.SDIST,
}
#: The longest name that every common file system and devpi can hold, in UTF-8 bytes.
MAX_FILENAME_BYTES = 255
#: A wheel's name stands for every combination of its tags (PEP 425), and the strict parser makes them all.
MAX_TAGS = 1000


@dataclass(frozen=True, slots=True)
class FileName:
    """What can be told from the name alone; ``project`` is empty when the name does not say."""

    kind: FileKind | None
    project: str = ""
    version: str = ""
    refusal: str = ""


def suffix_of(filename: str) -> str:
    """The distribution suffix of a file name, empty when it has none."""
    return next((suffix for suffix in SUFFIXES if filename.lower().endswith(suffix)), "")


def read_filename(filename: str) -> FileName:
    """Parse a file name; a name that the strict parsers refuse still has its kind.

    ``dou__ble-1.0-py3-none-any.whl`` is refused by packaging yet taken by Gitea, devpi and pip: the
    archive's own metadata decides later.
    """
    refusal = _unusable(filename)
    if refusal:
        return FileName(None, refusal=refusal)
    suffix = suffix_of(filename)
    kind = SUFFIXES[suffix]
    try:
        if kind is FileKind.WHEEL:
            if _tags(filename) > MAX_TAGS:
                return FileName(kind)
            wheel = parse_wheel_filename(filename)
            return FileName(kind, str(wheel[0]), filename.split("-")[1])
        return _sdist(filename, suffix)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return FileName(kind)


def _tags(wheel: str) -> int:
    return prod(tag_set.count(".") + 1 for tag_set in wheel[: -len(".whl")].split("-")[-3:])


def _sdist(filename: str, suffix: str) -> FileName:
    stem = filename[: -len(suffix)]
    project, _ = parse_sdist_filename(f"{stem}.tar.gz")
    name, _, version = stem.rpartition("-")
    if any(is_version(part) for part in name.split("-")[1:]):
        return FileName(FileKind.SDIST)  # 1.0-1 is a version, and project-2 a project: the name does not say
    return FileName(FileKind.SDIST, str(project), version)


def is_version(text: str) -> bool:
    """Whether the text is a PEP 440 version."""
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _unusable(filename: str) -> str:
    if not suffix_of(filename):
        return "it is neither a wheel nor an sdist by its name"
    if len(filename.encode("utf-8", "surrogatepass")) > MAX_FILENAME_BYTES:
        return f"its name is longer than {MAX_FILENAME_BYTES} bytes"
    if any(not char.isprintable() or char in "/\\" for char in filename):
        return "its name has a control character or a path separator"
    return ""


def belongs_elsewhere(filename: str, project: str) -> str:
    """The other project that the name clearly names, empty when it agrees or does not say."""
    named = read_filename(filename).project
    return named if named and named != canonicalize_name(project) else ""
