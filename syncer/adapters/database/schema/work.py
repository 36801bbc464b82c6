"""What is carried out: Blobs, Transfers and their Attempts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from syncer.adapters.database.schema.base import Base


class Claimable:
    """What a worker claims, tries, and may have to try again.

    ``attempt`` only grows and fences claims; ``tries`` and ``deaths`` count since it was last wanted.
    What waits for one server is taken by its ``turn``, its place among the files of its Run.
    """

    turn: Mapped[int] = mapped_column(default=0, server_default="0")
    attempt: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    deaths: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str] = mapped_column(default="")
    lease_until: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class BlobRow(Claimable, Base):
    """Bytes by sha256: fetched once, uploaded to as many Targets as need them."""

    __tablename__ = "blobs"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    server: Mapped[str] = mapped_column(default="", server_default=text("''"))
    state: Mapped[str] = mapped_column(String(20))
    size: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ix_blobs_state_next_attempt_at", "state", "next_attempt_at"),
        Index("ix_blobs_server_state_turn", "server", "state", "turn"),
    )


class TransferRow(Claimable, Base):
    """The recorded job of carrying out one Copy; a Copy has exactly one.

    ``stands_for`` is the Mapping while that Copy is its current decision, and None when it was replaced.
    """

    __tablename__ = "transfers"

    id: Mapped[int] = mapped_column(primary_key=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decisions.id"), unique=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    stands_for: Mapped[str | None] = mapped_column(String(200))
    server: Mapped[str]
    state: Mapped[str] = mapped_column(String(20))
    outcome: Mapped[str | None] = mapped_column(String(20))
    answer: Mapped[str] = mapped_column(default="")
    requires_python: Mapped[str] = mapped_column(default="")
    read_back_sha256: Mapped[str] = mapped_column(String(64), default="", server_default=text("''"))
    error_code: Mapped[str] = mapped_column(default="")
    error: Mapped[str] = mapped_column(default="")
    next_step: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        # These two hold all that counting takes.
        Index("ix_transfers_stands_for", "stands_for", "state", "outcome", "error_code", "decision_id"),
        Index("ix_transfers_run_id", "run_id", "state", "outcome", "error_code", "decision_id"),
        Index("ix_transfers_state_server", "state", "server", "next_attempt_at"),
        Index("ix_transfers_server_state_turn", "server", "state", "turn", "id"),
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
