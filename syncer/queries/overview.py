"""How every Mapping stands now. Nothing is green that was not proved, and lately."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, String, and_, column, func, select, values
from sqlalchemy.orm import Session

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import DecisionRow, RunRow, TransferRow
from syncer.adapters.database.scopes import CURRENT
from syncer.core.model import Mapping
from syncer.core.plan import DecisionKind
from syncer.core.states import OPEN_RUN, RunOutcome, RunState, TransferState
from syncer.queries.life import SignOfLife, age, is_recent, signs_of_life
from syncer.queries.rows import FileCounts, FileRow, file_counts, file_rows, select_files, select_statuses
from syncer.queries.runs import RunSummary, run_summary
from syncer.queries.statuses import FileStatus, by_kind, file_status, may_lack

#: How many files that are not at their target the overview names.
PROBLEMS_SHOWN = 20
_QUIET = (FileStatus.SYNCED, FileStatus.WAITING, FileStatus.UNVERIFIED)
#: A Mapping is stale when it was not complete for this many intervals and a minute.
STALE_INTERVALS = 3
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
    that is not finished. ``stale`` says that too much time has passed since everything was complete,
    whatever the state; ``age_seconds`` is that time, None when it never was.
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


@dataclass(frozen=True, slots=True)
class Overview:
    """Every configured Mapping, the first files that need somebody, and who is alive."""

    at: datetime
    mappings: tuple[MappingStatus, ...]
    problems: tuple[FileRow, ...]
    beat: SignOfLife
    workers: tuple[SignOfLife, ...]


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the rows say of one Mapping."""

    counts: FileCounts
    unread: bool
    last: RunSummary | None
    complete: RunSummary | None
    open: RunSummary | None
    first_seen: datetime | None


def overview(
    database: Database, mappings: Dict[str, Mapping], now: datetime, since: datetime | None = None
) -> Overview:
    """Everything at one moment; raises RemoteUnavailable when the database does not answer.

    ``since`` is when somebody began to expect Runs: a Mapping that never ran is stale after that.
    """
    with database.read() as session:
        return read_overview(session, mappings, now, since)


def read_overview(
    session: Session, mappings: Dict[str, Mapping], now: datetime, since: datetime | None = None
) -> Overview:
    """The same within a transaction that reads more."""
    facts = _facts(session, mappings)
    beat, workers = signs_of_life(session, now)
    return Overview(
        at=now,
        mappings=tuple(_status(mapping, facts[name], now, since) for name, mapping in mappings.items()),
        problems=_problems(session, list(mappings)),
        beat=beat,
        workers=workers,
    )


def _status(mapping: Mapping, facts: _Facts, now: datetime, since: datetime | None) -> MappingStatus:
    stale_after = STALE_INTERVALS * mapping.interval + STALE_EXTRA
    complete_at = facts.complete.finished_at if facts.complete else None
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
    """Whether the last Run proved completeness and nothing that was recorded since denies it."""
    proved = facts.last is not None and facts.last.outcome == RunOutcome.COMPLETE
    return proved and facts.counts.missing == 0 and not facts.unread


def _is_planning(run: RunSummary | None) -> bool:
    return run is not None and run.state == RunState.PLANNING


def _facts(session: Session, mappings: Dict[str, Mapping]) -> dict[str, _Facts]:
    names = list(mappings)
    counts, unread = _counts(session, names), _unread(session)
    unfinished = _unfinished(session)
    history = {row.name: row for row in session.execute(_history(mappings))} if names else {}
    runs = _load(session, [run for row in history.values() for run in (row.last_id, row.complete_id)])
    return {
        name: _Facts(
            counts=file_counts(counts[name]),
            unread=name in unread,
            last=runs.get(row.last_id),
            complete=runs.get(row.complete_id),
            open=unfinished.get(name),
            first_seen=row.first_seen,
        )
        for name, row in history.items()
    }


def _counts(session: Session, names: list[str]) -> dict[str, dict[str, int]]:
    """By Mapping and status. Most files need no look at a Transfer: an index alone counts those."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    inside = (CURRENT, DecisionRow.mapping.in_(names))
    kinds = select(DecisionRow.mapping, DecisionRow.kind, func.count().label("number"))
    settled = kinds.where(*inside, DecisionRow.kind != DecisionKind.COPY)
    for row in session.execute(settled.group_by(DecisionRow.mapping, DecisionRow.kind)):
        counts[row.mapping][by_kind(row.kind)] += row.number
    copies = (
        select_statuses(DecisionRow.mapping).where(*inside, DecisionRow.kind == DecisionKind.COPY).subquery()
    )
    statuses = select(copies.c.mapping, copies.c.status, func.count().label("number"))
    for row in session.execute(statuses.group_by(copies.c.mapping, copies.c.status)):
        counts[row.mapping][row.status] += row.number
    return counts


def _unread(session: Session) -> frozenset[str]:
    """Mappings with an upload that was not read back, one of a decision that was replaced included."""
    under_way = TransferRow.state.in_([TransferState.UPLOADING, TransferState.UPLOADED])
    mappings = select(DecisionRow.mapping).join(TransferRow, TransferRow.decision_id == DecisionRow.id)
    return frozenset(session.scalars(mappings.where(under_way).distinct()))


def _unfinished(session: Session) -> dict[str, RunSummary]:
    """The open Run of each Mapping, else the one that was requested first."""
    states = [RunState.REQUESTED, *OPEN_RUN]
    rows = session.scalars(select(RunRow).where(RunRow.state.in_(states)).order_by(RunRow.id)).all()
    ordered = sorted(rows, key=lambda row: row.state == RunState.REQUESTED)
    first: dict[str, RunSummary] = {}
    for row in ordered:
        first.setdefault(row.mapping, run_summary(row))
    return first


def _history(mappings: Dict[str, Mapping]) -> Any:
    """By Mapping: its last finished whole Run, its last complete one, and when it was first asked for.

    A Run of another Source or Target, which the Mapping connected earlier, says nothing of it now.
    """
    known = [(each.name, str(each.source), str(each.target)) for each in mappings.values()]
    columns = (column("name", String), column("source", String), column("target", String))
    wanted = values(*columns, name="wanted").data(known).cte()
    of_mapping = and_(
        RunRow.mapping == wanted.c.name,
        RunRow.source == wanted.c.source,
        RunRow.target == wanted.c.target,
    )
    whole = and_(of_mapping, _whole_run())
    newest = select(RunRow.id).order_by(RunRow.id.desc()).limit(1)
    first = select(RunRow.requested_at).where(of_mapping).order_by(RunRow.id).limit(1)
    return select(
        wanted.c.name,
        newest.where(whole).scalar_subquery().label("last_id"),
        newest.where(whole, RunRow.outcome == RunOutcome.COMPLETE).scalar_subquery().label("complete_id"),
        first.scalar_subquery().label("first_seen"),
    )


def _whole_run() -> ColumnElement[bool]:
    return and_(
        RunRow.outcome.is_not(None),  # as finished Runs have; asked so, SQLite takes the Mapping's index
        RunRow.dry_run.is_(False),
        RunRow.project == "",
        RunRow.version == "",
    )


def _load(session: Session, ids: Iterable[int | None]) -> dict[int | None, RunSummary]:
    wanted = {run_id for run_id in ids if run_id is not None}
    return {row.id: run_summary(row) for row in session.scalars(select(RunRow).where(RunRow.id.in_(wanted)))}


def _problems(session: Session, names: list[str]) -> tuple[FileRow, ...]:
    page = select_files().where(may_lack(names), file_status().not_in(_QUIET))
    return file_rows(session.execute(page.limit(PROBLEMS_SHOWN)))
