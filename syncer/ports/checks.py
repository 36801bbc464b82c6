"""What is known of the bytes at Targets because they were fetched back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from syncer.core.check import Check, Extent, Finding, Spent


class CheckLedger(Protocol):
    """The last Check of each file at a Target."""

    def due(self, mapping: str, window: float, now: datetime, limit: int) -> Sequence[Check]:
        """Files of the Mapping that are at its Target and due, at most so many.

        First those of which something was wrong, then those that were never checked, then the ones whose
        last check is the oldest; ``window`` is in seconds.
        """
        ...

    def record(self, check: Check, finding: Finding, now: datetime) -> bool:
        """This came of it; False, and nothing is recorded, when the file was decided about anew meanwhile."""
        ...

    def spent(self, mappings: Collection[str], now: datetime) -> Spent:
        """What the checks of these Mappings have cost lately."""
        ...

    def extent(self, mapping: str) -> Extent:
        """How much there is to check; what is known of files that are no longer there is forgotten."""
        ...
