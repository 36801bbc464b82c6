"""Statements that both sides were equal, and what they are about."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import DecisionRow, RunRow, StatementRow
from syncer.adapters.database.scopes import CURRENT
from syncer.adapters.database.statements import insert_new
from syncer.core.look import Depth
from syncer.core.plan import DecisionKind
from syncer.core.states import RunOutcome
from syncer.ports.statements import Signed, WholeRun

#: What was decided of a file that is at both sides when its Run is complete.
_AT_BOTH = (DecisionKind.COPY, DecisionKind.ALREADY_THERE)
#: A look at what is new rests on the last full one, which has a statement of its own.
_WHOLE = (
    RunRow.outcome == RunOutcome.COMPLETE,
    RunRow.project == "",
    RunRow.version == "",
    RunRow.dry_run.is_(False),
    RunRow.depth == Depth.FULL,
)


class DatabaseStatements:
    """StatementLedger on a table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def unsigned(self) -> list[int]:
        """The last complete whole Run of each Mapping, where it has no statement."""
        last = select(func.max(RunRow.id)).where(*_WHOLE).group_by(RunRow.mapping)
        signed = select(StatementRow.run_id)
        wanted = select(RunRow.id).where(RunRow.id.in_(last), RunRow.id.not_in(signed)).order_by(RunRow.id)
        with self._database.read() as session:
            return list(session.scalars(wanted))

    def whole_run(self, run_id: int) -> WholeRun | None:
        """The Run with the files that its Plan named, None when it is no complete whole one."""
        with self._database.read() as session:
            run = session.scalar(select(RunRow).where(RunRow.id == run_id, *_WHOLE))
            if run is None or run.planned_at is None or run.finished_at is None:
                return None
            return WholeRun(
                run_id=run.id,
                mapping=run.mapping,
                source=run.source,
                target=run.target,
                depth=run.depth,
                started_at=run.started_at or run.requested_at,
                finished_at=run.finished_at,
                files=_files(session, run),
                stated_releases=run.stated_releases,
                read_releases=run.read_releases,
                listed_files=run.listed_files,
                decided_files=run.decided_files,
                proved_files=run.proved_files,
            )

    def keep(self, signed: Signed) -> None:
        """The Run has this statement; one that it has already stays."""
        row = {name: getattr(signed, name) for name in Signed.__dataclass_fields__}
        with self._database.write() as session:
            insert_new(session, StatementRow, [row])

    def find(self, mapping: str, run_id: int | None = None) -> Signed | None:
        """The statement of the Run, or the Mapping's newest one."""
        wanted = select(StatementRow).where(StatementRow.mapping == mapping)
        if run_id is not None:
            wanted = wanted.where(StatementRow.run_id == run_id)
        with self._database.read() as session:
            row = session.scalars(wanted.order_by(StatementRow.run_id.desc()).limit(1)).first()
            if row is None:
                return None
            return Signed(**{name: getattr(row, name) for name in Signed.__dataclass_fields__})


def _files(session: Session, run: RunRow) -> tuple[tuple[str, str, str], ...]:
    """What stood when the Run had planned: what stands now, and what later Runs replaced.

    One Run of a Mapping plans after the other, so their times tell which was first; their numbers do not,
    as one that was asked for later may be planned before.
    """
    replacing = aliased(RunRow)
    later = _decided_by(run).join(replacing, replacing.id == DecisionRow.to_run_id)
    replaced = later.where(replacing.mapping == run.mapping, replacing.planned_at > run.planned_at)
    found = [*session.execute(_decided_by(run).where(CURRENT)), *session.execute(replaced)]
    return tuple((row.project, row.filename, row.sha256) for row in found)


def _decided_by(run: RunRow) -> Any:
    """The decisions of the Mapping about files at both sides, made by that Run or before."""
    made = aliased(RunRow)
    return (
        select(DecisionRow.project, DecisionRow.filename, DecisionRow.sha256)
        .join(made, made.id == DecisionRow.from_run_id)
        .where(
            DecisionRow.mapping == run.mapping,
            DecisionRow.kind.in_(_AT_BOTH),
            made.planned_at <= run.planned_at,
        )
    )
