"""Which Runs say how each Mapping stands: the last ones that finished, and the one that has not."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Dict
from typing import Any

from sqlalchemy import ColumnElement, String, and_, column, select, values
from sqlalchemy.orm import Session

from syncer.adapters.database.schema import LookRow, RunRow
from syncer.core.model import Mapping
from syncer.core.states import OPEN_RUN, RunOutcome, RunState
from syncer.queries.runs import RunSummary, run_summary


def unfinished_runs(session: Session) -> dict[str, RunSummary]:
    """The open Run of each Mapping, else the one that was requested first."""
    states = [RunState.REQUESTED, *OPEN_RUN]
    rows = session.scalars(select(RunRow).where(RunRow.state.in_(states)).order_by(RunRow.id)).all()
    ordered = sorted(rows, key=lambda row: row.state == RunState.REQUESTED)
    first: dict[str, RunSummary] = {}
    for row in ordered:
        first.setdefault(row.mapping, run_summary(row))
    return first


def history(mappings: Dict[str, Mapping]) -> Any:
    """By Mapping: its last finished whole Run, its last complete one, and when it was first asked for.

    And how many files its last look left decided about, and selected.
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
        _left(LookRow.listed_files, wanted).label("left_listed"),
        _left(LookRow.selected_files, wanted).label("left_selected"),
    )


def _left(figure: Any, wanted: Any) -> Any:
    """What the last look at the Mapping counted."""
    return select(figure).where(LookRow.mapping == wanted.c.name).scalar_subquery()


def _whole_run() -> ColumnElement[bool]:
    return and_(
        RunRow.outcome.is_not(None),  # as finished Runs have; asked so, SQLite takes the Mapping's index
        RunRow.dry_run.is_(False),
        RunRow.project == "",
        RunRow.version == "",
    )


def load_runs(session: Session, ids: Iterable[int | None]) -> dict[int | None, RunSummary]:
    """The Runs of these ids, by id."""
    wanted = {run_id for run_id in ids if run_id is not None}
    return {row.id: run_summary(row) for row in session.scalars(select(RunRow).where(RunRow.id.in_(wanted)))}
