"""Fetch what both sides hold under one name, and compare it member by member."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from syncer.core.errors import FileRefused, SyncerError
from syncer.core.members import Members, MembersDiff, diff
from syncer.core.metadata import CoreMetadata
from syncer.core.model import DistributionFile, Mapping
from syncer.usecases.bandwidth import metered
from syncer.usecases.circuit import asking
from syncer.usecases.services import Services

log = logging.getLogger(__name__)

#: Reads the members of the archive at a path, whose real name is the second; raises NotADistribution.
ReadMembers = Callable[[Path, str], Members]
Opened = AbstractContextManager[Iterator[bytes]]

#: Bytes; files that are larger are not compared.
LARGEST = 512 * 2**20
#: Fields that every comparison shows first, where a side has them.
FIRST = ("name", "version", "summary", "requires_python", "requires_dist")


@dataclass(frozen=True, slots=True)
class Side:
    """What one side holds: the digest that it names, and that of the bytes that came.

    ``problem`` says why something of it is not known.
    """

    sha256: str = ""
    served_sha256: str = ""
    size: int | None = None
    requires_python: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the core metadata, as each side's file has it."""

    name: str
    source: str
    target: str

    @property
    def differs(self) -> bool:
        """Whether the two say something else."""
        return self.source != self.target


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both sides of one name as they are now; ``members`` is None where one archive could not be read."""

    source: Side
    target: Side
    fields: tuple[Field, ...] = ()
    members: MembersDiff | None = None

    @property
    def is_whole(self) -> bool:
        """Whether everything of both sides was read."""
        return not (self.source.problem or self.target.problem) and self.members is not None


@dataclass(frozen=True, slots=True)
class _Read:
    """One side's file on disk, read."""

    side: Side
    metadata: CoreMetadata | None = None
    members: Members | None = None


def compare_contents(
    services: Services, read_members: ReadMembers, mapping: str, file: DistributionFile
) -> Comparison:
    """What both sides hold under the file's name now; ``file`` is the Source's, with its locator.

    What cannot be read is told in the Side; nothing is written anywhere but to a private directory that is
    gone afterwards.
    """
    rule = services.mapping(mapping)
    with TemporaryDirectory(prefix="syncer-compare-") as folder:
        source = _source(services, rule, file, Path(folder) / "source", read_members)
        target = _target(services, rule, file, Path(folder) / "target", read_members)
    both = source.members is not None and target.members is not None
    return Comparison(
        source.side,
        target.side,
        tuple(_fields(source.metadata, target.metadata)),
        diff(source.members or {}, target.members or {}) if both else None,
    )


def _source(
    services: Services, mapping: Mapping, file: DistributionFile, path: Path, read: ReadMembers
) -> _Read:
    side = Side(file.sha256, requires_python=file.requires_python)
    try:
        with asking(services, str(mapping.source), mapping.source.url):
            side = _received(services, services.source_of(mapping).fetch(file), path, side)
    except SyncerError as error:
        return _Read(replace(side, problem=str(error)))
    return _opened(services, side, path, file.filename, read)


def _target(
    services: Services, mapping: Mapping, file: DistributionFile, path: Path, read: ReadMembers
) -> _Read:
    target, side = services.target_of(mapping), Side()
    try:
        with asking(services, mapping.target.url):
            held = target.list([file.project]).by_key().get(file.key)
            if held is None:
                return _Read(Side(problem="The target holds no file of this name now."))
            side = Side(held.sha256, requires_python=held.requires_python)
            side = _received(services, target.fetch(held), path, side)
    except SyncerError as error:
        return _Read(replace(side, problem=str(error)))
    return _opened(services, side, path, file.filename, read)


def _received(services: Services, opened: Opened, path: Path, side: Side) -> Side:
    digest, size = hashlib.sha256(), 0
    with opened as chunks, path.open("wb") as file:
        for chunk in metered(chunks, services.spending()):
            size += len(chunk)
            if size > LARGEST:
                return replace(
                    side, problem=f"It is larger than {LARGEST // 2**20} MiB, so it is not compared."
                )
            digest.update(chunk)
            file.write(chunk)
    return replace(side, served_sha256=digest.hexdigest(), size=size)


def _opened(services: Services, side: Side, path: Path, filename: str, read: ReadMembers) -> _Read:
    if side.problem:
        return _Read(side)
    metadata, problem = None, ""
    try:
        metadata = services.inspect(path, filename)
    except FileRefused as error:
        problem = str(error)
    try:
        return _Read(replace(side, problem=problem), metadata, read(path, filename))
    except FileRefused as error:
        return _Read(replace(side, problem=problem or str(error)), metadata)


def _fields(source: CoreMetadata | None, target: CoreMetadata | None) -> Iterator[Field]:
    """Every field that one of both has: the most telling first, then by name."""
    ours, theirs = _by_name(source), _by_name(target)
    rest = sorted((ours.keys() | theirs.keys()) - {*FIRST})
    for name in (*FIRST, *rest):
        if name in ours or name in theirs:
            yield Field(name, ours.get(name, ""), theirs.get(name, ""))


def _by_name(metadata: CoreMetadata | None) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for name, value in metadata.form if metadata else ():
        found.setdefault(name, []).append(value)
    found.pop("provides_extras", None)  # devpi's spelling of provides_extra
    return {name: ", ".join(values) for name, values in found.items()}
