"""Every error of the syncer, sorted by what to do next.

SyncerError
├── ConfigError            all problems of the configuration at once; exit code 2
├── Retryable              nothing is wrong with the file: try again later
│   ├── RemoteUnavailable      refused, timed out, dropped, 5xx
│   ├── RateLimited            429, with the seconds the server asked for
│   ├── CircuitOpen            the server failed so often that it is left alone for a moment
│   ├── StagingUnavailable     this host's disk is full or cannot be written
│   ├── OverBudget             the bandwidth budget does not let the file through in one try's time
│   └── ListingIncomplete      what was read is not provably everything
├── FileRefused            this file alone cannot be copied; the others go on
│   ├── FileGone               the source no longer serves it
│   ├── DigestMismatch         the bytes are not those the source promised
│   ├── NotADistribution       no installable wheel or sdist
│   ├── ContentConflict        the target holds other bytes under this name
│   └── UploadRejected         the target said no, with status and reason
├── NothingThere           what was asked for by name is not at the source
├── NotGenuine             a file that the syncer wrote is not as it wrote it
├── PlanMoved              a side is not as it was when the plan was made
├── SigningUnavailable     the key that signs statements cannot be used
├── Unexpected             a defect of ours; recorded, and never stops the schedule
└── MappingBroken          no file of this mapping can be copied; other mappings go on
    ├── Unauthorized           credentials missing, wrong, or without the right
    ├── SourceMissing          no such owner
    └── TargetMissing          no such index, or one that takes no uploads
"""

from __future__ import annotations

import re
from dataclasses import dataclass


class SyncerError(Exception):
    """What failed, the likely cause, and the next step, each a sentence without secrets."""

    def __init__(self, what: str, cause: str = "", next_step: str = "") -> None:
        super().__init__(what, cause, next_step)
        self.what = what
        self.cause = cause
        self.next_step = next_step

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.cause, self.next_step) if part)

    @property
    def code(self) -> str:
        """The class name in snake case, as rows and JSON show it."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in the configuration: where it stands, what is wrong and how to mend it."""

    where: str
    reason: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}" + (f" — {self.fix}" if self.fix else "")


class ConfigError(SyncerError):
    """The configuration cannot be used; ``problems`` holds every mistake found."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class Retryable(SyncerError):
    """Nothing is known to be wrong with the file; the same step may succeed later."""

    retry_after: float | None = None


class RemoteUnavailable(Retryable):
    """A server refused, timed out, dropped the connection or answered 5xx."""


class RateLimited(Retryable):
    """A server answered 429; ``retry_after`` is in seconds, None when it named no time."""

    def __init__(
        self, what: str, cause: str = "", next_step: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(what, cause, next_step)
        self.retry_after = retry_after


class CircuitOpen(Retryable):
    """The server failed several times in a row and is left alone for ``pause`` seconds."""

    def __init__(self, what: str, cause: str = "", next_step: str = "", pause: float = 0.0) -> None:
        super().__init__(what, cause, next_step)
        self.pause = pause


class StagingUnavailable(Retryable):
    """This host's staging directory is full or cannot be written."""


class OverBudget(Retryable):
    """Waiting for the bandwidth budget would take longer than one try may."""


class ListingIncomplete(Retryable):
    """The listing that was read is not provably everything the server holds."""


class FileRefused(SyncerError):
    """This one file cannot be copied as it is; every other file goes on."""


class FileGone(FileRefused):
    """The source listed the file and no longer serves it."""


class DigestMismatch(FileRefused):
    """The bytes received do not have the sha256 that the source promised."""


class NotADistribution(FileRefused):
    """The file is no wheel or sdist that an installer could use."""


class ContentConflict(FileRefused):
    """The target already holds other bytes under this file name."""


class UploadRejected(FileRefused):
    """The target refused the file; ``status`` is its HTTP status."""

    def __init__(self, what: str, cause: str = "", next_step: str = "", status: int = 0) -> None:
        super().__init__(what, cause, next_step)
        self.status = status


class NothingThere(SyncerError):
    """What was asked for by name is not at the source."""


class NotGenuine(SyncerError):
    """A plan, an export or a statement is not what the syncer wrote, or not signed by that key."""


class PlanMoved(SyncerError):
    """What would be done now is not what the plan says; nothing of it was done."""


class SigningUnavailable(SyncerError):
    """The key that signs statements is unreadable, no key, or open to others."""


class Unexpected(SyncerError):
    """A defect of ours, recorded by its kind only, as its text may hold anything."""

    def __init__(self, error: Exception) -> None:
        super().__init__(
            f"An unexpected {type(error).__name__} ended the work.",
            "This is a defect in the syncer.",
            "The schedule goes on; please report it with the worker's log.",
        )


class MappingBroken(SyncerError):
    """No file of this mapping can be copied until a person mends something."""


class Unauthorized(MappingBroken):
    """Credentials are missing, wrong, expired, or lack the scope or membership."""


class SourceMissing(MappingBroken):
    """The source does not exist."""


class TargetMissing(MappingBroken):
    """The target does not exist or takes no uploads."""


#: The codes of what `syncer doctor` can look at more closely.
EXAMINABLE = frozenset(kind("").code for kind in (Unauthorized, SourceMissing, TargetMissing))
