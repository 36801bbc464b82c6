"""The word for one file's status, worked out by the database from its decision and its Transfer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, case, or_, select, union_all

from syncer.adapters.database.schema import DecisionRow, TransferRow
from syncer.adapters.database.scopes import CURRENT
from syncer.core.plan import DecisionKind
from syncer.core.states import Outcome, TransferState


class FileStatus(StrEnum):
    """How a file stands; only ``synced`` is green, and it is said only of what was read back."""

    SYNCED = "synced"
    WAITING = "waiting"
    UNVERIFIED = "unverified"
    FAILING = "failing"
    CONFLICT = "conflict"
    REFUSED = "refused"
    EXCLUDED = "excluded"
    SUPERSEDED = "superseded"
    PLANNED = "planned"
    UNKNOWN = "unknown"


#: What a decision means by itself; a Copy means what its Transfer does.
BY_KIND: Mapping[DecisionKind, FileStatus] = {
    DecisionKind.ALREADY_THERE: FileStatus.SYNCED,
    DecisionKind.CONFLICT: FileStatus.CONFLICT,
    DecisionKind.EXCLUDED: FileStatus.EXCLUDED,
    DecisionKind.NOT_A_DISTRIBUTION: FileStatus.REFUSED,
}

#: Decisions about selected files that may not be at their target.
_MAY_LACK = (DecisionKind.COPY, DecisionKind.CONFLICT, DecisionKind.NOT_A_DISTRIBUTION)

BY_OUTCOME: Mapping[Outcome, FileStatus] = {
    Outcome.COPIED: FileStatus.SYNCED,
    Outcome.ALREADY_THERE: FileStatus.SYNCED,
    Outcome.CONFLICT: FileStatus.CONFLICT,
    Outcome.CORRUPT: FileStatus.REFUSED,
    Outcome.NOT_A_DISTRIBUTION: FileStatus.REFUSED,
    Outcome.REJECTED: FileStatus.REFUSED,
    Outcome.QUARANTINED: FileStatus.REFUSED,
    Outcome.GONE: FileStatus.FAILING,
    Outcome.GAVE_UP: FileStatus.FAILING,
    Outcome.SUPERSEDED: FileStatus.SUPERSEDED,
}


def by_kind(kind: str) -> FileStatus:
    """The status of a current decision other than Copy."""
    return next((status for known, status in BY_KIND.items() if known == kind), FileStatus.UNKNOWN)


_IN_HAND = (TransferState.WAITING, TransferState.READY, TransferState.UPLOADING)


def file_status() -> ColumnElement[str]:
    """The FileStatus of a decision outer-joined with its Transfer, as a column.

    A decision that is no longer current keeps the status that its Transfer reached, so the page of
    an old Run still says what became of its files.
    """
    closed = DecisionRow.to_run_id.is_not(None)
    only_asked = DecisionRow.from_run_id == DecisionRow.to_run_id
    no_transfer = and_(closed, TransferRow.id.is_(None))
    return case(
        (only_asked, FileStatus.PLANNED),
        (no_transfer, FileStatus.SUPERSEDED),
        (DecisionRow.kind == DecisionKind.COPY, _of_transfer()),
        else_=case(dict(BY_KIND), value=DecisionRow.kind, else_=FileStatus.UNKNOWN),
    )


#: Every selected file that is not synced.
MISSING = "missing"


def has_status(status: str) -> ColumnElement[bool]:
    """The condition that a file has the status, or that it is ``missing``."""
    if status == MISSING:
        return file_status().not_in([FileStatus.SYNCED, FileStatus.EXCLUDED])
    return file_status() == status


def _of_transfer() -> ColumnElement[str]:
    ended = TransferRow.state == TransferState.ENDED
    in_hand = or_(TransferRow.id.is_(None), TransferRow.state.in_(_IN_HAND))
    return case(
        (ended, case(dict(BY_OUTCOME), value=TransferRow.outcome, else_=FileStatus.UNKNOWN)),
        (TransferRow.error != "", FileStatus.FAILING),
        (TransferRow.state == TransferState.UPLOADED, FileStatus.UNVERIFIED),
        (in_hand, FileStatus.WAITING),
        else_=FileStatus.UNKNOWN,
    )


def may_lack(mappings: Sequence[str]) -> ColumnElement[bool]:
    """The condition that a current decision leaves open whether its file is at the target.

    Those are few among many, and asked kind by kind SQLite finds them through the index.
    """
    of_kind = (
        select(DecisionRow.id).where(CURRENT, DecisionRow.mapping.in_(mappings), DecisionRow.kind == kind)
        for kind in _MAY_LACK
    )
    return DecisionRow.id.in_(union_all(*of_kind))


#: What a person can do about a decision that no Transfer will ever carry out.
_ADVICE: Mapping[str, str] = {
    DecisionKind.CONFLICT: (
        "Decide which bytes are right and remove the others; nothing is overwritten without `--force` "
        "on a volatile index."
    ),
    DecisionKind.NOT_A_DISTRIBUTION: (
        "Publish it again as a wheel or an sdist under its project's name, or leave it out with `file_deny`."
    ),
}


def next_step(status: str, kind: str, recorded: str) -> str:
    """What a person can do: as recorded with the error, else what the decision itself calls for."""
    return "" if status == FileStatus.SYNCED else recorded or _ADVICE.get(kind, "")
