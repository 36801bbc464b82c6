"""Which revision the database has, which the code wants, and how to get there."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select

from syncer.adapters.database.engine import Database
from syncer.core.errors import SyncerError

#: PostgreSQL's advisory locks are numbers; this one is ours within our database.
_MIGRATING = 7_305_182
_PACKAGE = Path(__file__).resolve().parents[2]


class WrongRevision(SyncerError):
    """The database's tables are not those that this version of the code works on."""


def upgrade(database: Database) -> str:
    """Every migration has been applied, by one process; the revision that the database has now.

    Raises WrongRevision for a database that a newer version has migrated.
    """
    with database.write() as session:
        connection = session.connection()
        _one_at_a_time(connection)
        found = _current(connection)
        if found not in (None, *_known()):
            raise _wrong(found)
        if found != head():
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    return head()


def current(database: Database) -> str | None:
    """The revision that the database has, None when it has no tables of ours."""
    with database.read() as session:
        return _current(session.connection())


def head() -> str:
    """The revision that this version of the code works on."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def require_head(database: Database) -> None:
    """Raise WrongRevision unless the database is at the revision of the code."""
    found = current(database)
    if found != head():
        raise _wrong(found)


def _wrong(found: str | None) -> WrongRevision:
    return WrongRevision(
        f"The database is at revision {found or 'none'}, this version needs {head()}.",
        "It was not migrated after an upgrade, or it is newer than this version.",
        "Run `syncer db upgrade` with the newest version installed, then start the workers again.",
    )


def _one_at_a_time(connection: Connection) -> None:
    """Wait for a process that is just migrating; SQLite's write lock, taken already, does the same."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_MIGRATING)))


def _known() -> list[str]:
    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    """In a checkout the migrations stand beside the package, in a wheel inside of it."""
    inside = _PACKAGE / "_alembic"
    config = Config()
    config.set_main_option("script_location", str(inside if inside.is_dir() else _PACKAGE.parent / "alembic"))
    return config
