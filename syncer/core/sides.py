"""Both sides of a Mapping as they were read at one moment, for the comparison of each file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from syncer.core.known import Key
from syncer.core.model import DistributionFile, Listing, Selection
from syncer.core.plan import USUAL, Terms


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the target says of one project.

    ``files`` are its own by the releases that list them, with the Requires-Python of each release;
    ``page`` are its own on the page that installers read, ``inherited`` those of bases there. ``error``
    says why it could not be read. The ``locator`` of a file is where the target serves it.
    """

    files: tuple[DistributionFile, ...] = ()
    page: tuple[DistributionFile, ...] = ()
    inherited: tuple[DistributionFile, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Served:
    """What came when a file's bytes were fetched from the target: a digest, nothing, or an error."""

    sha256: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides at one moment, and what is known beside; a side that could not be read is None.

    ``requires_python`` is what files state themselves, by sha256, as far as they were opened. ``brought``
    are files (project, file name, sha256) that this Mapping once wrote to the target. ``served`` is what
    the target's own files were found to be, where they were fetched.
    """

    source: Listing | None
    shelves: Mapping[str, Shelf] | None
    selection: Selection = field(default_factory=Selection)
    terms: Terms = USUAL
    requires_python: Mapping[str, str] = field(default_factory=dict)
    brought: frozenset[tuple[str, str, str]] = frozenset()
    served: Mapping[Key, Served] = field(default_factory=dict)

    def own(self) -> dict[Key, DistributionFile]:
        """The target's own files by the releases that list them."""
        return by_key(file for shelf in (self.shelves or {}).values() for file in shelf.files)

    def page(self) -> dict[Key, DistributionFile]:
        """The target's own files on the pages that installers read."""
        return by_key(file for shelf in (self.shelves or {}).values() for file in shelf.page)


def only_there(sides: Sides) -> tuple[DistributionFile, ...]:
    """The target's own files that the source does not list."""
    known = by_key(sides.source.files) if sides.source else {}
    return tuple(file for key, file in sides.own().items() if key not in known)


def by_key(files: Iterable[DistributionFile]) -> dict[Key, DistributionFile]:
    """File by key; of two files with one key the first stands."""
    found: dict[Key, DistributionFile] = {}
    for file in files:
        found.setdefault(file.key, file)
    return found
