"""The reason that a person gives for a decision."""

from __future__ import annotations

from syncer.core.errors import SyncerError

#: Characters; longer ones belong into a document that the reason names.
LONGEST_REASON = 1000


class DecisionRefused(SyncerError):
    """What a person decided cannot be recorded as it was given; nothing was done."""


def stated(reason: str) -> str:
    """The reason in one line; raises DecisionRefused where there is none, or far too much of it."""
    text = " ".join(reason.split())
    if not text:
        raise DecisionRefused(
            "No reason was given, so nothing was done.",
            "Whoever looks at it later wants to know why.",
            "Say it in a few words.",
        )
    if len(text) > LONGEST_REASON:
        raise DecisionRefused(
            f"The reason has {len(text)} characters, so nothing was done.",
            "It is shown wherever the file is.",
            f"Say it in at most {LONGEST_REASON} characters.",
        )
    return text
