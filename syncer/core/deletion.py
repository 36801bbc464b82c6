"""What may be withdrawn from a Target because its Source no longer has it, and what holds that up; pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from syncer.core.model import Deletion, DistributionFile, OnSourceDelete

#: How many whole scans have to lack a file before it may go: the one that missed it, and one after the grace.
SCANS_NEEDED = 2


class WithdrawalState(StrEnum):
    """What becomes of a file that left the Source: ``marked`` and ``due`` are open, the others are ends."""

    MARKED = "marked"
    DUE = "due"
    WITHDRAWN = "withdrawn"
    UNDONE = "undone"
    RETURNED = "returned"
    REFUSED = "refused"


#: In these a person can still undo it.
OPEN = frozenset({WithdrawalState.MARKED, WithdrawalState.DUE})


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A file that this Mapping brought to its Target and that its Source no longer has.

    ``run_id`` is the Run that missed it, at ``gone_at``. ``due_at`` is the end of its grace, None where the
    Mapping does not withdraw. A person has confirmed it at ``confirmed_at``: then no cap counts.
    """

    id: int
    mapping: str
    file: DistributionFile
    state: WithdrawalState
    gone_at: datetime
    run_id: int | None = None
    due_at: datetime | None = None
    confirmed_at: datetime | None = None

    @property
    def is_confirmed(self) -> bool:
        """Whether a person has said that it may go."""
        return self.confirmed_at is not None


@dataclass(frozen=True, slots=True)
class Scan:
    """A recorded Run that read the whole Source: which, since when, and how many files it listed."""

    run_id: int
    began_at: datetime
    files: int | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What may be withdrawn now, what is due but held, and why; ``asks`` says that a person is to confirm."""

    now: tuple[Withdrawal, ...] = ()
    held: tuple[Withdrawal, ...] = ()
    brake: str = ""
    asks: bool = False


def judge(policy: Deletion, open_: Sequence[Withdrawal], scans: Sequence[Scan], files: int) -> Judgement:
    """What of the open Withdrawals may be carried out.

    ``scans`` are the whole scans of the Mapping as it is now, newest first; whatever one of them listed is
    open no more. ``files`` is how many files the Mapping has at its Target, the open ones included.
    """
    if policy.action is not OnSourceDelete.WITHDRAW:
        return Judgement()
    ripe = tuple(each for each in open_ if _is_ripe(each, policy, scans))
    unsound, too_much = _unsound(scans), _too_much(policy, open_, scans, files)
    now = () if unsound else tuple(each for each in ripe if not too_much or each.is_confirmed)
    held = tuple(each for each in ripe if each not in now)
    return Judgement(now, held, too_much or (unsound if held else ""), asks=bool(too_much))


def _is_ripe(one: Withdrawal, policy: Deletion, scans: Sequence[Scan]) -> bool:
    """Whether its grace is over, and a whole scan that began later lacks it as well."""
    if one.due_at is None or one.run_id is None:
        return False
    since = [scan for scan in scans if scan.run_id >= one.run_id]
    due = max(one.due_at, one.gone_at + timedelta(seconds=policy.grace))
    return len(since) >= SCANS_NEEDED and since[0].began_at >= due


def _unsound(scans: Sequence[Scan]) -> str:
    """Why the newest whole scan proves nothing; the next one may."""
    counts = [scan.files for scan in scans[:SCANS_NEEDED]]
    if len(counts) < SCANS_NEEDED or counts[0] is None or counts[1] is None:
        return "it takes two whole scans of which is known how many files they listed"
    if counts[0] < counts[1]:
        return f"the source is shrinking: a whole scan listed {counts[0]} files, the one before {counts[1]}"
    return ""


def _too_much(policy: Deletion, open_: Collection[Withdrawal], scans: Sequence[Scan], files: int) -> str:
    """Why only what a person confirmed may go."""
    waiting = sum(not each.is_confirmed for each in open_)
    if not waiting:
        return ""
    if scans and scans[0].files == 0:
        return "the source shows no file at all"
    if waiting > (cap := policy.cap(files)):
        return f"{waiting} of {files} files left the source, and more than {cap} ask for a person"
    return ""
