"""How states are shown: a symbol, a word and a tone, never colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from syncer.core.states import RunOutcome, RunState
from syncer.queries.overview import MappingState
from syncer.queries.statuses import FileStatus


@dataclass(frozen=True, slots=True)
class Badge:
    """What a person sees of a state; ``tone`` is good, busy, warn, bad or quiet."""

    symbol: str
    word: str
    tone: str
    meaning: str = ""


UNKNOWN = Badge("?", "unknown", "warn", "Nothing is known of it, which is never fine.")

FILES: Mapping[str, Badge] = {
    FileStatus.SYNCED: Badge("✓", "synced", "good", "The target was read, and holds these bytes."),
    FileStatus.WAITING: Badge("…", "waiting", "busy", "It is on its way."),
    FileStatus.UNVERIFIED: Badge("◌", "unverified", "busy", "Uploaded, and not read back yet."),
    FileStatus.FAILING: Badge("!", "failing", "bad", "The last attempt failed."),
    FileStatus.CONFLICT: Badge("≠", "conflict", "bad", "Other bytes stand under this name."),
    FileStatus.REFUSED: Badge("✕", "refused", "bad", "These bytes cannot be published as they are."),
    FileStatus.EXCLUDED: Badge("⊘", "excluded", "quiet", "The Selection leaves it out."),
    FileStatus.SUPERSEDED: Badge("⇢", "superseded", "quiet", "A later Run said otherwise."),
    FileStatus.PLANNED: Badge("○", "planned", "quiet", "A dry run would have decided so."),
    FileStatus.UNKNOWN: UNKNOWN,
}

MAPPINGS: Mapping[str, Badge] = {
    MappingState.COMPLETE: Badge(
        "✓", "complete", "good", "Everything selected is at the target, lately proved."
    ),
    MappingState.SYNCING: Badge("↻", "syncing", "busy", "A Run is carrying files over."),
    MappingState.INCOMPLETE: Badge("!", "incomplete", "warn", "Something selected is not at the target."),
    MappingState.FAILED: Badge("✕", "failed", "bad", "The last Run could not compare both sides."),
    MappingState.STALE: Badge("◷", "stale", "bad", "It was complete, too long ago."),
    MappingState.NEVER_RUN: Badge("○", "no run yet", "quiet", "No Run of the whole Mapping has finished."),
}

OUTCOMES: Mapping[str, Badge] = {
    RunOutcome.COMPLETE: Badge("✓", "complete", "good"),
    RunOutcome.INCOMPLETE: Badge("!", "incomplete", "warn"),
    RunOutcome.FAILED: Badge("✕", "failed", "bad"),
    RunOutcome.PLANNED: Badge("○", "dry run", "quiet"),
    RunState.REQUESTED: Badge("…", "requested", "quiet"),
    RunState.PLANNING: Badge("↻", "planning", "busy"),
    RunState.TRANSFERRING: Badge("↻", "transferring", "busy"),
    RunState.VERIFYING: Badge("↻", "verifying", "busy"),
}

#: Celery's own words.
TASKS: Mapping[str, Badge] = {
    "SUCCESS": Badge("✓", "success", "good"),
    "FAILURE": Badge("✕", "failure", "bad"),
    "REVOKED": Badge("✕", "revoked", "bad"),
    "RETRY": Badge("↻", "retry", "busy"),
    "STARTED": Badge("↻", "started", "busy"),
    "RECEIVED": Badge("…", "received", "busy"),
    "PENDING": Badge("…", "pending", "quiet"),
}

#: The order in which counts and filters appear: what needs somebody first.
FILTERS = (
    FileStatus.CONFLICT,
    FileStatus.REFUSED,
    FileStatus.FAILING,
    FileStatus.UNKNOWN,
    FileStatus.UNVERIFIED,
    FileStatus.WAITING,
    FileStatus.SYNCED,
    FileStatus.EXCLUDED,
)


def file_badge(status: str) -> Badge:
    """How a file's status is shown."""
    return FILES.get(status, UNKNOWN)


def mapping_badge(state: str) -> Badge:
    """How a Mapping's state is shown."""
    return MAPPINGS.get(state, UNKNOWN)


def run_badge(state: str, outcome: str) -> Badge:
    """How a Run is shown: by its outcome, until it has one by its state."""
    return OUTCOMES.get(outcome or state, UNKNOWN)


def task_badge(state: str) -> Badge:
    """How a task's state is shown."""
    return TASKS.get(state, UNKNOWN)
