"""Which revision the database has, and which one the code works on; costs no import of alembic."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

from syncer.adapters.database.engine import Database
from syncer.core.errors import SyncerError

#: The newest of alembic's revisions; a test holds both equal.
HEAD = "0006"


class WrongRevision(SyncerError):
    """The database's tables are not those that this version of the code works on."""


def current(database: Database) -> str | None:
    """The revision that the database has, None when it has no tables of ours."""
    with database.read() as session:
        return revision_of(session.connection())


def revision_of(connection: Connection) -> str | None:
    """The same within a transaction."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return None if found is None else str(found)


def require_head(database: Database) -> None:
    """Raise WrongRevision unless the database is at the revision of the code."""
    found = current(database)
    if found != HEAD:
        raise wrong(found)


def wrong(found: str | None) -> WrongRevision:
    """What is to be done about a database of another version."""
    return WrongRevision(
        f"The database is at revision {found or 'none'}, this version needs {HEAD}.",
        "It was not migrated after an upgrade, or it is newer than this version.",
        "Run `syncer db upgrade` with the newest version installed, then start the workers again.",
    )
