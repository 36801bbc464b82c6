"""Who is alive: beat and the workers of each queue, by their heartbeats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from syncer.adapters.database.schema import HeartbeatRow
from syncer.core.retry import CLOCK_SKEW

#: Every queue needs at least one worker.
QUEUES = ("discover", "download", "upload", "housekeeping")
#: Seconds without a heartbeat after which a process counts as gone.
GONE_AFTER = 45.0

BEAT = "beat"
WORKER = "worker:"


@dataclass(frozen=True, slots=True)
class SignOfLife:
    """Whether something is alive; ``last_seen`` is None when it was never seen."""

    name: str
    alive: bool
    last_seen: datetime | None = None
    age_seconds: int | None = None
    workers: tuple[str, ...] = ()


def is_recent(moment: datetime | None, now: datetime, within: float) -> bool:
    """Whether the moment lies at most ``within`` seconds back; one in the future proves nothing."""
    return moment is not None and -CLOCK_SKEW <= (now - moment).total_seconds() <= within


def age(moment: datetime | None, now: datetime) -> int | None:
    """Whole seconds since then, None when there was no such moment."""
    return None if moment is None else int((now - moment).total_seconds())


def signs_of_life(session: Session, now: datetime) -> tuple[SignOfLife, tuple[SignOfLife, ...]]:
    """Beat, and each queue with the workers that serve it now."""
    rows = session.scalars(select(HeartbeatRow)).all()
    beats = [row for row in rows if row.name == BEAT]
    served = {queue: [row for row in rows if _serves(row, queue)] for queue in QUEUES}
    return _sign(BEAT, beats, now), tuple(_sign(queue, found, now) for queue, found in served.items())


def _serves(row: HeartbeatRow, queue: str) -> bool:
    return row.name.startswith(WORKER) and queue in row.about.split(",")


def _sign(name: str, rows: Sequence[HeartbeatRow], now: datetime) -> SignOfLife:
    seen = max((row.seen_at for row in rows), default=None)
    alive = sorted(row.name.removeprefix(WORKER) for row in rows if is_recent(row.seen_at, now, GONE_AFTER))
    workers = tuple(alive) if name != BEAT else ()
    return SignOfLife(name, bool(alive), seen, age(seen, now), workers)
