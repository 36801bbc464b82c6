"""One file of one mapping, as a person names it."""

from __future__ import annotations

from dataclasses import dataclass

from packaging.utils import canonicalize_name

from syncer.cli.selection import select
from syncer.config import Settings


@dataclass(frozen=True, slots=True)
class FileName:
    """A file of a Mapping; an empty project means whichever has a file of that name."""

    mapping: str
    project: str
    filename: str


def named(settings: Settings, mapping: str, file: str) -> FileName:
    """``file`` is a file name, or project/file name; raises UsageError for an unknown mapping."""
    select(settings, (), (mapping,), ())
    project, _, filename = file.rpartition("/")
    return FileName(mapping, canonicalize_name(project) if project else "", filename)
