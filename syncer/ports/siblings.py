"""The same files on several indexes of one server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from syncer.ports.claims import TransferClaim, Worker


@dataclass(frozen=True, slots=True)
class Sibling:
    """How another Mapping's Transfer of the same bytes stands.

    It ``is_there`` once it was read back, and ``is_coming`` while nothing speaks against that.
    """

    requires_python: str
    is_there: bool
    is_coming: bool
    created_at: datetime


class SiblingLedger(Protocol):
    """Transfers whose bytes another index of the same server gets too."""

    def of_project(self, mapping: str, project: str) -> dict[tuple[str, str], Sibling]:
        """What the Mapping's Transfers of the project have come to, by file name and sha256."""
        ...

    def claim_project(
        self, claim: TransferClaim, worker: Worker, now: datetime, lease: float
    ) -> list[TransferClaim]:
        """The other ready Transfers of the claim's Mapping and project are uploading too."""
        ...

    def put_back(self, claim: TransferClaim, at: datetime, now: datetime) -> None:
        """The Transfer is ready again at that time, as if it had not been claimed, and so is its project."""
        ...

    def hurry(self, server: str, project: str, now: datetime) -> None:
        """What waited for the project on another index of the server is due now."""
        ...
