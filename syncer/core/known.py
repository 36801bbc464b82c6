"""What people decided and what was found out about a Mapping's files, which no Listing shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from syncer.core.model import DistributionFile

#: A file's project and name, as ``DistributionFile.key`` gives them.
Key = tuple[str, str]
#: The key, the sha256 at the Source, and the one that stands, or once stood, at the Target.
Contest = tuple[str, str, str, str]


class Verdict(StrEnum):
    """What a person said of a file whose name has other bytes at the Target."""

    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a person decided about two contents of one name: whether the Source's bytes replace the others."""

    verdict: Verdict
    reason: str
    actor: str

    def __str__(self) -> str:
        return f"{self.verdict} by {self.actor}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Known:
    """What the planner has to know of one Mapping beside both Listings.

    ``former`` are the digests of files that were withdrawn from the Target. ``spoilt`` are the files of
    which the Target serves other bytes than it says, or none: what it ought to serve, and what came.
    """

    rulings: Mapping[Contest, Ruling] = field(default_factory=dict)
    former: Mapping[Key, str] = field(default_factory=dict)
    spoilt: Mapping[Key, tuple[str, str]] = field(default_factory=dict)

    def ruling(self, file: DistributionFile, target_sha256: str) -> Ruling | None:
        """What was decided about exactly these two contents."""
        return self.rulings.get((*file.key, file.sha256, target_sha256))

    def served(self, file: DistributionFile) -> str | None:
        """The digest of what the Target serves for it, empty for nothing; None when nothing is wrong."""
        expected, found = self.spoilt.get(file.key, ("", ""))
        return found if expected == file.sha256 else None


NOTHING_KNOWN = Known()
