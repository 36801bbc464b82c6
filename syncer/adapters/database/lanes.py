"""Lanes: how many uploads a server gets at once, over all workers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, update

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import LaneRow
from syncer.adapters.database.statements import changed, insert_new
from syncer.ports.claims import Lane


class DatabaseLanes:
    """LaneLedger on tables: a row is a held lane, no row or an expired one is a free lane."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, server: str, width: int, holder: str, now: datetime, lease: float) -> Lane | None:
        """A free lane is held."""
        until = now + timedelta(seconds=lease)
        for slot in range(width):
            with self._database.write() as session:
                free = delete(LaneRow).where(
                    LaneRow.server == server, LaneRow.slot == slot, LaneRow.lease_until < now
                )
                session.execute(free)
                row = {"server": server, "slot": slot, "holder": holder, "lease_until": until}
                insert_new(session, LaneRow, [row])
                held = session.get(LaneRow, (server, slot))
                # None when its holder gave it back in this very moment, and wakes the next one itself.
                if held is not None and held.holder == holder:
                    return Lane(server, slot, holder)
        return None

    def extend(self, lane: Lane, until: datetime) -> bool:
        """The lease lasts until then."""
        with self._database.write() as session:
            return bool(changed(session, update(LaneRow).where(_held(lane)).values(lease_until=until)))

    def release(self, lane: Lane) -> None:
        """The lane is free."""
        with self._database.write() as session:
            session.execute(delete(LaneRow).where(_held(lane)))


def _held(lane: Lane) -> Any:
    return and_(LaneRow.server == lane.server, LaneRow.slot == lane.slot, LaneRow.holder == lane.holder)
