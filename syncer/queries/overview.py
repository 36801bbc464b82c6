"""How every Mapping stands now. Nothing is green that was not proved, and lately."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import DecisionRow, TransferRow
from syncer.core.balance import Balance
from syncer.core.check import Progress
from syncer.core.model import Mapping
from syncer.core.states import RunOutcome, RunState, TransferState
from syncer.queries.balances import Left, sheet
from syncer.queries.checks import check_progress
from syncer.queries.history import history, load_runs, unfinished_runs
from syncer.queries.life import SignOfLife, age, is_recent, signs_of_life
from syncer.queries.rows import FileCounts, FileRow, file_counts, file_rows, select_files
from syncer.queries.runs import RunSummary
from syncer.queries.servers import FailingServer, failing_servers
from syncer.queries.standing import needs_somebody, status_counts
from syncer.queries.statuses import FileStatus
from syncer.queries.warnings import MappingWarning, standing_warnings

#: How many files that are not at their target the overview names.
PROBLEMS_SHOWN = 20
#: A Mapping is stale when it was not complete for so many intervals and a minute.
STALE_EXTRA = 60.0


class MappingState(StrEnum):
    """One word for a Mapping; only ``complete`` is green."""

    COMPLETE = "complete"
    SYNCING = "syncing"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    STALE = "stale"
    NEVER_RUN = "never_run"


@dataclass(frozen=True, slots=True)
class MappingStatus:
    """How one Mapping stands.

    ``last_run`` is the last finished Run of the whole Mapping that was no dry run, ``open_run`` the one
    that is not finished, ``last_complete_at`` is when the last complete one began to list. ``stale`` says
    that too much time has passed since then, whatever the state; ``age_seconds`` is that time, None when it
    never was complete. ``balance`` is the sheet of the last Run.
    """

    name: str
    source: str
    target: str
    interval: float
    state: str
    counts: FileCounts
    last_run: RunSummary | None
    open_run: RunSummary | None
    last_complete_at: datetime | None
    age_seconds: int | None
    stale_after_seconds: int
    stale: bool
    balance: Balance
    checks: Progress | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """Every configured Mapping, the first files that need somebody, who is alive, what fails or is unsafe."""

    at: datetime
    mappings: tuple[MappingStatus, ...]
    beat: SignOfLife
    workers: tuple[SignOfLife, ...]
    problems: tuple[FileRow, ...] = ()
    warnings: tuple[MappingWarning, ...] = ()
    failing: tuple[FailingServer, ...] = ()


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the rows say of one Mapping."""

    counts: FileCounts
    unread: bool
    last: RunSummary | None
    complete: RunSummary | None
    open: RunSummary | None
    first_seen: datetime | None
    balance: Balance
    checks: Progress | None


def overview(
    database: Database, mappings: Dict[str, Mapping], now: datetime, since: datetime | None = None
) -> Overview:
    """Everything at one moment; raises RemoteUnavailable when the database does not answer.

    ``since`` is when somebody began to expect Runs: a Mapping that never ran is stale after that.
    """
    with database.read() as session:
        seen = read_overview(session, mappings, now, since)
        return replace(seen, problems=_problems(session, list(mappings)))


def read_overview(
    session: Session, mappings: Dict[str, Mapping], now: datetime, since: datetime | None = None
) -> Overview:
    """The same within a transaction that reads more, and without the problems."""
    facts = _facts(session, mappings, now)
    beat, workers = signs_of_life(session, now)
    return Overview(
        at=now,
        mappings=tuple(_status(mapping, facts[name], now, since) for name, mapping in mappings.items()),
        failing=failing_servers(session, mappings.values(), now),
        beat=beat,
        workers=workers,
        warnings=standing_warnings(session, list(mappings)),
    )


def _status(mapping: Mapping, facts: _Facts, now: datetime, since: datetime | None) -> MappingStatus:
    stale_after = mapping.stale_intervals * mapping.interval + STALE_EXTRA
    # What a Run proves is as old as its listing, however long its files took.
    complete_at = facts.complete.started_at if facts.complete else None
    expected_from = complete_at or min(filter(None, (since, facts.first_seen)), default=None)
    fresh = is_recent(expected_from, now, stale_after)
    return MappingStatus(
        name=mapping.name,
        source=str(mapping.source),
        target=str(mapping.target),
        interval=mapping.interval,
        state=_state(facts, fresh=fresh),
        counts=facts.counts,
        last_run=facts.last,
        open_run=facts.open,
        last_complete_at=complete_at,
        age_seconds=age(complete_at, now),
        stale_after_seconds=int(stale_after),
        stale=expected_from is not None and not fresh,
        checks=facts.checks,
        balance=facts.balance,
    )


def _state(facts: _Facts, *, fresh: bool) -> MappingState:
    whole = _is_whole(facts)
    moving = facts.open is not None and facts.open.state != RunState.REQUESTED
    if whole and fresh:
        return MappingState.COMPLETE
    if moving and (facts.last is None or not _is_planning(facts.open)):
        return MappingState.SYNCING
    if facts.last is None:
        return MappingState.NEVER_RUN
    if facts.last.outcome == RunOutcome.FAILED:
        return MappingState.FAILED
    return MappingState.STALE if whole else MappingState.INCOMPLETE


def _is_whole(facts: _Facts) -> bool:
    """Whether the last Run proved completeness and nothing that was recorded since denies it.

    A Run of an older version says complete without having counted what its balance needs.
    """
    proved = facts.last is not None and facts.last.outcome == RunOutcome.COMPLETE and facts.balance.agrees
    return proved and facts.counts.missing == 0 and not facts.unread


def _is_planning(run: RunSummary | None) -> bool:
    return run is not None and run.state == RunState.PLANNING


def _facts(session: Session, mappings: Dict[str, Mapping], now: datetime) -> dict[str, _Facts]:
    names = list(mappings)
    counts, unread = status_counts(session, names), _unread(session)
    synced = {name: counts[name][FileStatus.SYNCED] for name in names}
    checks = check_progress(session, mappings.values(), synced, now)
    unfinished = unfinished_runs(session)
    found = {row.name: row for row in session.execute(history(mappings))} if names else {}
    runs = load_runs(session, [run for row in found.values() for run in (row.last_id, row.complete_id)])
    return {
        name: _Facts(
            counts=file_counts(counts[name]),
            unread=name in unread,
            last=runs.get(row.last_id),
            complete=runs.get(row.complete_id),
            open=unfinished.get(name),
            first_seen=row.first_seen,
            balance=sheet(
                runs.get(row.last_id), file_counts(counts[name]), Left(row.left_listed, row.left_selected)
            ),
            checks=checks.get(name),
        )
        for name, row in found.items()
    }


def _unread(session: Session) -> frozenset[str]:
    """Mappings with an upload that was not read back, one of a decision that was replaced included."""
    under_way = TransferRow.state.in_([TransferState.UPLOADING, TransferState.UPLOADED])
    mappings = select(DecisionRow.mapping).join(TransferRow, TransferRow.decision_id == DecisionRow.id)
    return frozenset(session.scalars(mappings.where(under_way).distinct()))


def _problems(session: Session, names: list[str]) -> tuple[FileRow, ...]:
    page = select_files().where(needs_somebody(names)).limit(PROBLEMS_SHOWN)
    return file_rows(session.execute(page))
