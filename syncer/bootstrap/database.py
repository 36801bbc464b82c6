"""Which database is used, and that its tables are right."""

from __future__ import annotations

from syncer.adapters.database.engine import Database, sqlite_url
from syncer.adapters.database.revision import HEAD, current, require_head
from syncer.config import load
from syncer.config.settings import Settings


def database_url(settings: Settings) -> str:
    """The configured URL, or that of the embedded database in the state directory."""
    if settings.database_url is not None:
        return settings.database_url.reveal()
    return sqlite_url(settings.state_dir / "syncer.db")


def configured_url() -> str:
    """The URL for alembic's own command line; raises ConfigError."""
    return database_url(load())


def open_database(settings: Settings) -> Database:
    """A Database; the embedded one's directory exists, private to its owner."""
    if settings.database_url is None:
        settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Database(database_url(settings))


def prepare_database(settings: Settings, database: Database) -> None:
    """An embedded database is migrated; a server's must be at this version's revision already.

    Raises WrongRevision, with what to run.
    """
    if settings.database_url is not None:
        require_head(database)
    elif current(database) != HEAD:
        from syncer.adapters.database import migrate  # noqa: PLC0415  # it takes as long as all the rest

        migrate.upgrade(database)
