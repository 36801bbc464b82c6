"""Migrations lead from nothing to the tables that the code works on, and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import inspect, text

from syncer.adapters.database import migrate
from syncer.adapters.database.engine import Database, sqlite_url
from syncer.adapters.database.revision import HEAD, WrongRevision, current, require_head
from syncer.adapters.database.schema import Base
from tests.ledger.together import is_waiting, meanwhile
from tests.support.databases import BOTH, PostgresServer, closing
from tests.support.ledgers import World, wheel


@pytest.fixture(params=BOTH)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without tables, of both kinds."""
    if request.param == "sqlite":
        with closing(Database(sqlite_url(tmp_path / "empty.db"))) as database:
            yield database
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        with server.without_tables() as database:
            yield database


def tables(database: Database) -> set[str]:
    with database.read() as session:
        return set(inspect(session.connection()).get_table_names()) - {"alembic_version"}


def run_alembic(database: Database, name: str, *words: str) -> None:
    """An alembic command on this database."""
    config: Config = migrate._config()
    with database.write() as session:
        config.attributes["connection"] = session.connection()
        getattr(command, name)(config, *words)


def stamp(database: Database, revision: str) -> None:
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :new"), {"new": revision})


def test_an_empty_database_gets_every_table(empty: Database) -> None:
    assert current(empty) is None
    assert migrate.upgrade(empty) == HEAD == migrate.newest() == current(empty)
    assert tables(empty) == set(Base.metadata.tables)
    require_head(empty)


def test_migrating_again_changes_nothing(empty: Database) -> None:
    migrate.upgrade(empty)
    World(empty).sync([wheel("alpha")])
    assert migrate.upgrade(empty) == migrate.newest()
    assert World(empty).ledger.runs.state(1)[1] == "complete"


def test_there_is_a_way_back_and_forth(empty: Database) -> None:
    migrate.upgrade(empty)
    run_alembic(empty, "downgrade", "base")
    assert (tables(empty), current(empty)) == (set(), None)
    migrate.upgrade(empty)
    World(empty).sync([wheel("alpha")])


def test_the_migrations_and_the_code_agree(empty: Database) -> None:
    migrate.upgrade(empty)
    run_alembic(empty, "check")
    assert current(empty) == migrate.newest()


def test_constraints_and_indexes_have_the_names_that_the_code_gives_them(empty: Database) -> None:
    migrate.upgrade(empty)
    for table in Base.metadata.sorted_tables:
        with empty.read() as session:
            found = inspect(session.connection())
            indexes = {index["name"] for index in found.get_indexes(table.name)}
            assert found.get_pk_constraint(table.name)["name"] == f"pk_{table.name}"
        assert {index.name for index in table.indexes} <= indexes


@pytest.mark.parametrize("revision", [None, "0000", "9999"])
def test_a_database_at_another_revision_is_refused_with_what_to_do(
    empty: Database, revision: str | None
) -> None:
    if revision is not None:
        migrate.upgrade(empty)
        stamp(empty, revision)
    with pytest.raises(WrongRevision, match=f"revision {revision or 'none'}") as refusal:
        require_head(empty)
    assert "syncer db upgrade" in refusal.value.next_step


def test_a_database_of_a_newer_version_is_not_migrated(empty: Database) -> None:
    migrate.upgrade(empty)
    stamp(empty, "9999")
    with pytest.raises(WrongRevision, match="9999"):
        migrate.upgrade(empty)
    assert current(empty) == "9999"


def test_a_migration_that_dies_leaves_the_database_as_it_was(empty: Database) -> None:
    config = migrate._config()
    with pytest.raises(KeyboardInterrupt), empty.write() as session:  # noqa: PT012  # it dies before the commit
        config.attributes["connection"] = session.connection()
        command.upgrade(config, "head")
        raise KeyboardInterrupt
    assert (tables(empty), current(empty)) == (set(), None)
    migrate.upgrade(empty)


def test_a_migration_waits_for_another_that_is_under_way(empty: Database) -> None:
    with empty.write() as session:
        session.execute(text("SELECT 1"))  # takes SQLite's lock
        migrate._one_at_a_time(session.connection())
        with meanwhile(lambda: migrate.upgrade(empty)) as upgraded:
            assert is_waiting(upgraded)
            session.commit()
            assert upgraded.result(timeout=10) == migrate.newest()
    assert tables(empty) == set(Base.metadata.tables)
