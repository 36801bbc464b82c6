"""Where files come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from syncer.core.model import EVERYTHING, DistributionFile, Listing, Scope


@dataclass(frozen=True, slots=True)
class Filed:
    """What a Source has on record of one file: its own number of it, bytes, and digests by algorithm."""

    id: int
    filename: str
    size: int
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OnRecord:
    """What a Source said of a file when it was asked; where it gave no answer, ``why`` it did not.

    ``address`` is where the file's bytes are fetched from, empty where nobody knows.
    """

    asked_at: datetime
    address: str = ""
    filed: Filed | None = None
    why: str = ""


class Source(Protocol):
    """One owner's registry."""

    def list(self, scope: Scope = EVERYTHING) -> Listing:
        """Everything the source holds within the scope, provably complete.

        Raises Retryable (ListingIncomplete when totals do not agree) or MappingBroken.
        """
        ...

    def recent(self, since: datetime) -> Listing:
        """Every file of every project that has a release published since then, by the source's dates.

        The totals are those of the whole source; ``releases`` are the ones published since then. It says
        nothing of files that were added to older releases, nor which number those have; and of a project
        that the source keeps under several names it gives only what has such a release: what is missing
        here was not withdrawn. Raises as ``list`` does.
        """
        ...

    def address(self, file: DistributionFile) -> str:
        """The URL that ``fetch`` asks, free of secrets; only ``locator`` is needed."""
        ...

    def filed(self, file: DistributionFile) -> tuple[Filed, ...]:
        """What is on record of every file of the file's release; only ``locator`` is needed.

        It is one request. Raises FileGone when there is no such release, Retryable or MappingBroken.
        """
        ...

    def fetch(self, file: DistributionFile) -> AbstractContextManager[Iterator[bytes]]:
        """Open the file's bytes as chunks; only ``locator`` and ``filename`` are needed.

        Raises FileGone, Retryable or MappingBroken, on opening and while chunks are read.
        """
        ...
