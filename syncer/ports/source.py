"""Where files come from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from syncer.core.model import EVERYTHING, DistributionFile, Listing, Scope


class Source(Protocol):
    """One owner's registry."""

    def list(self, scope: Scope = EVERYTHING) -> Listing:
        """Everything the source holds within the scope, provably complete.

        Raises Retryable (ListingIncomplete when totals do not agree) or MappingBroken.
        """
        ...

    def fetch(self, file: DistributionFile) -> AbstractContextManager[Iterator[bytes]]:
        """Open the file's bytes as chunks; only ``locator`` and ``filename`` are needed.

        Raises FileGone, Retryable or MappingBroken, on opening and while chunks are read.
        """
        ...
