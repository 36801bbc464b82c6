"""The word for one file's status, worked out by the database from its decision and its Transfer."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, case

from syncer.adapters.database.schema import DecisionRow, TransferRow
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
    """The status of a current decision; a Copy waits until its Transfer says otherwise."""
    if kind == DecisionKind.COPY:
        return FileStatus.WAITING
    return next((status for known, status in BY_KIND.items() if known == kind), FileStatus.UNKNOWN)


_IN_HAND = (TransferState.WAITING, TransferState.READY, TransferState.UPLOADING)


def file_status() -> ColumnElement[str]:
    """The FileStatus of a decision outer-joined with its Transfer, as a column.

    A decision that is no longer current keeps the status that its Transfer reached, so the page of
    an old Run still says what became of its files.
    """
    return case((TransferRow.id.is_(None), of_decision()), else_=of_transfer())


def of_decision() -> ColumnElement[str]:
    """The FileStatus of a decision that has no Transfer."""
    return case(
        (DecisionRow.from_run_id == DecisionRow.to_run_id, FileStatus.PLANNED),
        (DecisionRow.to_run_id.is_not(None), FileStatus.SUPERSEDED),
        (DecisionRow.kind == DecisionKind.COPY, FileStatus.WAITING),
        else_=case(dict(BY_KIND), value=DecisionRow.kind, else_=FileStatus.UNKNOWN),
    )


def of_transfer(transfer: Any = TransferRow) -> ColumnElement[str]:
    """The FileStatus of a Copy by its Transfer, or by columns of the same names."""
    outcome = case(dict(BY_OUTCOME), value=transfer.outcome, else_=FileStatus.UNKNOWN)
    return case(
        (transfer.state == TransferState.ENDED, outcome),
        (transfer.error_code != "", FileStatus.FAILING),
        (transfer.state == TransferState.UPLOADED, FileStatus.UNVERIFIED),
        (transfer.state.in_(_IN_HAND), FileStatus.WAITING),
        else_=FileStatus.UNKNOWN,
    )


#: What a person can do about a decision that no Transfer will ever carry out.
_ADVICE: Mapping[str, str] = {
    DecisionKind.CONFLICT: (
        "Decide which bytes are right: `syncer conflicts` compares both, and nothing is overwritten before "
        "somebody approves it."
    ),
    DecisionKind.NOT_A_DISTRIBUTION: (
        "Publish it again as a wheel or an sdist under its project's name, or leave it out with `file_deny`."
    ),
}


def next_step(status: str, kind: str, recorded: str) -> str:
    """What a person can do: as recorded with the error, else what the decision itself calls for."""
    return "" if status == FileStatus.SYNCED else recorded or _ADVICE.get(kind, "")
