"""What the judge can find, and which of it fails a run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Ill(StrEnum):
    """What went wrong in the syncer; every one but ``late`` fails the run."""

    LOST = "lost"
    WRONG = "wrong"
    EXTRA = "extra"
    FALSE_GREEN = "false green"
    LEDGER = "ledger"
    STUCK = "stuck"
    PAGE = "page"
    LEAK = "leak"
    HARNESS = "harness"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it has to be."""

    kind: Ill
    text: str

    @property
    def fails(self) -> bool:
        """Whether the run has failed because of it."""
        return self.kind is not Ill.LATE
