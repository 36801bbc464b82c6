"""Gitea's own rules for names and versions, which are not those of PEP 503 and PEP 440."""

import re

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_VERSION = re.compile(
    r"v?"
    r"(?:[0-9]+!)?"
    r"[0-9]+(?:\.[0-9]+)*"
    r"(?:[-_.]?(?:alpha|a|beta|b|preview|pre|c|rc)[-_.]?[0-9]*)?"
    r"(?:-[0-9]+|[-_.]?(?:post|rev|r)[-_.]?[0-9]*)?"
    r"(?:[-_.]?dev[-_.]?[0-9]*)?"
    r"(?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?"
)


def stored_name(name: str) -> str:
    """Each `.` and `_` becomes one `-`; runs are not collapsed and the case is kept."""
    return name.replace(".", "-").replace("_", "-")


def is_valid(name: str, version: str) -> bool:
    """Whether an upload of this stored name and version is accepted (lower-case versions only)."""
    return bool(_NAME.fullmatch(name) and _VERSION.fullmatch(version))


def stored_filename(filename: str) -> str:
    """Directories in front of a file name are cut off; nothing else is checked."""
    return filename.replace("\\", "/").rsplit("/", 1)[-1]
