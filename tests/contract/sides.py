"""Both kinds of Source and Target as a test sees them: in memory, and behind the real adapters."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import Protocol

from syncer.adapters.gitea import GiteaSource
from syncer.config.settings import GiteaServer
from syncer.core.errors import (
    RemoteUnavailable,
    SourceMissing,
    SyncerError,
    Unauthorized,
)
from syncer.core.model import Scope
from syncer.core.secret import Secret
from syncer.ports.source import Source
from syncer.ports.target import Target
from tests.standin.gitea import StandinGitea
from tests.support.devpi import free_port
from tests.support.devpi_place import Place
from tests.support.dists import Dist
from tests.support.ports import MemorySource, MemoryTarget

TOKEN = "0123456789abcdef0123456789abcdef01234567"
TROUBLE = ("It failed.", "It is broken.", "Mend it.")


class SourceSide(Protocol):
    """A registry that a test fills, and the ways in which it can be out of reach."""

    @property
    def source(self) -> Source:
        """As a use case gets it."""

    def publish(self, dist: Dist) -> None:
        """The file is there."""

    def remove_alpha(self) -> None:
        """Release 1.0 of alpha is not there any more."""

    def broken(self, kind: type[SyncerError]) -> Source:
        """A Source that this error stands for."""


class MemorySide:
    """In memory."""

    def __init__(self) -> None:
        self.source = MemorySource()

    def publish(self, dist: Dist) -> None:
        self.source.publish(dist)

    def remove_alpha(self) -> None:
        for file in self.source.list(Scope("alpha", "1.0")).files:
            self.source.remove(file)

    def broken(self, kind: type[SyncerError]) -> Source:
        return MemorySource(kind(*TROUBLE))


class GiteaSide:
    """The real adapter over HTTP."""

    def __init__(self, gitea: StandinGitea, stack: ExitStack) -> None:
        self._gitea = gitea
        self._stack = stack
        gitea.add_owner("acme", visibility="private")
        gitea.add_token(TOKEN)
        self.source = self._connect()

    def publish(self, dist: Dist) -> None:
        self._gitea.publish("acme", dist.filename, dist.content)

    def remove_alpha(self) -> None:
        self._gitea.delete_version("acme", "alpha", "1.0")

    def broken(self, kind: type[SyncerError]) -> Source:
        if kind is RemoteUnavailable:
            return self._connect(url=f"http://127.0.0.1:{free_port()}")
        return self._connect(owner="nobody") if kind is SourceMissing else self._connect(token="0" * 40)

    def _connect(self, *, url: str = "", owner: str = "acme", token: str = TOKEN) -> GiteaSource:
        server = GiteaServer(url or self._gitea.url, timeout=5)
        return self._stack.enter_context(closing(GiteaSource(server, owner, Secret(token))))


class TargetSide(Protocol):
    """A server that a test makes indexes on."""

    def index(self, *, volatile: bool = False, bases: tuple[Target, ...] = ()) -> Target:
        """A new index."""

    def broken(self, kind: type[SyncerError]) -> Target:
        """A Target that this error stands for."""


class MemoryServer:
    """In memory."""

    def index(self, *, volatile: bool = False, bases: tuple[Target, ...] = ()) -> Target:
        return MemoryTarget(
            volatile=volatile, bases=tuple(base for base in bases if isinstance(base, MemoryTarget))
        )

    def broken(self, kind: type[SyncerError]) -> Target:
        return MemoryTarget(broken=kind(*TROUBLE))


class DevpiSide:
    """The real adapter on a real devpi-server."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._names: dict[int, str] = {}

    def index(self, *, volatile: bool = False, bases: tuple[Target, ...] = ()) -> Target:
        name = f"index{len(self._names)}"
        of_bases = [self._names[id(base)] for base in bases]
        target = self._place.target(self._place.index(name, volatile=volatile, bases=of_bases))
        self._names[id(target)] = f"{self._place.user}/{name}"
        return target

    def broken(self, kind: type[SyncerError]) -> Target:
        if kind is RemoteUnavailable:
            return self._place.target(self._place.index("down"), url=f"http://127.0.0.1:{free_port()}")
        if kind is Unauthorized:
            return self._place.target(self._place.index("closed"), password=Secret("wrong"))
        return self._place.target(f"{self._place.user}/nowhere")
