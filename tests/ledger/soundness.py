"""What the rows must say of each other at any moment, and the steps that they may take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import select

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import AttemptRow, BlobRow, DecisionRow, RunRow, TransferRow
from syncer.core.plan import DecisionKind
from syncer.core.states import (
    BLOB_TRANSITIONS,
    OPEN_RUN,
    RUN_TRANSITIONS,
    TRANSFER_TRANSITIONS,
    BlobState,
    RunState,
    TransferState,
)

State = TypeVar("State")


class Rows:
    """All rows at one moment."""

    def __init__(self, database: Database) -> None:
        with database.read() as session:
            self.runs = list(session.scalars(select(RunRow)))
            self.decisions = {row.id: row for row in session.scalars(select(DecisionRow))}
            self.blobs = {row.sha256: row for row in session.scalars(select(BlobRow))}
            self.transfers = list(session.scalars(select(TransferRow)))
            self.attempts = list(session.scalars(select(AttemptRow)))
            session.expunge_all()

    def check(self) -> None:
        """Fail unless the rows agree with each other."""
        self._runs_are_sound()
        self._each_copy_has_a_transfer()
        for transfer in self.transfers:
            self._transfer_is_sound(transfer, self.decisions[transfer.decision_id])
        self._attempts_are_open_where_work_is()

    def states(self) -> dict[tuple[str, Any], str]:
        """The state of everything that has one."""
        return {
            **{("run", row.id): row.state for row in self.runs},
            **{("blob", row.sha256): row.state for row in self.blobs.values()},
            **{("transfer", row.id): row.state for row in self.transfers},
        }

    def _runs_are_sound(self) -> None:
        opened = [run.mapping for run in self.runs if run.state in OPEN_RUN]
        assert len(opened) == len(set(opened))
        for run in self.runs:
            finished = run.state == RunState.FINISHED
            assert finished == (run.outcome is not None) == (run.finished_at is not None)
            assert (run.state == RunState.PLANNING) == (run.lease_until is not None)

    def _each_copy_has_a_transfer(self) -> None:
        current = [row for row in self.decisions.values() if row.to_run_id is None]
        assert len({(row.mapping, row.filename) for row in current}) == len(current)
        copies = {row.id for row in current if row.kind == DecisionKind.COPY}
        assert copies <= {row.decision_id for row in self.transfers}

    def _transfer_is_sound(self, row: TransferRow, decision: DecisionRow) -> None:
        ended = row.state == TransferState.ENDED
        assert ended == (row.outcome is not None) == (row.ended_at is not None)
        assert (row.state == TransferState.UPLOADING) == (row.lease_until is not None)
        if row.state == TransferState.WAITING:
            assert self.blobs[decision.sha256].state in {BlobState.WANTED, BlobState.FETCHING}
        if decision.to_run_id is not None:
            assert row.state in {TransferState.UPLOADING, TransferState.UPLOADED, TransferState.ENDED}

    def _attempts_are_open_where_work_is(self) -> None:
        unended = [row for row in self.attempts if row.ended_at is None]
        uploads = sorted(row.transfer_id for row in unended if row.transfer_id is not None)
        fetches = sorted(row.sha256 for row in unended if row.transfer_id is None)
        assert uploads == sorted(row.id for row in self.transfers if row.state == TransferState.UPLOADING)
        assert fetches == sorted(key for key, row in self.blobs.items() if row.state == BlobState.FETCHING)


def check_steps(before: Mapping[tuple[str, Any], str], after: Mapping[tuple[str, Any], str]) -> None:
    """Fail unless every state followed legally from the one before; a transaction may take two steps."""
    for (kind, key), state in after.items():
        old = before.get((kind, key), state)
        once = LEGAL[kind][old]
        twice = {then for step in once for then in LEGAL[kind][step]}
        assert state in {old} | once | twice, f"{kind} {key}: {old} -> {state}"


def _plain(transitions: Mapping[State, frozenset[State]]) -> dict[str, set[str]]:
    return {str(state): {str(after) for after in steps} for state, steps in transitions.items()}


LEGAL = {
    "run": _plain(RUN_TRANSITIONS),
    "blob": _plain(BLOB_TRANSITIONS),
    "transfer": _plain(TRANSFER_TRANSITIONS),
}
