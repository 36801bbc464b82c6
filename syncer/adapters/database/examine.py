"""What a database tells of itself, reading alone; one that is not there yet is not made."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from syncer.adapters.database.engine import Database
from syncer.adapters.database.revision import HEAD, revision_of
from syncer.adapters.looking import Now
from syncer.core.diagnosis.facts import Clock, DatabaseFacts

_KINDS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def look_at_database(url: str, now: Now, *, embedded: bool) -> DatabaseFacts:
    """Version, revision and clock; raises RemoteUnavailable when it does not answer."""
    database = Database(url)
    try:
        file = database.url.database if database.url.get_backend_name() == "sqlite" else None
        if file and not Path(file).exists():
            return DatabaseFacts("SQLite", sqlite3.sqlite_version, None, HEAD, embedded)
        with database.read() as session:
            return _facts(session.connection(), now, embedded=embedded)
    finally:
        database.dispose()


def _facts(connection: Connection, now: Now, *, embedded: bool) -> DatabaseFacts:
    name = connection.dialect.name
    version: str = sqlite3.sqlite_version
    clock = None
    if name == "postgresql":
        version = str(connection.scalar(text("SHOW server_version")))
        before = now()
        theirs: Any = connection.scalar(text("SELECT clock_timestamp()"))
        took = (now() - before).total_seconds()
        clock = _clock(theirs, before, took)
    revision = revision_of(connection)
    return DatabaseFacts(_KINDS.get(name, name), version, revision, HEAD, embedded, clock)


def _clock(theirs: Any, before: datetime, took: float) -> Clock | None:
    if not isinstance(theirs, datetime):
        return None
    theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
    return Clock(theirs, before + timedelta(seconds=took / 2), took / 2)
