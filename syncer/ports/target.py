"""Where files go."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from syncer.core.metadata import CoreMetadata
from syncer.core.model import DistributionFile, Listing


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """What the target says of itself; ``volatile`` means that files may be replaced."""

    volatile: bool
    bases: tuple[str, ...] = ()


class Target(Protocol):
    """One index on one server."""

    def probe(self) -> TargetFacts:
        """Ask the index for its configuration. Raises Retryable or MappingBroken."""
        ...

    def list(self, projects: Collection[str]) -> Listing:
        """The index's own files (nothing inherited) of the named projects, each asked at most once."""
        ...

    def upload(self, file: DistributionFile, path: Path, metadata: CoreMetadata) -> str:
        """The target has accepted the bytes; returns its answer in one line.

        Raises ContentConflict, UploadRejected, Retryable or MappingBroken.
        """
        ...

    def read_back(self, project: str) -> Listing:
        """The project's own files as an installer sees them: sha256 and requires-python."""
        ...
