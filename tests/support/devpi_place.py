"""One test's own corner of a real devpi-server."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

from syncer.adapters.archive import inspect
from syncer.adapters.devpi import DevpiTarget
from syncer.adapters.devpi.client import DevpiClient
from syncer.config import settings
from syncer.core.model import DistributionFile
from syncer.core.secret import Secret
from tests.support.devpi import DevpiServer
from tests.support.dists import Dist, wheel

PASSWORD = "planted-password"
BETA = wheel("beta", "1.0", requires_python=">=3.9", summary="Beta")
_numbers = count()


class Place:
    """A user of their own on the devpi server, with whatever indexes a test makes."""

    def __init__(self, server: DevpiServer, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.user = f"user{os.getpid()}n{next(_numbers)}"
        self.clients: list[DevpiClient] = []
        server.create_user(self.user, PASSWORD)

    def index(self, name: str = "stable", **options: object) -> str:
        """The index exists; its full name."""
        self.server.create_index(f"{self.user}/{name}", **options)  # type: ignore[arg-type]  # passed through
        return f"{self.user}/{name}"

    def target(self, index: str, **changes: object) -> DevpiTarget:
        """The index as a process of its own would see it: its own connections and login."""
        self.clients.append(DevpiClient(self.settings(**changes)))
        return DevpiTarget(self.clients[-1]._server, index, self.clients[-1])

    def settings(self, **changes: object) -> settings.DevpiServer:
        """This user's login with a password, but for the changes."""
        plain = settings.DevpiServer("default", self.server.url, self.user, Secret(PASSWORD))
        return replace(plain, **changes)  # type: ignore[arg-type]  # passed through

    def upload(self, target: DevpiTarget, dist: Dist) -> str:
        """Upload as a worker does, with the metadata of the file."""
        path = dist.write_to(self.folder)
        return target.upload(described(dist), path, inspect(path, dist.filename))

    def do(self, action: str, target: DevpiTarget) -> object:
        """One of the four things that a Target does, by its name, with the project beta."""
        actions: dict[str, Callable[[], object]] = {
            "probe": target.probe,
            "list": lambda: target.list(["beta"]),
            "upload": lambda: self.upload(target, BETA),
            "read_back": lambda: target.read_back("beta"),
        }
        return actions[action]()

    def close(self) -> None:
        """No connection is left open."""
        for client in self.clients:
            client.close()

    def asked_for(self, path: str) -> int:
        """How many GET requests for exactly this path the server's log holds."""
        return self.server.log.read_text().count(f"GET /{path}\n")

    def logins(self) -> int:
        """How many logins the server's log holds."""
        return self.server.log.read_text().count("POST /+login")


def described(dist: Dist) -> DistributionFile:
    """The file as a Source would list it, as far as an upload cares."""
    return DistributionFile(dist.filename.partition("-")[0].lower(), "", dist.filename, dist.sha256)
