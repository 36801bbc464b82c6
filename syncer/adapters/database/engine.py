"""Connections: SQLite in WAL mode or PostgreSQL, one transaction per ``with`` block."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.orm import Session

from syncer.adapters.database.guards import ILLEGAL
from syncer.core.errors import RemoteUnavailable, SyncerError

#: How long SQLite waits for another writer; a writer's transaction takes milliseconds.
SQLITE_BUSY_SECONDS = 30

#: What lets all statements of a reading transaction see the same rows.
_FROM_ONE_MOMENT = {
    "sqlite": {"syncer_begin": "DEFERRED"},
    "postgresql": {"isolation_level": "REPEATABLE READ"},
}

#: How long a PostgreSQL server may take to accept a connection.
CONNECT_SECONDS = 5


class Refused(SyncerError):
    """The database cannot hold what was to be written; waiting would not help."""


class Taken(Refused):
    """A constraint refused the change, as another process was first."""


class IllegalTransition(Refused):
    """The database's own guard refused a move that the state machines do not have: a defect in the syncer."""


class Database:
    """Opens transactions; ``write`` takes SQLite's write lock at once so that none has to retry."""

    def __init__(self, url: str) -> None:
        self.url = _driver(url)
        self.engine = _open(self.url)
        self._here = threading.local()
        self._reader = self.engine.execution_options(**_FROM_ONE_MOMENT.get(self.url.get_backend_name(), {}))

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction that may change rows, committed at the end; part of ``together`` within that."""
        if (joined := self._joined) is not None:
            yield joined
            return
        with _unavailable(self.url), Session(self.engine) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One transaction that only reads, from one moment; part of ``together`` within that."""
        if (joined := self._joined) is not None:
            yield joined
            return
        with _unavailable(self.url), Session(self._reader) as session, session.begin():
            yield session

    @contextmanager
    def together(self) -> Iterator[None]:
        """What this thread does within the block is one transaction: all of it stands, or nothing."""
        with self.write() as session:
            self._here.session = session
            try:
                yield
            finally:
                self._here.session = None

    @property
    def _joined(self) -> Session | None:
        return getattr(self._here, "session", None)

    def dispose(self) -> None:
        """Close every connection, for a process that has just been forked or is about to end."""
        self.engine.dispose()


def sqlite_url(path: Path) -> str:
    """The URL of the embedded database."""
    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def _driver(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise RemoteUnavailable(
            "The database URL cannot be read.", "It is no SQLAlchemy URL.", "See [database] url."
        ) from error
    return parsed.set(drivername="postgresql+psycopg") if parsed.drivername == "postgresql" else parsed


def _open(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        try:
            return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_SECONDS})
        except (ImportError, NoSuchModuleError) as error:
            raise RemoteUnavailable(
                f"No driver for {url.get_backend_name()} is installed.",
                "The PostgreSQL driver is an extra.",
                "Install gitea-devpi-syncer[postgres].",
            ) from error
    engine = create_engine(url, connect_args={"timeout": SQLITE_BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not open transactions by itself: _begin_sqlite does, with the right lock.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    mode = connection.get_execution_options().get("syncer_begin", "IMMEDIATE")
    connection.exec_driver_sql(f"BEGIN {mode}")


@contextmanager
def _unavailable(url: URL) -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        kind = IllegalTransition if ILLEGAL in str(error.orig) else Taken
        raise kind(*_refusal(error)) from error
    except DataError as error:
        raise Refused(*_refusal(error)) from error
    except (DBAPIError, NoFreeConnection) as error:
        raise RemoteUnavailable(
            f"The database {_shown(url)} did not answer ({_short(error)}).",
            "It is down, locked, full, or has not been migrated.",
            "Look at it with `syncer db current`; it is tried again by itself.",
        ) from error
    except SQLAlchemyError as error:
        raise Refused(*_refusal(error)) from error


def _refusal(error: SQLAlchemyError) -> tuple[str, str, str]:
    return (
        f"The database refused what was to be written ({_short(error)}).",
        "Another process was first, or this is a defect in the syncer.",
        "Nothing was changed; please report it with the log if it happens again.",
    )


def _shown(url: URL) -> str:
    """The URL without its password, which may also stand in its query."""
    return url.set(query={}).render_as_string(hide_password=True)


def _short(error: SQLAlchemyError) -> str:
    text = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    return next(iter(text.strip().splitlines()), type(error).__name__)[:200]
