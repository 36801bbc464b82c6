"""How deep a scheduled look at a Mapping has to be: at everything, or at what is new since then."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from syncer.core.model import Mapping

#: A whole look is followed by this many times its own duration without one, so that scheduled ones take
#: at most a tenth of a Mapping's time, however many files it has.
REST = 10.0
#: Seconds for which a release is looked at again: files are still being added to it, and one that was
#: stored slowly appears below younger ones, as Gitea dates it by its beginning.
YOUNG = 7200.0
#: Seconds for which an unchanged state is evidence: a server that was restored from a copy of its files can
#: come by the same state again with other files.
RELIABLE = 86400.0


class Depth(StrEnum):
    """What a Run reads of its Source."""

    FULL = "full"
    RECENT = "recent"


def rule_of(mapping: Mapping) -> str:
    """What a Mapping copies and where, as text; of another rule no look says anything."""
    selection = mapping.selection
    repositories = sorted(selection.repositories) if selection.repositories is not None else None
    return repr(
        (str(mapping.source), str(mapping.target), replace(selection, repositories=None), repositories)
    )


def digest_of(held: Iterable[tuple[str, str, str]]) -> str:
    """One digest, 64 hex digits, of a set of files (project, file name, sha256)."""
    lines = ("\0".join(file) for file in sorted(held))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Look:
    """What the last Run of a Mapping saw, as the Mapping was then: ``rule`` says what it copied, and where.

    ``full_at`` is when the last whole look began and ``full_seconds`` how long it took. ``seen_at`` is
    when the last look of any depth began, ``stated`` the number of releases that it counted at the Source,
    and ``recent`` the ids of those that were young. ``target_state`` is what the Target's server called
    its state before its files were last listed as a whole, empty when it names none; ``proved_at`` is when
    they were last listed without relying on an earlier listing, and ``held`` the digest of what they were
    then: who relies on them compares it with what the ledger says today.
    """

    rule: str
    full_at: datetime
    full_seconds: float
    seen_at: datetime
    stated: int
    proved_at: datetime
    recent: frozenset[int] = frozenset()
    target_state: str = ""
    held: str = ""

    def tells_of(self, state: str, now: datetime) -> bool:
        """Whether a Target in that state holds what this look found there."""
        fresh = 0 <= (now - self.proved_at).total_seconds() < RELIABLE
        return bool(state) and state == self.target_state and fresh

    def full_is_due(self, now: datetime, interval: float, *, doubted: bool) -> bool:
        """Whether everything is to be read again: after ``interval`` seconds, or sooner if there is doubt."""
        age = (now - self.full_at).total_seconds()
        if age < 0:
            return True  # a clock was set back
        return age >= self.full_seconds * REST and (doubted or age >= interval)
