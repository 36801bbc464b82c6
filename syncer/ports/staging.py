"""Where bytes wait between download and upload; private to one host."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from syncer.core.metadata import CoreMetadata


class Staging(Protocol):
    """Blobs by sha256; a blob that is present is whole and has that digest."""

    def find(self, sha256: str) -> Path | None:
        """The blob's file, None when this host does not have it."""
        ...

    def store(self, sha256: str, chunks: Iterable[bytes]) -> Path:
        """The blob is present, verified while streaming; raises DigestMismatch and leaves nothing."""
        ...

    def discard(self, sha256: str) -> None:
        """The blob is absent."""
        ...

    def keep_only(self, needed: frozenset[str], older_than: float) -> int:
        """Blobs and partial files older than that many seconds and not needed are gone; their number."""
        ...


#: Opens an archive under its real file name and reads its core metadata; raises NotADistribution.
Inspect = Callable[[Path, str], CoreMetadata]
