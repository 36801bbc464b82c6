"""Settings become something that examines the installation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from syncer.adapters.broker_facts import look_at_broker
from syncer.adapters.broker_url import find_broker_url
from syncer.adapters.database.examine import look_at_database
from syncer.adapters.devpi.examine import DevpiExaminer
from syncer.adapters.disk import look_at_disk
from syncer.adapters.gitea.examine import GiteaExaminer
from syncer.bootstrap.clock import now
from syncer.bootstrap.database import database_url
from syncer.config.settings import Settings
from syncer.core.diagnosis.facts import (
    BrokerFacts,
    DatabaseFacts,
    DevpiFacts,
    DiskFacts,
    GiteaFacts,
    IndexFacts,
    OwnerFacts,
)
from syncer.core.errors import RemoteUnavailable
from syncer.core.model import Mapping


@dataclass(frozen=True, slots=True)
class Installation:
    """The Examine port over the configured servers and this machine.

    ``bundled`` says what an embedded broker would be run with, as nobody asks it before it runs.
    """

    settings: Settings
    bundled: Callable[[], tuple[str, tuple[int, ...]]]

    def gitea(self) -> GiteaFacts:
        """The Gitea."""
        tokens = dict.fromkeys(self.settings.gitea_tokens.values())
        return GiteaExaminer(self.settings.gitea, now).server(tokens)

    def owner(self, mapping: Mapping) -> OwnerFacts:
        """The mapping's owner, with the token that wins for it."""
        token = self.settings.gitea_tokens.get(mapping.name)
        return GiteaExaminer(self.settings.gitea, now).owner(mapping.source.owner, token)

    def devpi(self, server: str) -> DevpiFacts:
        """The devpi-server of that name."""
        return DevpiExaminer(self.settings.devpi[server], now).server()

    def index(self, mapping: Mapping) -> IndexFacts:
        """The index that the mapping feeds."""
        return DevpiExaminer(self.settings.devpi[mapping.target.server], now).index(mapping.target.index)

    def broker(self) -> BrokerFacts:
        """The configured broker; without one, that of ``syncer up`` whether it runs or not."""
        if self.settings.broker_url is not None:
            return look_at_broker(self.settings.broker_url.reveal())
        url = find_broker_url(self.settings.state_dir)
        try:
            if url is not None:
                return replace(look_at_broker(url), embedded=True)
        except RemoteUnavailable:
            pass  # the URL outlives a launcher that was killed
        name, version = self.bundled()
        return BrokerFacts(name, version, embedded=True, running=False)

    def database(self) -> DatabaseFacts:
        """The configured database or the embedded one."""
        embedded = self.settings.database_url is None
        return look_at_database(database_url(self.settings), now, embedded=embedded)

    def disk(self, directory: Path) -> DiskFacts:
        """The file system of a directory."""
        return look_at_disk(directory)
