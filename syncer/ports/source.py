"""Where files come from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from syncer.core.model import EVERYTHING, DistributionFile, Listing, Scope


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
        nothing of files that were added to older releases, and of a project that the source keeps under
        several names only what has such a release: what is missing here was not withdrawn. Raises as
        ``list`` does.
        """
        ...

    def fetch(self, file: DistributionFile) -> AbstractContextManager[Iterator[bytes]]:
        """Open the file's bytes as chunks; only ``locator`` and ``filename`` are needed.

        Raises FileGone, Retryable or MappingBroken, on opening and while chunks are read.
        """
        ...
