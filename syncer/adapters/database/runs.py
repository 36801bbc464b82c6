"""Runs: requested, claimed, planned, settled."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from syncer.adapters.database.attempts import error_columns
from syncer.adapters.database.balance import before_recording, is_as_left, record_figures
from syncer.adapters.database.decisions import record_decisions, record_dry_run
from syncer.adapters.database.engine import Database, Taken
from syncer.adapters.database.looks import files_there, keep_look, last_look
from syncer.adapters.database.planning import hold_blobs, open_transfers
from syncer.adapters.database.schema import DecisionRow, RunRow, TransferRow
from syncer.adapters.database.scopes import CURRENT, all_at_target
from syncer.adapters.database.settling import holds, move
from syncer.adapters.database.statements import changed
from syncer.adapters.database.withdrawals import mark_gone, return_listed
from syncer.core.errors import SyncerError
from syncer.core.look import Depth, Look
from syncer.core.model import EVERYTHING, Scope
from syncer.core.plan import DecisionKind, Plan
from syncer.core.retry import MAX_DEATHS
from syncer.core.states import OPEN_RUN, RunOutcome, RunState, TransferState
from syncer.core.turns import in_turns
from syncer.ports.claims import PlannedWork, RunClaim, RunRequest, Seen, Worker

UNATTENDED = ("schedule", "webhook", "check")


class DatabaseRuns:
    """RunLedger on tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def request(self, request: RunRequest, now: datetime) -> int | None:
        """A Run is requested; a scheduled one only where none is unfinished."""
        try:
            with self._database.write() as session:
                if request.trigger == "schedule" and _unfinished(session, request.mapping):
                    return None
                run = _new_run(request, now)
                session.add(run)
                session.flush()
                return run.id
        except Taken:
            return None  # another beat asked in the same moment

    def claim(self, run_id: int, worker: Worker, now: datetime, lease: float) -> RunClaim | None:
        """The Run is planning; the unique index refuses a second open Run of its Mapping."""
        abandoned = and_(RunRow.state == RunState.PLANNING, RunRow.lease_until < now)
        take = (
            update(RunRow)
            .where(RunRow.id == run_id, or_(RunRow.state == RunState.REQUESTED, abandoned))
            .values(
                state=RunState.PLANNING,
                attempt=RunRow.attempt + 1,
                worker=worker.name,
                lease_until=now + timedelta(seconds=lease),
                started_at=now,
            )
        )
        try:
            with self._database.write() as session:
                return _claimed(session, run_id, now) if changed(session, take) else None
        except Taken:
            return None

    def extend(self, claim: RunClaim, until: datetime) -> bool:
        """The lease lasts until then."""
        with self._database.write() as session:
            return bool(changed(session, update(RunRow).where(_held(claim)).values(lease_until=until)))

    def record(self, claim: RunClaim, plan: Plan, seen: Seen, now: datetime) -> PlannedWork | None:
        """Decisions, Transfers and Blobs stand in one transaction."""
        with self._database.write() as session:
            if not changed(session, _planned(claim, seen, now)):
                return None
            if claim.dry_run:
                record_dry_run(session, claim, plan, now)
                return PlannedWork()
            before = before_recording(session, claim, seen)
            asked, claim = claim, replace(claim, scope=seen.scope or claim.scope)
            copies = in_turns(decision.file for decision in plan.of(DecisionKind.COPY))
            hold_blobs(session, copies, seen.source, now)
            record_decisions(session, claim, plan, now, withdraws=seen.depth is Depth.FULL)
            return_listed(session, claim, plan, now)
            if seen.depth is Depth.FULL:
                mark_gone(session, claim, seen.deletion, now)
            keep_look(session, claim.mapping, seen)
            record_figures(session, asked, plan, seen, before)
            return open_transfers(session, claim, copies, seen.server, now)

    def look(self, mapping: str) -> Look | None:
        """What the Mapping's last recorded Run saw."""
        with self._database.read() as session:
            return last_look(session, mapping)

    def is_whole(self, mapping: str) -> bool:
        """Whether every known file of the Mapping that is wanted is at its Target."""
        with self._database.read() as session:
            return all_at_target(session, mapping, EVERYTHING) and is_as_left(session, mapping)

    def held(self, mapping: str) -> frozenset[tuple[str, str, str]]:
        """The files (project, file name, sha256) that the Target held when its projects were listed."""
        with self._database.read() as session:
            return files_there(session, mapping)

    def knows(self, mapping: str) -> bool:
        """Whether a decision about some file of the Mapping stands."""
        with self._database.read() as session:
            return bool(session.scalar(select(exists().where(DecisionRow.mapping == mapping, CURRENT))))

    def fail(self, claim: RunClaim, error: SyncerError, now: datetime) -> bool:
        """The Run is finished as failed."""
        with self._database.write() as session:
            return bool(changed(session, update(RunRow).where(_held(claim)).values(**_failure(error, now))))

    def settle(self, run_id: int, now: datetime) -> RunState:
        """The Run has moved as far as its Transfers allow."""
        with self._database.write() as session:
            run = session.get_one(RunRow, run_id, with_for_update=True)
            if run.state in (RunState.TRANSFERRING, RunState.VERIFYING):
                move(session, run, now)
            return RunState(run.state)

    def state(self, run_id: int) -> tuple[RunState, RunOutcome | None]:
        """Where the Run is."""
        with self._database.read() as session:
            run = session.get_one(RunRow, run_id)
            return RunState(run.state), RunOutcome(run.outcome) if run.outcome else None

    def unsettled(self, now: datetime) -> list[tuple[int, str]]:
        """Runs, each with its Mapping, whose state is not the one that their Transfers say."""
        holding = exists().where(TransferRow.run_id == RunRow.id, holds(now))
        to_come = holding.where(TransferRow.state != TransferState.UPLOADED)
        done = and_(RunRow.state == RunState.TRANSFERRING, ~to_come)
        read = and_(RunRow.state == RunState.VERIFYING, or_(to_come, ~holding))
        with self._database.read() as session:
            found = session.execute(select(RunRow.id, RunRow.mapping).where(or_(done, read)))
            return [(row.id, row.mapping) for row in found]

    def startable(self, now: datetime) -> list[int]:
        """Runs to be planned: abandoned ones, and the oldest requested one of each idle Mapping."""
        other = aliased(RunRow)
        busy = exists().where(other.mapping == RunRow.mapping, other.state.in_(OPEN_RUN))
        older = exists().where(
            other.mapping == RunRow.mapping, other.state == RunState.REQUESTED, other.id < RunRow.id
        )
        waiting = and_(RunRow.state == RunState.REQUESTED, ~busy, ~older)
        abandoned = and_(RunRow.state == RunState.PLANNING, RunRow.lease_until < now)
        with self._database.read() as session:
            return list(session.scalars(select(RunRow.id).where(or_(waiting, abandoned))))


def _unfinished(session: Session, mapping: str) -> bool:
    unfinished = exists().where(RunRow.mapping == mapping, RunRow.state != RunState.FINISHED)
    return bool(session.scalar(select(unfinished)))


def _new_run(request: RunRequest, now: datetime) -> RunRow:
    return RunRow(
        mapping=request.mapping,
        source=request.source,
        target=request.target,
        trigger=request.trigger,
        state=RunState.REQUESTED,
        project=request.scope.project,
        version=request.scope.version,
        force=request.force,
        dry_run=request.dry_run,
        task_id=request.task_id,
        expects=request.expects,
        requested_at=now,
    )


def _claimed(session: Session, run_id: int, now: datetime) -> RunClaim | None:
    run = session.get_one(RunRow, run_id)
    if run.attempt > MAX_DEATHS:
        error = SyncerError(
            f"Planning run {run_id} ended without an answer {MAX_DEATHS} times.",
            "Its worker died each time, perhaps for lack of memory.",
            "Look at the workers' logs; the schedule goes on with a new run.",
        )
        session.execute(update(RunRow).where(RunRow.id == run_id).values(**_failure(error, now)))
        return None
    return RunClaim(
        id=run.id,
        attempt=run.attempt,
        mapping=run.mapping,
        scope=Scope(run.project, run.version),
        force=run.force,
        dry_run=run.dry_run,
        by_person=run.trigger not in UNATTENDED,
        is_scheduled=run.trigger == "schedule",
        expects=run.expects,
    )


def _held(claim: RunClaim) -> Any:
    return and_(RunRow.id == claim.id, RunRow.state == RunState.PLANNING, RunRow.attempt == claim.attempt)


def _planned(claim: RunClaim, seen: Seen, now: datetime) -> Any:
    ends = {"state": RunState.FINISHED, "outcome": RunOutcome.PLANNED, "finished_at": now}
    return (
        update(RunRow)
        .where(_held(claim))
        .values(
            planned_at=now,
            lease_until=None,
            depth=seen.depth,
            stated_releases=seen.listing.stated_releases,
            read_releases=seen.listing.read_releases,
            **(ends if claim.dry_run else {"state": RunState.TRANSFERRING}),
        )
    )


def _failure(error: SyncerError, now: datetime) -> dict[str, Any]:
    return {
        "state": RunState.FINISHED,
        "outcome": RunOutcome.FAILED,
        "finished_at": now,
        "lease_until": None,
        **error_columns(error),
    }
