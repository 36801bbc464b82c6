"""Compare two listings and decide per file and digest; pure, and the only place that decides."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from syncer.core.model import DistributionFile, Listing, Selection
from syncer.core.names import belongs_elsewhere, read_filename


class DecisionKind(StrEnum):
    """What the planner says of one file."""

    COPY = "copy"
    ALREADY_THERE = "already_there"
    CONFLICT = "conflict"
    EXCLUDED = "excluded"
    NOT_A_DISTRIBUTION = "not_a_distribution"


#: Decisions that keep a Run from being complete whatever its Transfers do.
REFUSALS = frozenset({DecisionKind.CONFLICT, DecisionKind.NOT_A_DISTRIBUTION})


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done with one file, and why; ``overwrite`` is set by force alone."""

    file: DistributionFile
    kind: DecisionKind
    reason: str
    target_sha256: str = ""
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """All decisions of one Run, sorted by project and file name."""

    decisions: tuple[Decision, ...] = ()

    def of(self, kind: DecisionKind) -> tuple[Decision, ...]:
        """The decisions of one kind, in order."""
        return tuple(decision for decision in self.decisions if decision.kind is kind)

    def is_empty(self) -> bool:
        """Whether nothing has to be copied."""
        return not self.of(DecisionKind.COPY)

    def is_clean(self) -> bool:
        """Whether nothing has to be copied and nothing was refused."""
        return self.is_empty() and not any(decision.kind in REFUSALS for decision in self.decisions)


def make_plan(source: Listing, target: Listing, selection: Selection, *, overwrite: bool = False) -> Plan:
    """Decide every file of the source exactly once.

    ``overwrite`` (force, on an index that allows it) turns a Conflict into a Copy that says so;
    nothing else ever replaces bytes.
    """
    held = target.by_key()
    twice = _ambiguous(source)
    decisions = [
        _decide(file, held.get(file.key), selection, twice.get(file.key, ""), overwrite=overwrite)
        for file in source.by_key().values()
    ]
    return Plan(tuple(sorted(decisions, key=lambda decision: decision.file.key)))


def _decide(
    file: DistributionFile,
    there: DistributionFile | None,
    selection: Selection,
    other_sha256: str,
    *,
    overwrite: bool,
) -> Decision:
    if reason := selection.refusal(file):
        return Decision(file, DecisionKind.EXCLUDED, reason)
    if reason := _not_a_distribution(file):
        return Decision(file, DecisionKind.NOT_A_DISTRIBUTION, reason)
    if other_sha256:
        reason = f"the source holds two different files of this name (also sha256 {other_sha256})"
        return Decision(file, DecisionKind.CONFLICT, reason, other_sha256)
    return _compare(file, there, overwrite=overwrite)


def _compare(file: DistributionFile, there: DistributionFile | None, *, overwrite: bool) -> Decision:
    if there is None:
        return Decision(file, DecisionKind.COPY, "it is not on the target index itself")
    if there.sha256 == file.sha256:
        return Decision(file, DecisionKind.ALREADY_THERE, "the target holds the same bytes", there.sha256)
    if overwrite:
        reason = f"forced: replaces other bytes at the target (sha256 {there.sha256})"
        return Decision(file, DecisionKind.COPY, reason, there.sha256, overwrite=True)
    reason = f"the target holds other bytes under this name (sha256 {there.sha256 or 'unknown'})"
    return Decision(file, DecisionKind.CONFLICT, reason, there.sha256)


def _not_a_distribution(file: DistributionFile) -> str:
    if refusal := read_filename(file.filename).refusal:
        return refusal
    if other := belongs_elsewhere(file.filename, file.project):
        return f"its name says project {other}, but it is published under {file.project}"
    return ""


def _ambiguous(listing: Listing) -> dict[tuple[str, str], str]:
    first = listing.by_key()
    return {file.key: file.sha256 for file in listing.files if file.sha256 != first[file.key].sha256}
