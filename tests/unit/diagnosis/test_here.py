"""What is said of broker, database, disks and time-outs, fact by fact."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncer.core.diagnosis.codes import Code
from syncer.core.diagnosis.facts import BrokerFacts, Clock, DatabaseFacts, DiskFacts, Patience
from syncer.core.diagnosis.finding import Check
from syncer.core.diagnosis.judge_any import deadline, time_outs
from syncer.core.diagnosis.judge_here import judge_broker, judge_database, judge_disk
from tests.unit.diagnosis.shown import OK, UNKNOWN, said

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BROKER = BrokerFacts("Valkey 9.1.2", (7, 2), "noeviction", 0, append_only=True)
SQLITE = DatabaseFacts("SQLite", "3.45.1", "0006", "0006", embedded=True)
POSTGRES = DatabaseFacts("PostgreSQL", "18.1", "0006", "0006", embedded=False, clock=Clock(NOW, NOW, 0.1))
GIB = 2**30
DISK = DiskFacts("/var/lib/syncer", 20 * GIB, 10**6, writable=True)

BROKERS = [
    pytest.param({}, OK, id="new enough"),
    pytest.param({"version": (6, 0)}, [("problem", Code.BROKER_OLD)], id="too old"),
    pytest.param({"version": None}, UNKNOWN, id="not told"),
    pytest.param({"running": False}, [("notice", Code.BROKER_NOT_RUNNING)], id="syncer up does not run"),
]
EVICTION = [
    pytest.param({}, OK, id="noeviction"),
    pytest.param({"running": False, "policy": None}, OK, id="syncer up will start it so"),
    pytest.param(
        {"policy": "allkeys-lru", "max_memory": 10**9}, [("problem", Code.BROKER_EVICTS)], id="a cache"
    ),
    pytest.param(
        {"policy": "allkeys-lru"}, [("notice", Code.BROKER_MAY_EVICT)], id="a cache without a limit"
    ),
    pytest.param(
        {"policy": "volatile-ttl", "max_memory": None}, [("problem", Code.BROKER_EVICTS)], id="a limit untold"
    ),
    pytest.param({"policy": None}, UNKNOWN, id="not told"),
]
PERSISTENCE = [
    pytest.param({}, OK, id="an append-only file"),
    pytest.param({"append_only": False}, [("warning", Code.BROKER_IN_MEMORY)], id="in memory"),
    pytest.param({"write_error": "no space"}, [("problem", Code.BROKER_CANNOT_SAVE)], id="a full disk"),
    pytest.param({"append_only": None}, UNKNOWN, id="not told"),
]
DATABASES = [
    pytest.param(SQLITE, OK, id="SQLite"),
    pytest.param(POSTGRES, OK, id="PostgreSQL"),
    pytest.param(replace(SQLITE, version="3.34.1"), [("problem", Code.DATABASE_OLD)], id="an old SQLite"),
    pytest.param(
        replace(POSTGRES, version="10.23"), [("problem", Code.DATABASE_OLD)], id="an old PostgreSQL"
    ),
    pytest.param(
        replace(POSTGRES, version="13.1 (Debian)"), [("warning", Code.DATABASE_UNTRIED)], id="untried"
    ),
    pytest.param(replace(POSTGRES, version="?"), UNKNOWN, id="not told"),
    pytest.param(replace(SQLITE, kind="oracle"), UNKNOWN, id="something else"),
]
REVISIONS = [
    pytest.param(SQLITE, OK, id="as needed"),
    pytest.param(replace(SQLITE, revision=None), [("notice", Code.REVISION_TO_COME)], id="embedded, to come"),
    pytest.param(replace(SQLITE, revision="0005"), [("notice", Code.REVISION_TO_COME)], id="embedded, older"),
    pytest.param(replace(POSTGRES, revision=None), [("problem", Code.REVISION_NONE)], id="a server's, none"),
    pytest.param(
        replace(POSTGRES, revision="0005"), [("problem", Code.REVISION_OLD)], id="a server's, older"
    ),
    pytest.param(replace(SQLITE, revision="0007"), [("problem", Code.REVISION_NEWER)], id="newer"),
    pytest.param(
        replace(POSTGRES, revision="ab12"), [("problem", Code.REVISION_NEWER)], id="of something else"
    ),
]
CLOCKS = [
    pytest.param(SQLITE, OK, id="this machine's"),
    pytest.param(POSTGRES, OK, id="right"),
    pytest.param(replace(POSTGRES, clock=None), UNKNOWN, id="not told"),
    pytest.param(
        replace(POSTGRES, clock=Clock(NOW - timedelta(minutes=3), NOW, 0.1)),
        [("warning", Code.CLOCK_OFF)],
        id="3 minutes behind",
    ),
]
DISKS = [
    pytest.param({}, OK, id="room"),
    pytest.param({"files_free": None}, OK, id="no count of inodes"),
    pytest.param({"free": GIB - 1}, [("warning", Code.SPACE_LOW)], id="little"),
    pytest.param({"free": 10**6}, [("problem", Code.SPACE_GONE)], id="full"),
    pytest.param({"files_free": 3}, [("problem", Code.FILES_GONE)], id="no inodes"),
    pytest.param({"writable": False}, [("problem", Code.DIRECTORY_REFUSED)], id="closed"),
]
TIMES = [
    pytest.param((30, 0.2, 500), OK, id="well"),
    pytest.param((10, 6, 500), [("warning", Code.ANSWER_SLOW)], id="answers take half of it"),
    pytest.param((3, 0.1, 500), [("notice", Code.TIMEOUT_SHORT)], id="short"),
    pytest.param(
        (3, 2, 500), [("warning", Code.ANSWER_SLOW), ("notice", Code.TIMEOUT_SHORT)], id="short and needed"
    ),
    pytest.param((600, 0.1, 500), [("warning", Code.TIMEOUT_LONG)], id="longer than a try"),
]
DEADLINES = [
    pytest.param(500, OK, id="well"),
    pytest.param(30, [("warning", Code.DEADLINE_SHORT)], id="shorter than devpi's lock"),
]


@pytest.mark.parametrize(("changes", "expected"), BROKERS)
def test_broker_version(changes: dict[str, Any], expected: object) -> None:
    assert said(judge_broker("[here]", replace(BROKER, **changes)), Check.BROKER_VERSION) == expected


@pytest.mark.parametrize(("changes", "expected"), EVICTION)
def test_broker_eviction(changes: dict[str, Any], expected: object) -> None:
    assert said(judge_broker("[here]", replace(BROKER, **changes)), Check.BROKER_EVICTION) == expected


@pytest.mark.parametrize(("changes", "expected"), PERSISTENCE)
def test_broker_persistence(changes: dict[str, Any], expected: object) -> None:
    assert said(judge_broker("[here]", replace(BROKER, **changes)), Check.BROKER_PERSISTENCE) == expected


@pytest.mark.parametrize(("database", "expected"), DATABASES)
def test_database_version(database: DatabaseFacts, expected: object) -> None:
    assert said(judge_database("[here]", database), Check.DATABASE_VERSION) == expected


@pytest.mark.parametrize(("database", "expected"), REVISIONS)
def test_database_revision(database: DatabaseFacts, expected: object) -> None:
    assert said(judge_database("[here]", database), Check.DATABASE_REVISION) == expected


@pytest.mark.parametrize(("database", "expected"), CLOCKS)
def test_the_clock_of_the_database(database: DatabaseFacts, expected: object) -> None:
    assert said(judge_database("[here]", database), Check.CLOCK_SKEW) == expected


@pytest.mark.parametrize(("changes", "expected"), DISKS)
def test_free_space(changes: dict[str, Any], expected: object) -> None:
    found = judge_disk("[here]", "[staging] dir", replace(DISK, **changes))
    assert said([found], Check.FREE_SPACE) == expected


@pytest.mark.parametrize(("seconds", "expected"), TIMES)
def test_time_outs(seconds: tuple[float, float, float], expected: object) -> None:
    assert said(time_outs("[here]", Patience(*seconds)), Check.TIME_OUTS) == expected


@pytest.mark.parametrize(("seconds", "expected"), DEADLINES)
def test_the_deadline_of_a_file(seconds: float, expected: object) -> None:
    assert said([deadline("[here]", seconds)], Check.TIME_OUTS) == expected


CASES = [*BROKERS, *EVICTION, *PERSISTENCE, *DATABASES, *REVISIONS, *CLOCKS, *DISKS, *TIMES, *DEADLINES]
