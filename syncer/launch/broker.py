"""The broker of ``syncer up``: a real Valkey or Redis that belongs to the launcher."""

import os
import secrets
import socket
import time
from pathlib import Path
from typing import Self
from urllib.parse import quote

import redis

from syncer.adapters.broker_url import (
    client_url,
    find_broker_url,
    publish_broker_url,
    withdraw_broker_url,
)
from syncer.core.errors import SyncerError
from syncer.launch.program import Program
from syncer.launch.server_binary import find_server

# sockaddr_un holds 108 bytes on Linux and 104 on macOS, the closing zero included.
LONGEST_SOCKET_PATH = 100
PING_TIMEOUT = 1.0
# By its name a file with "?", "*" or "[" in its path would be a pattern, and one that matches nothing
# leaves the server with its defaults: open to the network.
CONFIGURED_BY_STDIN = 'exec "$0" - <"$1"'
LEFTOVER_PATIENCE = 10.0
# Under "WARNING" the server also says things about the kernel that nobody needs to act on here.
ALARMS = r"Fatal|FATAL|MISCONF|Bad file format|Can't|Failed|Error"


class EmbeddedBroker:
    """A server for this launcher alone, with its data in ``state_dir``/broker.

    It listens on a Unix socket that only this user can open; where the path would be too long for
    one, on a free port of 127.0.0.1 with a random password. While inside ``with``, other shells
    find ``url`` by `find_broker_url`. Whoever enters holds the LauncherLock of ``state_dir``.
    """

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir.absolute()
        self._dir = self._state_dir / "broker"
        self._config = self._dir / "server.conf"
        self._server = find_server()
        self._socket = self._state_dir / "broker.sock"
        if len(os.fsencode(self._socket)) <= LONGEST_SOCKET_PATH:
            self._listen = [f"port 0\nunixsocket {_quoted(self._socket)}\nunixsocketperm 700"]
            self.url = f"redis+socket://{quote(str(self._socket))}?virtual_host=0"
        else:
            port, password = _free_port(), secrets.token_urlsafe(32)
            self._listen = [f"bind 127.0.0.1\nport {port}\nrequirepass {password}"]
            self.url = f"redis://:{password}@127.0.0.1:{port}/0"

    def __enter__(self) -> Self:
        self._dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._end_leftover()
        self._write_config()
        publish_broker_url(self._state_dir, self.url)
        return self

    def __exit__(self, *_: object) -> None:
        withdraw_broker_url(self._state_dir)

    @property
    def program(self) -> Program:
        """What the supervisor runs; it is ready as soon as it answers PING."""
        return Program(
            name="broker",
            argv=("/bin/sh", "-c", CONFIGURED_BY_STDIN, str(self._server), str(self._config)),
            base=True,
            bare=True,
            probe=self.answers,
            alarms=ALARMS,
        )

    def answers(self) -> bool:
        """Whether the server answers PING now; one that still loads its data does not."""
        return _answers(self.url)

    def _write_config(self) -> None:
        lines = [
            *self._listen,
            f"dir {_quoted(self._dir)}",
            # Every second is enough: the ledger, not the broker, is the truth.
            "appendonly yes\nappendfsync everysec",
            'save ""',
            # A full broker refuses a message aloud rather than dropping another in silence.
            "maxmemory-policy noeviction",
            "daemonize no",
        ]
        self._config.unlink(missing_ok=True)
        # The password stands here, not on the command line, which every user of the machine can read.
        with os.fdopen(os.open(self._config, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write("\n".join(lines) + "\n")

    def _end_leftover(self) -> None:
        """Two servers on one set of data files would spoil them."""
        url = find_broker_url(self._state_dir)
        if url is None or not _answers(url):
            return
        with redis.Redis.from_url(client_url(url), socket_timeout=PING_TIMEOUT) as client:
            pid = client.info("server")["process_id"]
            client.shutdown(nosave=True)
        deadline = time.monotonic() + LEFTOVER_PATIENCE
        while _answers(url):
            if time.monotonic() > deadline:
                raise SyncerError(
                    f"A broker of an earlier launcher is already running (pid {pid}).",
                    "It did not end when told so.",
                    f"Stop it with `kill {pid}` and start again.",
                )
            time.sleep(0.05)


def _answers(url: str) -> bool:
    with redis.Redis.from_url(client_url(url), socket_timeout=PING_TIMEOUT) as client:
        try:
            return bool(client.ping())
        except (redis.RedisError, OSError):
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _quoted(path: Path) -> str:
    """The path as one word of the server's configuration file."""
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
