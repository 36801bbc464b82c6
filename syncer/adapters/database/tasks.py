"""Celery tasks and signs of life."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import HeartbeatRow, TaskRow
from syncer.adapters.database.statements import changed, insert_new
from syncer.ports.claims import TaskRecord


class DatabaseTasks:
    """TaskLedger on tables; JSON throughout."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def store(self, record: TaskRecord, now: datetime) -> None:
        """The task stands as given; what an earlier record knew and this one does not is kept."""
        values = _values(record, now)
        with self._database.write() as session:
            known = {key: value for key, value in values.items() if value not in ("", None)}
            if not changed(session, update(TaskRow).where(TaskRow.id == record.id).values(**known)):
                insert_new(session, TaskRow, [{"id": record.id, **values}])

    def get(self, task_id: str) -> TaskRecord | None:
        """The task, None when nothing was recorded of it."""
        with self._database.read() as session:
            row = session.get(TaskRow, task_id)
            return _record(row) if row is not None else None

    def forget(self, task_id: str) -> None:
        """Nothing is recorded of the task."""
        with self._database.write() as session:
            session.execute(delete(TaskRow).where(TaskRow.id == task_id))


def _values(record: TaskRecord, now: datetime) -> dict[str, Any]:
    return {
        "name": record.name,
        "state": record.state,
        "result": json.dumps(record.result, default=str),
        "traceback": record.traceback,
        "worker": record.worker,
        "run_id": record.run_id,
        "done_at": now,
    }


def _record(row: TaskRow) -> TaskRecord:
    return TaskRecord(
        id=row.id,
        name=row.name,
        state=row.state,
        result=json.loads(row.result),
        traceback=row.traceback,
        worker=row.worker,
        run_id=row.run_id,
        done_at=row.done_at,
    )


class DatabaseHeartbeats:
    """HeartbeatLedger on tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def beat(self, name: str, now: datetime, about: str = "") -> None:
        """The named process was alive then."""
        with self._database.write() as session:
            seen = update(HeartbeatRow).where(HeartbeatRow.name == name).values(seen_at=now, about=about)
            if not changed(session, seen):
                insert_new(session, HeartbeatRow, [{"name": name, "seen_at": now, "about": about}])

    def gone(self, name: str) -> None:
        """The named process has stopped on purpose."""
        with self._database.write() as session:
            session.execute(delete(HeartbeatRow).where(HeartbeatRow.name == name))
