"""What was asked for and what was decided: Runs and decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from syncer.adapters.database.schema.base import Base
from syncer.core.states import OPEN_RUN, RunState


def _open_run() -> Any:
    states = ", ".join(f"'{state}'" for state in sorted(OPEN_RUN))
    return text(f"state IN ({states})")


class RunRow(Base):
    """One pass over one Mapping."""

    __tablename__ = "runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    mapping: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(default="")
    target: Mapped[str] = mapped_column(default="")
    trigger: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    outcome: Mapped[str | None] = mapped_column(String(20))
    project: Mapped[str] = mapped_column(default="")
    version: Mapped[str] = mapped_column(default="")
    force: Mapped[bool] = mapped_column(default=False)
    dry_run: Mapped[bool] = mapped_column(default=False)
    depth: Mapped[str] = mapped_column(String(20), default="full", server_default="full")
    task_id: Mapped[str] = mapped_column(String(64), default="")
    expects: Mapped[str] = mapped_column(String(64), default="", server_default=text("''"))
    requested_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    planned_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    worker: Mapped[str] = mapped_column(default="")
    attempt: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    stated_releases: Mapped[int | None]
    read_releases: Mapped[int | None]
    listed_files: Mapped[int | None]
    decided_files: Mapped[int | None]
    excluded_files: Mapped[int | None]
    selected_files: Mapped[int | None]
    proved_files: Mapped[int | None]
    error_code: Mapped[str] = mapped_column(default="")
    error: Mapped[str] = mapped_column(default="")
    next_step: Mapped[str] = mapped_column(default="")

    __table_args__ = (
        Index("uq_runs_open", "mapping", unique=True, sqlite_where=_open_run(), postgresql_where=_open_run()),
        Index(
            "uq_runs_scheduled",
            "mapping",
            unique=True,
            sqlite_where=text(f"state = '{RunState.REQUESTED}' AND \"trigger\" = 'schedule'"),
            postgresql_where=text(f"state = '{RunState.REQUESTED}' AND \"trigger\" = 'schedule'"),
        ),
        Index("ix_runs_mapping_id", "mapping", "id"),
        Index(
            "ix_runs_complete",
            "mapping",
            "id",
            sqlite_where=text("outcome = 'complete'"),
            postgresql_where=text("outcome = 'complete'"),
        ),
        Index("ix_runs_state", "state"),
        Index("ix_runs_task_id", "task_id"),
    )


class LookRow(Base):
    """What the last recorded Run of a Mapping saw, from which the next one may begin."""

    __tablename__ = "looks"

    mapping: Mapped[str] = mapped_column(String(200), primary_key=True)
    rule: Mapped[str]
    full_at: Mapped[datetime]
    full_seconds: Mapped[float]
    seen_at: Mapped[datetime]
    stated: Mapped[int]
    proved_at: Mapped[datetime]
    recent: Mapped[str]
    target_state: Mapped[str]
    held: Mapped[str] = mapped_column(String(64), default="", server_default=text("''"))
    listed_files: Mapped[int | None]
    selected_files: Mapped[int | None]


class DecisionRow(Base):
    """What the planner said of one file, from one Run until the Run that said otherwise."""

    __tablename__ = "decisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    mapping: Mapped[str] = mapped_column(String(200))
    project: Mapped[str]
    version: Mapped[str]
    filename: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int | None] = mapped_column(BigInteger)
    requires_python: Mapped[str] = mapped_column(default="")
    locator: Mapped[str] = mapped_column(default="")
    repository: Mapped[str] = mapped_column(default="")
    release_id: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str]
    target_sha256: Mapped[str] = mapped_column(String(64), default="")
    overwrite: Mapped[bool] = mapped_column(default=False)
    from_run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    to_run_id: Mapped[int | None] = mapped_column(ForeignKey("runs.id"))
    decided_at: Mapped[datetime]

    __table_args__ = (
        Index(
            "uq_decisions_current",
            "mapping",
            "project",
            "filename",
            unique=True,
            sqlite_where=text("to_run_id IS NULL"),
            postgresql_where=text("to_run_id IS NULL"),
        ),
        # Those that count what is current end in to_run_id, as SQLite would look into each row for it.
        Index(
            "ix_decisions_current_kind",
            "mapping",
            "kind",
            "to_run_id",
            sqlite_where=text("to_run_id IS NULL"),
            postgresql_where=text("to_run_id IS NULL"),
        ),
        Index(
            "ix_decisions_current_version",
            "mapping",
            "project",
            "version",
            "kind",
            "to_run_id",
            sqlite_where=text("to_run_id IS NULL"),
            postgresql_where=text("to_run_id IS NULL"),
        ),
        # By project first: asked about a whole Mapping, SQLite would take this one, and read all its history.
        Index("ix_decisions_project_mapping", "project", "mapping"),
        Index("ix_decisions_from_run_id", "from_run_id", "project", "filename"),
        Index("ix_decisions_from_run_id_kind", "from_run_id", "kind", "to_run_id", "id"),
        Index(
            "ix_decisions_to_run_id",
            "to_run_id",
            sqlite_where=text("to_run_id IS NOT NULL"),
            postgresql_where=text("to_run_id IS NOT NULL"),
        ),
        Index("ix_decisions_sha256", "sha256"),
        Index("ix_decisions_filename", "filename"),
    )
