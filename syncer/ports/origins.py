"""What the ledger knows of files at a Target: who brought them, and what they say of themselves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from syncer.core.check import Check
from syncer.core.known import Key
from syncer.core.model import DistributionFile, Scope


class OriginLedger(Protocol):
    """Where files come from."""

    def brought(self, mapping: str, files: Collection[DistributionFile]) -> frozenset[tuple[str, str, str]]:
        """Those of the files (project, file name, sha256) that the Mapping once wrote to its Target."""
        ...

    def requires_python(self, mapping: str, scope: Scope) -> Mapping[str, str]:
        """What files within the Scope state in their own metadata, by sha256, as far as it was read."""
        ...

    def checkable(self, mapping: str, scope: Scope) -> Mapping[Key, Check]:
        """The current files within the Scope, as a Check of each is recorded."""
        ...
