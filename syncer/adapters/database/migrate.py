"""Which revision the database has, which the code wants, and how to get there."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from syncer.adapters.database.engine import Database
from syncer.core.errors import SyncerError

_PACKAGE = Path(__file__).resolve().parents[2]


class WrongRevision(SyncerError):
    """The database's tables are not those that this version of the code works on."""


def upgrade(database: Database) -> str:
    """Every migration has been applied; the revision that the database has now."""
    with database.write() as session:
        connection = session.connection()
        if _current(connection) != head():
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
        raise WrongRevision(
            f"The database is at revision {found or 'none'}, this version needs {head()}.",
            "It was not migrated after an upgrade, or it is newer than this version.",
            "Run `syncer db upgrade` with the newest version installed, then start the workers again.",
        )


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    """In a checkout the migrations stand beside the package, in a wheel inside of it."""
    inside = _PACKAGE / "_alembic"
    config = Config()
    config.set_main_option("script_location", str(inside if inside.is_dir() else _PACKAGE.parent / "alembic"))
    return config
