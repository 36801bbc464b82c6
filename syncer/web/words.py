"""How states are shown: a symbol, a word and a tone, never colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from syncer.core.balance import Verdict
from syncer.core.deletion import WithdrawalState
from syncer.core.states import RunOutcome, RunState
from syncer.queries.conflicts import ConflictState
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

#: Of a line of the balance sheet.
VERDICTS: Mapping[str, Badge] = {
    Verdict.AGREES: Badge("=", "agrees", "good"),
    Verdict.DIFFERS: Badge("≠", "differs", "bad", "Something is not counted where it should be."),
    Verdict.UNKNOWN: UNKNOWN,
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

CONFLICTS: Mapping[str, Badge] = {
    ConflictState.OPEN: Badge("≠", "undecided", "bad", "Nobody has decided yet; the target's bytes stay."),
    ConflictState.APPROVED: Badge("!", "approved", "warn", "Approved, and not carried out yet."),
    ConflictState.REJECTED: Badge("⊘", "rejected", "quiet", "The target's bytes stay; the file is excluded."),
    ConflictState.AMBIGUOUS: Badge("≠", "twice", "bad", "The source itself has two contents of this name."),
}

DELETIONS: Mapping[str, Badge] = {
    WithdrawalState.MARKED: Badge("-", "marked", "warn", "It left the source and is at the target."),
    WithdrawalState.DUE: Badge("◷", "due", "warn", "Its grace is over."),
    WithdrawalState.WITHDRAWN: Badge("✓", "withdrawn", "quiet", "The target does not have it any more."),
    WithdrawalState.UNDONE: Badge("↶", "undone", "quiet", "Somebody has decided that it stays."),
    WithdrawalState.RETURNED: Badge("↻", "returned", "quiet", "The source has the name again."),
    WithdrawalState.REFUSED: Badge("✕", "refused", "bad", "It could not be withdrawn."),
}


def conflict_badge(state: str) -> Badge:
    """How a conflict is shown."""
    return CONFLICTS.get(state, UNKNOWN)


def deletion_badge(state: str) -> Badge:
    """How a file that left its Source is shown."""
    return DELETIONS.get(state, UNKNOWN)


def file_badge(status: str) -> Badge:
    """How a file's status is shown."""
    return FILES.get(status, UNKNOWN)


def mapping_badge(state: str) -> Badge:
    """How a Mapping's state is shown."""
    return MAPPINGS.get(state, UNKNOWN)


def run_badge(state: str, outcome: str) -> Badge:
    """How a Run is shown: by its outcome, until it has one by its state."""
    return OUTCOMES.get(outcome or state, UNKNOWN)


def verdict_badge(verdict: str) -> Badge:
    """How a line of the balance sheet is shown."""
    return VERDICTS.get(verdict, UNKNOWN)


def task_badge(state: str) -> Badge:
    """How a task's state is shown."""
    return TASKS.get(state, UNKNOWN)
