"""The audit: records are only ever added, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.orm import Session

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import AuditRow
from syncer.adapters.database.statements import table_of
from syncer.adapters.database.text import storable
from syncer.core.audit import GENESIS, Entry, Record, digest_of

_audit = table_of(AuditRow)
_HEAD = select(_audit.c.digest).order_by(_audit.c.id.desc()).limit(1)
_NEW = insert(_audit)
_NEWEST = select(_audit).order_by(_audit.c.id.desc()).limit(1)
_AFTER = select(_audit).where(_audit.c.id > bindparam("after")).order_by(_audit.c.id)
#: PostgreSQL lets one transaction at a time append; SQLite lets one at a time write.
_ALONE = text("SELECT pg_advisory_xact_lock(7312056201)")


class DatabaseAudit:
    """AuditLedger on a table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, entry: Entry, now: datetime) -> None:
        """The Entry is the newest record."""
        entry = Entry(
            entry.action, storable(entry.actor), entry.mapping, storable(entry.subject), entry.detail
        )
        with self._database.write() as session:
            previous = _head(session)
            row = {
                "at": now.astimezone(UTC),
                "actor": entry.actor,
                "action": entry.action,
                "mapping": entry.mapping,
                "subject": entry.subject,
                "detail": entry.detail_text,
                "previous": previous,
                "digest": digest_of(previous, now, entry),
            }
            session.execute(_NEW, row)

    def read(self, after: int = 0, limit: int = 1000) -> Sequence[Record]:
        """The records after that one, oldest first."""
        with self._database.read() as session:
            found = session.execute(_AFTER.limit(limit), {"after": after})
            return [Record(**row._mapping) for row in found]  # noqa: SLF001  # SQLAlchemy's public name

    def head(self) -> Record | None:
        """The newest record."""
        with self._database.read() as session:
            row = session.execute(_NEWEST).first()
            return Record(**row._mapping) if row else None  # noqa: SLF001  # SQLAlchemy's public name


def _head(session: Session) -> str:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_ALONE)
    return session.scalar(_HEAD) or GENESIS
