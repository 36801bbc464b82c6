"""Servers that failed so often in a row that they are left alone for moments: the open circuits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from syncer.adapters.database.schema import CircuitRow
from syncer.core.circuit import OPENS_AFTER
from syncer.core.model import Mapping

#: Seconds after the end of a pause in which somebody would have asked again if anything needed the server.
NEEDED_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class FailingServer:
    """A server that no worker asks before ``open_until``; then one alone finds out whether it is back."""

    server: str
    failures: int
    open_until: datetime | None
    probing: bool
    error: str

    def __str__(self) -> str:
        return (
            f"{self.server} failed {self.failures} times in a row and is left alone for moments: {self.error}"
        )


def failing_servers(
    session: Session, mappings: Iterable[Mapping], now: datetime
) -> tuple[FailingServer, ...]:
    """Those that a configured Mapping needs, and that somebody needed lately; others are nobody's trouble."""
    lately = now - timedelta(seconds=NEEDED_WITHIN)
    needed = {name for one in mappings for name in (one.source.url, str(one.source), one.target.url)}
    failing = (CircuitRow.failures >= OPENS_AFTER, CircuitRow.open_until >= lately)
    rows = select(CircuitRow).where(*failing).order_by(CircuitRow.server)
    return tuple(_failing(row, now) for row in session.scalars(rows) if row.server in needed)


def _failing(row: CircuitRow, now: datetime) -> FailingServer:
    probing = row.open_until is None or row.open_until <= now
    return FailingServer(row.server, row.failures, row.open_until, probing, row.error)
