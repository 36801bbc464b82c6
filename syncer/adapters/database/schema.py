"""The tables. Alembic's migrations create them; a test holds both equal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    MetaData,
    String,
    TypeDecorator,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from syncer.adapters.database.text import StorableText
from syncer.core.states import OPEN_RUN, RunState

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in UTC on every database; SQLite keeps no zone of its own."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # SQLAlchemy's signature
        """UTC goes in."""
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # SQLAlchemy's signature
        """UTC comes out."""
        if value is None:
            return None
        aware: datetime = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC)


class Base(DeclarativeBase):
    """The declarative base, with names for every constraint so that migrations can speak of them."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UtcDateTime, str: StorableText}  # noqa: RUF012  # SQLAlchemy's own name and type


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
    task_id: Mapped[str] = mapped_column(String(64), default="")
    requested_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    planned_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    worker: Mapped[str] = mapped_column(default="")
    attempt: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    stated_releases: Mapped[int | None]
    read_releases: Mapped[int | None]
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
        Index("ix_decisions_mapping_kind", "mapping", "to_run_id", "kind"),
        Index(
            "ix_decisions_current_version",
            "mapping",
            "project",
            "version",
            "kind",
            sqlite_where=text("to_run_id IS NULL"),
            postgresql_where=text("to_run_id IS NULL"),
        ),
        Index("ix_decisions_from_run_id", "from_run_id"),
        Index("ix_decisions_sha256", "sha256"),
        Index("ix_decisions_filename", "filename"),
    )


class BlobRow(Base):
    """Bytes by sha256: fetched once, uploaded to as many Targets as need them.

    ``attempt`` only grows and fences claims; ``tries`` and ``deaths`` count since it was last wanted.
    """

    __tablename__ = "blobs"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    size: Mapped[int | None] = mapped_column(BigInteger)
    attempt: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    deaths: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str] = mapped_column(default="")
    lease_until: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_blobs_state_next_attempt_at", "state", "next_attempt_at"),)


class TransferRow(Base):
    """The recorded job of carrying out one Copy; a Copy has exactly one.

    ``attempt`` only grows and fences claims; ``tries`` and ``deaths`` count since it was last opened.
    """

    __tablename__ = "transfers"

    id: Mapped[int] = mapped_column(primary_key=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decisions.id"), unique=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    server: Mapped[str]
    state: Mapped[str] = mapped_column(String(20))
    outcome: Mapped[str | None] = mapped_column(String(20))
    attempt: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    deaths: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str] = mapped_column(default="")
    lease_until: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(default="")
    requires_python: Mapped[str] = mapped_column(default="")
    error_code: Mapped[str] = mapped_column(default="")
    error: Mapped[str] = mapped_column(default="")
    next_step: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_transfers_run_id_state", "run_id", "state"),
        Index("ix_transfers_state_server", "state", "server", "next_attempt_at"),
    )


class AttemptRow(Base):
    """One try of a step: the download of a Blob, or the upload of a Transfer."""

    __tablename__ = "attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(String(20))
    sha256: Mapped[str] = mapped_column(String(64))
    transfer_id: Mapped[int | None] = mapped_column(ForeignKey("transfers.id"))
    number: Mapped[int]
    worker: Mapped[str] = mapped_column(default="")
    task_id: Mapped[str] = mapped_column(String(64), default="")
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    result: Mapped[str] = mapped_column(default="")
    error: Mapped[str] = mapped_column(default="")

    __table_args__ = (
        Index("ix_attempts_sha256", "sha256"),
        Index("ix_attempts_transfer_id", "transfer_id"),
        Index("ix_attempts_task_id", "task_id"),
    )


class LaneRow(Base):
    """One of the few uploads that a server gets at once."""

    __tablename__ = "lanes"

    server: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    holder: Mapped[str]
    lease_until: Mapped[datetime]


class CircuitRow(Base):
    """A server that failed when it was asked last; left alone until ``open_until``."""

    __tablename__ = "circuits"

    server: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    open_until: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="")
    changed_at: Mapped[datetime]


class TaskRow(Base):
    """One Celery task: what Flower, ``celery result`` and the status view read."""

    __tablename__ = "tasks"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(String(20))
    result: Mapped[str] = mapped_column(default="null")
    traceback: Mapped[str] = mapped_column(default="")
    worker: Mapped[str] = mapped_column(default="")
    run_id: Mapped[int | None]
    done_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_tasks_run_id", "run_id"), Index("ix_tasks_done_at", "done_at"))


class HeartbeatRow(Base):
    """When a process was last seen alive."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    seen_at: Mapped[datetime]
    about: Mapped[str] = mapped_column(default="")
