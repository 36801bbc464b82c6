"""What SQLite and PostgreSQL hold to alike, and what they refuse."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from syncer.adapters.database.engine import Database, Refused
from syncer.adapters.database.schema import HeartbeatRow, RunRow, TransferRow
from tests.ledger.steps import Steps
from tests.support.databases import PostgresServer, sqlite_database
from tests.support.ledgers import START, wheel

BEAT = insert(HeartbeatRow).values(name="beat", seen_at=START, about="")


# What no waiting would help


def test_a_row_that_points_nowhere_is_refused(database: Database) -> None:
    row = {"decision_id": 4711, "run_id": 4711, "server": "", "state": "waiting"}
    times = {"next_attempt_at": START, "created_at": START}
    with pytest.raises(Refused) as refusal, database.write() as session:
        session.execute(insert(TransferRow).values(**row, **times))
    assert refusal.value.next_step


def test_a_run_that_nobody_knows_is_refused(world: Steps) -> None:
    with pytest.raises(Refused):
        world.ledger.runs.state(4711)
    with pytest.raises(Refused):
        world.ledger.runs.settle(4711, world.now)


def test_an_error_of_the_caller_takes_everything_back_and_is_not_translated(database: Database) -> None:
    with pytest.raises(KeyError), database.write() as session:  # noqa: PT012  # the rows go with the error
        session.execute(BEAT)
        raise KeyError
    with database.read() as session:
        assert session.scalars(select(HeartbeatRow.name)).all() == []


# What both databases hold to


def test_sqlite_runs_in_wal_mode_with_foreign_keys(tmp_path: Path) -> None:
    wanted = {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 1, "busy_timeout": 30_000}
    with sqlite_database(tmp_path / "syncer.db") as database:
        for use in (database.read, database.write):
            with use() as session:
                found = {name: session.scalar(text(f"PRAGMA {name}")) for name in wanted}
            assert found == wanted


def test_a_reader_sees_one_moment_and_holds_no_writer_up(world: Steps) -> None:
    world.planning()
    with world.database.read() as session:
        before = session.scalars(select(RunRow.state)).all()
        world.planning(name="other")
        assert session.scalars(select(RunRow.state)).all() == before
    assert world.count(RunRow) == 2


def test_times_come_back_in_utc_whatever_zone_they_came_from(world: Steps) -> None:
    east = START.astimezone(timezone(timedelta(hours=5, minutes=45)))
    world.ledger.heartbeats.beat("beat", east)
    with world.database.read() as session:
        seen = session.scalars(select(HeartbeatRow.seen_at)).one()
    assert (seen, seen.utcoffset()) == (START, timedelta())
    assert isinstance(seen, datetime)


def test_what_is_too_long_for_a_column_is_refused_not_cut(postgres_server: PostgresServer) -> None:
    with postgres_server.database() as database, pytest.raises(Refused):
        Steps(database).ask(name="m" * 300)


def test_an_odd_file_name_does_not_make_the_ledger_unavailable(world: Steps) -> None:
    odd = wheel("alpha", filename="alpha\ud800-1.0.zip")
    world.planned([odd])
    assert [row.filename for row in world.decisions()] == ["alpha\\ud800-1.0.zip"]
