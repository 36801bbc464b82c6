"""A database that fails says so in our own words, without a password, and is used again afterwards."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from syncer.adapters.database import engine
from syncer.adapters.database.engine import Database, Refused, Taken, sqlite_url
from syncer.adapters.database.ledger import open_ledger
from syncer.adapters.database.schema import HeartbeatRow
from syncer.core.errors import RemoteUnavailable, SyncerError
from tests.ledger.steps import LEASE
from tests.support.databases import PostgresServer, closing, sqlite_database
from tests.support.devpi import free_port
from tests.support.ledgers import START

SECRET = "planted-password"
BEAT = insert(HeartbeatRow).values(name="beat", seen_at=START, about="")


def failure(database: Database, do: Callable[[Session], object]) -> SyncerError:
    """What a transaction raises; it names the cause and the next step."""
    with pytest.raises(SyncerError) as raised, database.write() as session:
        do(session)
    assert raised.value.what
    assert raised.value.cause
    assert raised.value.next_step
    return raised.value


def any_use(session: Session) -> object:
    return session.execute(BEAT)


# Databases that cannot be reached or read


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("postgresql://someone:{secret}@127.0.0.1:{port}/ledger", id="password of the user"),
        pytest.param("postgresql://127.0.0.1:{port}/ledger?password={secret}", id="password in the query"),
    ],
)
def test_a_server_that_is_down_is_unavailable_and_its_password_stays_secret(url: str) -> None:
    with closing(Database(url.format(secret=SECRET, port=free_port()))) as database:
        error = failure(database, any_use)
    assert isinstance(error, RemoteUnavailable)
    assert "127.0.0.1" in str(error)
    assert SECRET not in str(error)


def test_a_password_that_the_server_refuses_stays_secret(postgres_server: PostgresServer) -> None:
    url = postgres_server.url().replace("postgres:", f"nobody-{SECRET[:3]}:", 1)
    with closing(Database(f"{url}&password={SECRET}")) as database:
        assert SECRET not in str(failure(database, any_use))


def test_a_folder_that_does_not_exist_makes_the_database_unavailable(tmp_path: Path) -> None:
    with closing(Database(sqlite_url(tmp_path / "nowhere" / "syncer.db"))) as database:
        error = failure(database, any_use)
    assert isinstance(error, RemoteUnavailable)
    assert "unable to open database file" in error.what


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "syncer.db").write_bytes(b"hello" * 1000)
    with closing(Database(sqlite_url(tmp_path / "syncer.db"))) as database:
        assert isinstance(failure(database, any_use), RemoteUnavailable)


@pytest.mark.parametrize(
    "url", ["", "no url", "postgres://127.0.0.1/x", "mysql://127.0.0.1/x", "oracle+none://x"]
)
def test_a_url_of_no_database_that_we_know_says_what_to_do(url: str) -> None:
    with pytest.raises(RemoteUnavailable) as raised:
        Database(url)
    assert raised.value.next_step


def test_a_database_without_tables_says_that_it_was_not_migrated(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    postgres_server.execute("CREATE DATABASE empty")
    for url in (sqlite_url(tmp_path / "empty.db"), postgres_server.url("empty")):
        with closing(Database(url)) as database:
            error = failure(database, any_use)
        assert isinstance(error, RemoteUnavailable)
        assert "has not been migrated" in error.cause


# Failures in the middle of a transaction


def raise_state(sqlstate: str) -> Callable[[Session], object]:
    block = f"DO $$ BEGIN RAISE EXCEPTION 'as a test wants it' USING ERRCODE = '{sqlstate}'; END $$"
    return lambda session: session.execute(text(block))


@pytest.mark.parametrize(
    ("sqlstate", "kind"),
    [
        pytest.param("53100", RemoteUnavailable, id="disk full"),
        pytest.param("53300", RemoteUnavailable, id="too many connections"),
        pytest.param("57P01", RemoteUnavailable, id="being shut down"),
        pytest.param("57014", RemoteUnavailable, id="statement timeout"),
        pytest.param("40P01", RemoteUnavailable, id="deadlock"),
        pytest.param("40001", RemoteUnavailable, id="serialization"),
        pytest.param("25006", RemoteUnavailable, id="read only, as after a failover"),
        pytest.param("42P01", RemoteUnavailable, id="no such table"),
        pytest.param("42501", RemoteUnavailable, id="no right"),
        pytest.param("XX001", RemoteUnavailable, id="data corrupted"),
        pytest.param("23505", Taken, id="unique"),
        pytest.param("22001", Refused, id="too long"),
    ],
)
def test_what_postgresql_says_is_told_apart(
    broken_postgresql: Database, sqlstate: str, kind: type[SyncerError]
) -> None:
    error = failure(broken_postgresql, raise_state(sqlstate))
    assert type(error) is kind
    assert "as a test wants it" in error.what


@pytest.fixture(scope="module")
def broken_postgresql(postgres_server: PostgresServer) -> Any:
    with postgres_server.database() as database:
        yield database


def test_a_connection_that_the_server_cut_is_made_anew(postgres_server: PostgresServer) -> None:
    def cut(session: Session) -> None:
        pid = session.scalar(text("SELECT pg_backend_pid()"))
        postgres_server.execute(f"SELECT pg_terminate_backend({pid})")
        session.execute(BEAT)

    with postgres_server.database() as database:
        assert isinstance(failure(database, cut), RemoteUnavailable)
        with database.write() as session:
            session.execute(BEAT)


def test_a_disk_that_is_full_is_unavailable_and_loses_nothing(tmp_path: Path) -> None:
    def fill(session: Session) -> None:
        session.execute(text("PRAGMA max_page_count = 1"))  # SQLite takes it for the present size
        session.execute(insert(HeartbeatRow).values(name="large", seen_at=START, about="x" * 100_000))

    with sqlite_database(tmp_path / "syncer.db") as database:
        with database.write() as session:
            session.execute(BEAT)
        error = failure(database, fill)
        assert isinstance(error, RemoteUnavailable)
        assert "full" in error.what
        with database.read() as session:
            assert session.scalars(select(HeartbeatRow.name)).all() == ["beat"]


def test_a_database_that_another_process_holds_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "SQLITE_BUSY_SECONDS", 0.05)
    path = tmp_path / "syncer.db"
    with sqlite_database(path) as holding, closing(Database(sqlite_url(path))) as other:
        with holding.write() as session:
            session.execute(BEAT)
            error = failure(other, any_use)
        assert isinstance(error, RemoteUnavailable)
        assert "locked" in error.what
        with other.read() as session:
            assert session.scalars(select(HeartbeatRow.name)).all() == ["beat"]


def test_more_transactions_than_connections_are_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite_database(tmp_path / "syncer.db") as database, ExitStack() as held:
        monkeypatch.setattr(database.engine.pool, "_timeout", 0.05)
        for _ in range(15):
            held.enter_context(database.read()).execute(select(HeartbeatRow))
        with pytest.raises(RemoteUnavailable, match="QueuePool"), database.read() as session:
            session.execute(select(HeartbeatRow))


def test_every_part_of_the_ledger_speaks_of_an_unavailable_database(tmp_path: Path) -> None:
    """Use cases know Retryable only; none of them imports the library."""
    with closing(Database(sqlite_url(tmp_path / "empty.db"))) as database:
        ledger = open_ledger(database)
        for ask in (
            lambda: ledger.runs.startable(START),
            ledger.blobs.needed,
            lambda: ledger.transfers.next_ready("server", START),
            lambda: ledger.lanes.acquire("server", 1, "holder", START, LEASE),
            lambda: ledger.tasks.get("task"),
            lambda: ledger.heartbeats.beat("beat", START),
        ):
            with pytest.raises(RemoteUnavailable):
                ask()
