"""From whatever revision the database has to the one that the code works on."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select

from syncer.adapters.database.engine import Database
from syncer.adapters.database.revision import HEAD, revision_of, wrong

#: PostgreSQL's advisory locks are numbers; this one is ours within our database.
_MIGRATING = 7_305_182
_PACKAGE = Path(__file__).resolve().parents[2]


def upgrade(database: Database) -> str:
    """Every migration has been applied, by one process; the revision that the database has now.

    Raises WrongRevision for a database that a newer version has migrated.
    """
    with database.write() as session:
        connection = session.connection()
        _one_at_a_time(connection)
        found = revision_of(connection)
        if found not in (None, *_known()):
            raise wrong(found)
        if found != HEAD:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    return HEAD


def _one_at_a_time(connection: Connection) -> None:
    """Wait for a process that is just migrating; SQLite's write lock, taken already, does the same."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_MIGRATING)))


def newest() -> str:
    """The newest revision that the migrations lead to."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def _known() -> list[str]:
    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]


def _config() -> Config:
    """In a checkout the migrations stand beside the package, in a wheel inside of it."""
    inside = _PACKAGE / "_alembic"
    config = Config()
    config.set_main_option("script_location", str(inside if inside.is_dir() else _PACKAGE.parent / "alembic"))
    return config
