"""Every shell on this machine finds the embedded broker."""

import stat
from pathlib import Path

import pytest

from syncer.adapters.broker_url import client_url, find_broker_url, publish_broker_url, withdraw_broker_url


def test_what_was_published_is_found_until_it_is_withdrawn(tmp_path: Path) -> None:
    assert find_broker_url(tmp_path) is None
    publish_broker_url(tmp_path, "redis://:first@127.0.0.1:1/0")
    publish_broker_url(tmp_path, "redis://:second@127.0.0.1:2/0")
    assert find_broker_url(tmp_path) == "redis://:second@127.0.0.1:2/0"
    withdraw_broker_url(tmp_path)
    withdraw_broker_url(tmp_path)
    assert find_broker_url(tmp_path) is None


def test_only_its_user_can_read_it(tmp_path: Path) -> None:
    publish_broker_url(tmp_path, "redis://:secret@127.0.0.1:1/0")
    assert [stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()] == [0o600]


def test_a_state_directory_that_is_not_there_holds_no_broker(tmp_path: Path) -> None:
    assert find_broker_url(tmp_path / "missing") is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("redis+socket:///a/b.sock?virtual_host=0", "unix:///a/b.sock?db=0", id="socket"),
        pytest.param("redis+socket:///a/b.sock?virtual_host=3", "unix:///a/b.sock?db=3", id="database"),
        pytest.param("redis+socket:///a/b.sock", "unix:///a/b.sock?db=0", id="database 0 when unsaid"),
        pytest.param("redis+socket:///a%20b%25.sock", "unix:///a%20b%25.sock?db=0", id="quoted"),
        pytest.param("redis://:pw@host:1/2", "redis://:pw@host:1/2", id="TCP"),
        pytest.param(
            "rediss://host/0?ssl_cert_reqs=required", "rediss://host/0?ssl_cert_reqs=required", id="TLS"
        ),
    ],
)
def test_redis_py_reaches_the_broker_that_kombu_reaches(url: str, expected: str) -> None:
    assert client_url(url) == expected
