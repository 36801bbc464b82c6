"""The state machines of Run, Blob and Transfer: every legal transition is named here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from syncer.core.errors import ContentConflict, DigestMismatch, FileGone, FileRefused, NotADistribution


class RunState(StrEnum):
    """One pass over one Mapping; it is open from planning to verifying."""

    REQUESTED = "requested"
    PLANNING = "planning"
    TRANSFERRING = "transferring"
    VERIFYING = "verifying"
    FINISHED = "finished"


class RunOutcome(StrEnum):
    """How a Run ended; only ``complete`` is green."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    PLANNED = "planned"


class BlobState(StrEnum):
    """Bytes on their way into staging."""

    WANTED = "wanted"
    FETCHING = "fetching"
    STAGED = "staged"
    REFUSED = "refused"
    RELEASED = "released"


class TransferState(StrEnum):
    """The recorded job of carrying out one Copy."""

    WAITING = "waiting"
    READY = "ready"
    UPLOADING = "uploading"
    UPLOADED = "uploaded"
    ENDED = "ended"


class Outcome(StrEnum):
    """How a Transfer ended."""

    COPIED = "copied"
    ALREADY_THERE = "already_there"
    CONFLICT = "conflict"
    GONE = "gone"
    CORRUPT = "corrupt"
    NOT_A_DISTRIBUTION = "not_a_distribution"
    REJECTED = "rejected"
    GAVE_UP = "gave_up"
    QUARANTINED = "quarantined"
    SUPERSEDED = "superseded"


#: What a listing read from the target itself has shown to be there.
AT_TARGET = frozenset({Outcome.COPIED, Outcome.ALREADY_THERE})

#: Outcomes that the same bytes would only repeat: only a person reopens such a Transfer.
STAYS_ENDED = frozenset({Outcome.CORRUPT, Outcome.NOT_A_DISTRIBUTION, Outcome.REJECTED, Outcome.QUARANTINED})

OPEN_RUN = frozenset({RunState.PLANNING, RunState.TRANSFERRING, RunState.VERIFYING})

RUN_TRANSITIONS: Mapping[RunState, frozenset[RunState]] = {
    RunState.REQUESTED: frozenset({RunState.PLANNING, RunState.FINISHED}),
    RunState.PLANNING: frozenset({RunState.PLANNING, RunState.TRANSFERRING, RunState.FINISHED}),
    RunState.TRANSFERRING: frozenset({RunState.VERIFYING, RunState.FINISHED}),
    RunState.VERIFYING: frozenset({RunState.TRANSFERRING, RunState.FINISHED}),
    RunState.FINISHED: frozenset(),
}

BLOB_TRANSITIONS: Mapping[BlobState, frozenset[BlobState]] = {
    BlobState.WANTED: frozenset({BlobState.FETCHING, BlobState.RELEASED}),
    BlobState.FETCHING: frozenset({BlobState.WANTED, BlobState.STAGED, BlobState.REFUSED}),
    BlobState.STAGED: frozenset({BlobState.WANTED, BlobState.RELEASED}),
    BlobState.REFUSED: frozenset({BlobState.WANTED}),
    BlobState.RELEASED: frozenset({BlobState.WANTED}),
}

TRANSFER_TRANSITIONS: Mapping[TransferState, frozenset[TransferState]] = {
    TransferState.WAITING: frozenset({TransferState.READY, TransferState.ENDED}),
    TransferState.READY: frozenset({TransferState.UPLOADING, TransferState.ENDED}),
    TransferState.UPLOADING: frozenset({TransferState.READY, TransferState.UPLOADED, TransferState.ENDED}),
    TransferState.UPLOADED: frozenset({TransferState.READY, TransferState.ENDED}),
    TransferState.ENDED: frozenset({TransferState.WAITING}),
}


def outcome_of(error: FileRefused) -> Outcome:
    """The Outcome that a refusal of one file means."""
    table: tuple[tuple[type[FileRefused], Outcome], ...] = (
        (FileGone, Outcome.GONE),
        (DigestMismatch, Outcome.CORRUPT),
        (NotADistribution, Outcome.NOT_A_DISTRIBUTION),
        (ContentConflict, Outcome.CONFLICT),
    )
    return next((outcome for kind, outcome in table if isinstance(error, kind)), Outcome.REJECTED)
