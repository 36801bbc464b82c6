"""Compare two listings and decide per file and digest; pure, and the only place that decides."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from syncer.core.known import NOTHING_KNOWN, Known, Verdict
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

#: How the reason of a Conflict begins that lies at the Source alone, so that nobody can decide it here.
TWICE = "the source holds two different files of this name"


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


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which terms bytes at the Target may be replaced.

    ``force`` is what a person asked for, ``volatile`` whether the Target lets files be replaced at all, and
    ``known`` what people decided and what was found out before.
    """

    force: bool = False
    volatile: bool = False
    known: Known = NOTHING_KNOWN


USUAL = Terms()


def make_plan(source: Listing, target: Listing, selection: Selection, terms: Terms = USUAL) -> Plan:
    """Decide every file of the source exactly once.

    On a volatile Target, force or a person's approval turns a Conflict into a Copy that says so; nothing
    else ever replaces bytes.
    """
    held = target.by_key()
    twice = _ambiguous(source)
    decisions = [
        _decide(file, held.get(file.key), selection, twice.get(file.key, ""), terms)
        for file in source.by_key().values()
    ]
    return Plan(tuple(sorted(decisions, key=lambda decision: decision.file.key)))


def _decide(
    file: DistributionFile,
    there: DistributionFile | None,
    selection: Selection,
    other_sha256: str,
    terms: Terms,
) -> Decision:
    if reason := selection.refusal(file):
        return Decision(file, DecisionKind.EXCLUDED, reason)
    if reason := _not_a_distribution(file):
        return Decision(file, DecisionKind.NOT_A_DISTRIBUTION, reason)
    if other_sha256:
        reason = f"{TWICE} (also sha256 {other_sha256})"
        return Decision(file, DecisionKind.CONFLICT, reason, other_sha256)
    return _compare(file, there, terms)


def _compare(file: DistributionFile, there: DistributionFile | None, terms: Terms) -> Decision:
    if there is None:
        return _absent(file, terms.known)
    if there.sha256 != file.sha256:
        other = f"the target holds other bytes under this name (sha256 {there.sha256 or 'unknown'})"
        return _contested(file, there.sha256, other, terms)
    found = terms.known.served(file)
    if found is not None:
        serves = f"serves others (sha256 {found})" if found else "does not serve them"
        return _contested(file, found, f"the target names these bytes and {serves}", terms)
    return Decision(file, DecisionKind.ALREADY_THERE, "the target holds the same bytes", there.sha256)


def _absent(file: DistributionFile, known: Known) -> Decision:
    former = known.former.get(file.key, file.sha256)
    if former == file.sha256:
        return Decision(file, DecisionKind.COPY, "it is not on the target index itself")
    ruling = known.ruling(file, former)
    if ruling is None:
        reason = f"other bytes stood under this name until they were withdrawn (sha256 {former})"
        return Decision(file, DecisionKind.CONFLICT, reason, former)
    kind = DecisionKind.COPY if ruling.verdict is Verdict.APPROVED else DecisionKind.EXCLUDED
    return Decision(file, kind, str(ruling), former)


def _contested(file: DistributionFile, found: str, what: str, terms: Terms) -> Decision:
    """Other bytes stand under the file's name: only a person lets them be replaced."""
    ruling = terms.known.ruling(file, found)
    if ruling is not None and ruling.verdict is Verdict.REJECTED:
        return Decision(file, DecisionKind.EXCLUDED, str(ruling), found)
    if terms.volatile and (ruling is not None or terms.force):
        why = str(ruling) if ruling else "forced"
        reason = f"{why}: replaces other bytes at the target (sha256 {found or 'unknown'})"
        return Decision(file, DecisionKind.COPY, reason, found, overwrite=True)
    if ruling is not None:
        what = f"{ruling}; but the index is not volatile, so a person has to remove the other bytes there"
    return Decision(file, DecisionKind.CONFLICT, what, found)


def _not_a_distribution(file: DistributionFile) -> str:
    if refusal := read_filename(file.filename).refusal:
        return refusal
    if other := belongs_elsewhere(file.filename, file.project):
        return f"its name says project {other}, but it is published under {file.project}"
    return ""


def _ambiguous(listing: Listing) -> dict[tuple[str, str], str]:
    first = listing.by_key()
    return {file.key: file.sha256 for file in listing.files if file.sha256 != first[file.key].sha256}
