"""What the ledger says, read from its tables by a process of its own."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import AttemptRow, BlobRow, DecisionRow, RunRow, TransferRow
from syncer.core.states import RunOutcome, RunState, TransferState
from tests.chaos.judge import Entry


def current(database: Database, mapping: str) -> list[Entry]:
    """The current decisions of the Mapping."""
    return _entries(database, DecisionRow.mapping == mapping, DecisionRow.to_run_id.is_(None))


def ended(database: Database, mapping: str, projects: Collection[str]) -> list[Entry]:
    """Every Transfer of these projects that has ended, of former decisions too."""
    of_projects = DecisionRow.project.in_(projects)
    state = TransferRow.state == TransferState.ENDED
    return _entries(database, DecisionRow.mapping == mapping, of_projects, state)


def _entries(database: Database, *conditions: object) -> list[Entry]:
    rows = (
        select(DecisionRow, TransferRow)
        .outerjoin(TransferRow, TransferRow.decision_id == DecisionRow.id)
        .where(*conditions)  # type: ignore[arg-type]  # conditions of SQLAlchemy
    )
    with database.read() as session:
        return [
            Entry(
                decision.project,
                decision.filename,
                decision.sha256,
                decision.kind,
                transfer.state if transfer else None,
                transfer.outcome if transfer else None,
            )
            for decision, transfer in session.execute(rows)
        ]


def highest_run(database: Database, mapping: str) -> int:
    """The newest Run of the Mapping, 0 without one."""
    with database.read() as session:
        return session.scalar(select(func.max(RunRow.id)).where(RunRow.mapping == mapping)) or 0


def complete_runs(database: Database, after: int) -> list[tuple[int, str]]:
    """Finished Runs of whole Mappings with a green outcome beyond that one: Run and Mapping."""
    green = (RunRow.id > after, RunRow.outcome == RunOutcome.COMPLETE, RunRow.dry_run.is_(False))
    whole = select(RunRow.id, RunRow.mapping).where(*green, RunRow.project == "", RunRow.version == "")
    with database.read() as session:
        return [(row.id, row.mapping) for row in session.execute(whole)]


def picture(database: Database) -> str:
    """What is unfinished, for a person who looks for the cause."""
    with database.read() as session:
        runs = session.scalars(select(RunRow).where(RunRow.state != RunState.FINISHED)).all()
        done = session.scalars(select(RunRow).order_by(RunRow.id.desc()).limit(6)).all()
        transfers = session.scalars(select(TransferRow).where(TransferRow.state != TransferState.ENDED)).all()
        blobs = session.scalars(select(BlobRow).where(BlobRow.state.in_(["wanted", "fetching"]))).all()
        tries = session.scalars(select(AttemptRow).order_by(AttemptRow.id.desc()).limit(12)).all()
        return "\n".join(_line(row) for row in (*runs, *done, *transfers, *blobs, *tries))


def _line(row: object) -> str:
    columns = row.__table__.columns.keys()  # type: ignore[attr-defined]  # every row has a table
    shown = {name: getattr(row, name) for name in columns}
    return f"{type(row).__name__} " + " ".join(f"{k}={v}" for k, v in shown.items() if v not in (None, "", 0))
