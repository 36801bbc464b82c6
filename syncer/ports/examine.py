"""Looking at the servers and this machine for what may be wrong, changing nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from syncer.core.diagnosis.facts import (
    BrokerFacts,
    DatabaseFacts,
    DevpiFacts,
    DiskFacts,
    GiteaFacts,
    IndexFacts,
    OwnerFacts,
)
from syncer.core.model import Mapping


class Examine(Protocol):
    """Asks by reading alone: no upload, no login, no write anywhere.

    Each question raises SyncerError when there was no answer that could be understood; an answer that
    refuses is a fact.
    """

    def gitea(self) -> GiteaFacts:
        """The Gitea, asked without a token, and with one of a mapping's where it insists."""
        ...

    def owner(self, mapping: Mapping) -> OwnerFacts:
        """What the mapping's token may see of its owner; Unauthorized when it cannot be sent."""
        ...

    def devpi(self, server: str) -> DevpiFacts:
        """The devpi-server of that name, and what it makes of its credential."""
        ...

    def index(self, mapping: Mapping) -> IndexFacts:
        """The index that the mapping feeds, and its bases."""
        ...

    def broker(self) -> BrokerFacts:
        """The configured broker, or that of ``syncer up``."""
        ...

    def database(self) -> DatabaseFacts:
        """The configured database, or the embedded one; it is not created."""
        ...

    def disk(self, directory: Path) -> DiskFacts:
        """The file system of a directory, or of what will be its parent."""
        ...
