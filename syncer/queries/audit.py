"""The newest records of the audit."""

from __future__ import annotations

from sqlalchemy import select

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import AuditRow
from syncer.core.audit import Record


def newest_records(database: Database, mapping: str | None = None, limit: int = 20) -> tuple[Record, ...]:
    """The newest records, of one Mapping or of all, the oldest of them first."""
    wanted = select(*AuditRow.__table__.columns).order_by(AuditRow.id.desc()).limit(limit)
    if mapping is not None:
        wanted = wanted.where(AuditRow.mapping == mapping)
    with database.read() as session:
        found = [Record(**row._mapping) for row in session.execute(wanted)]  # noqa: SLF001  # its public name
    return tuple(reversed(found))
