"""What is made of a broker's INFO and of a file system, without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syncer.adapters.broker_facts import look_at_broker, read_info
from syncer.adapters.disk import look_at_disk
from syncer.core.diagnosis.facts import BrokerFacts
from syncer.core.errors import RemoteUnavailable, StagingUnavailable

#: The lines of INFO that count, as Valkey 9.1 and Redis 7.0 write them.
VALKEY = {
    "redis_version": "7.2.4",
    "valkey_version": "9.1.2",
    "maxmemory_policy": "noeviction",
    "maxmemory": 0,
    "aof_enabled": 1,
    "aof_last_write_status": "ok",
    "rdb_last_bgsave_status": "ok",
}
GOOD = BrokerFacts("Valkey 9.1.2", (7, 2), "noeviction", 0, append_only=True)


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        pytest.param(VALKEY, GOOD, id="Valkey"),
        pytest.param(
            {"redis_version": "7.0.15", "aof_enabled": 0},
            BrokerFacts("Redis 7.0.15", (7, 0), append_only=False),
            id="Redis that tells little",
        ),
        pytest.param({}, BrokerFacts("Redis", None), id="INFO is forbidden"),
    ],
)
def test_the_facts_of_a_broker(info: dict[str, Any], expected: BrokerFacts) -> None:
    assert read_info(info) == expected


@pytest.mark.parametrize(
    ("line", "said"),
    [({"aof_last_write_status": "err"}, "append-only"), ({"rdb_last_bgsave_status": "err"}, "snapshot")],
)
def test_a_broker_that_cannot_save_says_what(line: dict[str, str], said: str) -> None:
    assert said in read_info({**VALKEY, **line}).write_error


@pytest.mark.parametrize(
    "url", ["redis://:planted@127.0.0.1:1/0", "nonsense://planted", "redis+socket:///no/such?"]
)
def test_a_broker_that_is_not_there_is_an_error_without_its_password(url: str) -> None:
    with pytest.raises(RemoteUnavailable) as raised:
        look_at_broker(url)
    assert ":planted@" not in str(raised.value)


def test_a_directory_to_come_has_the_room_of_what_is_above_it(tmp_path: Path) -> None:
    there, to_come = look_at_disk(tmp_path), look_at_disk(tmp_path / "a" / "b")
    assert (to_come.writable, to_come.path) == (True, str(tmp_path / "a" / "b"))
    assert to_come.free == pytest.approx(there.free, rel=0.1)
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_leads_through_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StagingUnavailable, match="could not be looked at"):
        look_at_disk(tmp_path / "file" / "staging")


def test_a_file_in_the_place_of_a_directory_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert look_at_disk(tmp_path / "file").writable is False
