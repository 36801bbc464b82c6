"""Where files go."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from syncer.core.metadata import CoreMetadata
from syncer.core.model import DistributionFile, Listing
from syncer.core.sides import Shelf

#: Is told how many bytes have passed, and returns when the next ones may.
Spend = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """What the target says of itself; ``volatile`` means that files may be replaced.

    As long as ``state`` stays the same, nothing at all has changed there; it is empty when the server does
    not tell.
    """

    volatile: bool
    bases: tuple[str, ...] = ()
    state: str = ""


@dataclass(frozen=True, slots=True)
class Inheritance:
    """What installers get through the target besides its own files.

    ``mirrors`` are the bases, direct or not, that pass on what strangers publish. Theirs is hidden where
    the target has a project of that name itself, but for ``opened``: pairs of the index that says so and
    the project, or ``*`` for all.
    """

    mirrors: tuple[str, ...] = ()
    opened: tuple[tuple[str, str], ...] = ()

    def opens(self, project: str) -> bool:
        """Whether the mirrors' files of the project stand beside the target's own."""
        return any(entry in ("*", project) for _, entry in self.opened)


class Target(Protocol):
    """One index on one server."""

    def probe(self) -> TargetFacts:
        """Ask the index for its configuration. Raises Retryable or MappingBroken."""
        ...

    def inheritance(self) -> Inheritance:
        """What its bases are and let through; a few requests. Raises Retryable or MappingBroken."""
        ...

    def mirrored(self, mirror: str, project: str) -> bool:
        """Whether a mirror of the Inheritance has a project of that name; it may have to ask its upstream.

        Raises Retryable or MappingBroken. A mirror whose upstream is away may deny what it would have.
        """
        ...

    def list(self, projects: Collection[str]) -> Listing:
        """The index's own files (nothing inherited) of the named projects, each asked at most once."""
        ...

    def upload(
        self, file: DistributionFile, path: Path, metadata: CoreMetadata, spend: Spend | None = None
    ) -> str:
        """The target has accepted the bytes; returns its answer in one line.

        ``spend`` is told of the file's bytes as they are sent; what it raises ends the upload. Raises
        ContentConflict, UploadRejected, Retryable or MappingBroken.
        """
        ...

    def fetch(self, file: DistributionFile) -> AbstractContextManager[Iterator[bytes]]:
        """Open the bytes that the target itself serves for the file, as chunks; nothing is checked.

        Raises FileGone, Retryable or MappingBroken, on opening and while chunks are read.
        """
        ...

    def withdraw(self, file: DistributionFile) -> str:
        """The target no longer has the file with exactly these bytes; its answer in one line.

        Other bytes under the name are left alone. Raises FileGone where it has no such bytes, FileRefused
        where it removes no files, Retryable or MappingBroken.
        """
        ...

    def push(self, project: str, version: str, index: str) -> str:
        """Another index of the same server holds the release as this one does, bases aside; the answer.

        All of its files are copied at once. Raises FileRefused when the server does not do that, Retryable
        or MappingBroken.
        """
        ...

    def survey(self, projects: Collection[str], *, alone: bool = False) -> dict[str, Shelf]:
        """What the target says of these projects, and of all others of its own unless ``alone``.

        Raises Retryable or MappingBroken; a single project that could not be read says so itself.
        """
        ...

    def refresh(self, project: str, metadata: CoreMetadata | None) -> str:
        """What the target says of the project is what its releases say, and of one what the metadata says.

        No byte is touched. Returns what was done, in one line.

        Raises FileRefused, Retryable or MappingBroken.
        """
        ...

    def read_back(self, project: str) -> Listing:
        """The project's own files as an installer sees them: sha256 and requires-python."""
        ...
