"""What workers tell each other: lanes, circuits, tasks, signs of life, warnings."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from syncer.adapters.database.schema.base import Base


class LaneRow(Base):
    """One of the few transfers that a server gets at once."""

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


class PaceRow(Base):
    """A server that was overloaded: it was given ``width`` requests at once at that time."""

    __tablename__ = "paces"

    server: Mapped[str] = mapped_column(primary_key=True)
    width: Mapped[int]
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


class WarningRow(Base):
    """What works today and ought to be mended; it stands until a look at its Mapping finds it gone."""

    __tablename__ = "warnings"

    mapping: Mapped[str] = mapped_column(String(200), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    next_step: Mapped[str]
    since: Mapped[datetime]
