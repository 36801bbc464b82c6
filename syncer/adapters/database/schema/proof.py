"""What proves how things came to be, and what people decided: it outlives the Runs it speaks of."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from syncer.adapters.database.schema.base import Base


class AuditRow(Base):
    """What a person did, or what was written to a Target; each row's digest covers the one before.

    No row is ever changed or removed: triggers refuse it, and the digests show it.
    """

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str] = mapped_column(String(40))
    mapping: Mapped[str] = mapped_column(String(200), default="")
    subject: Mapped[str] = mapped_column(default="")
    detail: Mapped[str] = mapped_column(default="{}")
    previous: Mapped[str] = mapped_column(String(64), unique=True)
    digest: Mapped[str] = mapped_column(String(64))

    __table_args__ = (Index("ix_audit_mapping_subject", "mapping", "subject"),)


class RulingRow(Base):
    """What a person decided about two different contents of one name."""

    __tablename__ = "rulings"

    id: Mapped[int] = mapped_column(primary_key=True)
    mapping: Mapped[str] = mapped_column(String(200))
    project: Mapped[str]
    filename: Mapped[str]
    source_sha256: Mapped[str] = mapped_column(String(64))
    target_sha256: Mapped[str] = mapped_column(String(64))
    verdict: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str]
    actor: Mapped[str]
    decided_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("mapping", "project", "filename", "source_sha256", "target_sha256"),)


class WithdrawalRow(Base):
    """A file that this Mapping brought to its Target and that its Source no longer has."""

    __tablename__ = "withdrawals"

    id: Mapped[int] = mapped_column(primary_key=True)
    mapping: Mapped[str] = mapped_column(String(200))
    project: Mapped[str]
    version: Mapped[str]
    filename: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(20))
    gone_at: Mapped[datetime]
    run_id: Mapped[int | None]
    due_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")

    __table_args__ = (
        Index("ix_withdrawals_mapping_state", "mapping", "state", "due_at"),
        Index("ix_withdrawals_file", "mapping", "project", "filename"),
    )


class CheckRow(Base):
    """What came of fetching a file's bytes back from the Target, the last time."""

    __tablename__ = "checks"

    mapping: Mapped[str] = mapped_column(String(200), primary_key=True)
    project: Mapped[str] = mapped_column(primary_key=True)
    filename: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    found_sha256: Mapped[str] = mapped_column(String(64), default="")
    result: Mapped[str] = mapped_column(String(20))
    size: Mapped[int | None] = mapped_column(BigInteger)
    detail: Mapped[str] = mapped_column(default="")
    checked_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_checks_mapping_checked_at", "mapping", "checked_at"),
        # It holds all that counting takes.
        Index("ix_checks_mapping_result", "mapping", "result", "checked_at"),
    )


class StatementRow(Base):
    """The signed statement that both sides were equal when a Run was complete."""

    __tablename__ = "statements"

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    mapping: Mapped[str] = mapped_column(String(200))
    files: Mapped[int]
    manifest_sha256: Mapped[str] = mapped_column(String(64))
    envelope: Mapped[str]
    key_id: Mapped[str] = mapped_column(String(64))
    signed_at: Mapped[datetime]

    __table_args__ = (Index("ix_statements_mapping_run_id", "mapping", "run_id"),)
