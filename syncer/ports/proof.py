"""What proves how things came to be: the audit, and what people decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from syncer.core.audit import Entry, Record
from syncer.core.known import Contest, Known, Ruling


class AuditLedger(Protocol):
    """What people did and what was written to Targets, in one chain that nobody can change unseen."""

    def append(self, entry: Entry, now: datetime) -> None:
        """The Entry is the newest record.

        Within a ``together`` it comes last: until that ends, nobody else appends.
        """
        ...

    def read(self, after: int = 0, limit: int = 1000) -> Sequence[Record]:
        """The records after that one, oldest first."""
        ...

    def head(self) -> Record | None:
        """The newest record."""
        ...


class RulingLedger(Protocol):
    """What people decided about contested files."""

    def known(self, mapping: str) -> Known:
        """What the planner has to know of the Mapping beside both Listings."""
        ...

    def rule(self, mapping: str, contest: Contest, ruling: Ruling, now: datetime) -> None:
        """This is decided; an earlier decision about the same two contents is replaced."""
        ...
