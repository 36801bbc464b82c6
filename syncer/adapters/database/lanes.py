"""Lanes: how many transfers a server gets at once, over all workers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, select, update

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import LaneRow, PaceRow, UtcDateTime
from syncer.adapters.database.statements import changed, insert_new, table_of
from syncer.core.pace import ONE_SIGN, narrowed, width_now
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

    def free(self, server: str, most: int, now: datetime) -> int:
        """How many lanes of the server nobody holds."""
        with self._database.read() as session:
            row = session.execute(_FREE, {"server": server, "now": now}).one()
            return max(0, _width(row, most, now) - int(row.taken))

    def extend(self, lane: Lane, until: datetime) -> bool:
        """The lease lasts until then."""
        with self._database.write() as session:
            return bool(changed(session, update(LaneRow).where(_held(lane)).values(lease_until=until)))

    def release(self, lane: Lane) -> None:
        """The lane is free."""
        with self._database.write() as session:
            session.execute(delete(LaneRow).where(_held(lane)))

    def width(self, server: str, most: int, now: datetime) -> int:
        """How many lanes the server has at that time."""
        with self._database.read() as session:
            row = session.execute(_PACE, {"server": server}).first()
            return most if row is None else _width(row, most, now)

    def narrow(self, server: str, most: int, now: datetime) -> None:
        """The server has half as many lanes; failures of the same moment count once."""
        with self._database.write() as session:
            new = {"server": server, "width": most, "changed_at": now - timedelta(seconds=ONE_SIGN)}
            insert_new(session, PaceRow, [new])
            pace = session.get_one(PaceRow, server, with_for_update=True)
            calm = (now - pace.changed_at).total_seconds()
            if abs(calm) >= ONE_SIGN:
                pace.width, pace.changed_at = narrowed(width_now(pace.width, calm, most)), now


# Asked for every file, and therefore built once.
_lanes, _paces = table_of(LaneRow), table_of(PaceRow)
_PACE = select(_paces.c.width, _paces.c.changed_at).where(_paces.c.server == bindparam("server"))
_TAKEN = select(func.count()).where(
    _lanes.c.server == bindparam("server"), _lanes.c.lease_until >= bindparam("now", type_=UtcDateTime())
)
_FREE = select(
    _TAKEN.scalar_subquery().label("taken"),
    _PACE.with_only_columns(_paces.c.width).scalar_subquery().label("width"),
    _PACE.with_only_columns(_paces.c.changed_at).scalar_subquery().label("changed_at"),
)


def _width(pace: Any, most: int, now: datetime) -> int:
    return (
        most if pace.width is None else width_now(pace.width, (now - pace.changed_at).total_seconds(), most)
    )


def _held(lane: Lane) -> Any:
    return and_(LaneRow.server == lane.server, LaneRow.slot == lane.slot, LaneRow.holder == lane.holder)
