"""The releases of a Mapping's Source as the last look at it left them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from syncer.core.expectation import Published


class ReleaseLedger(Protocol):
    """Files by project and version, without those that the Selection leaves out."""

    def mark(self, mapping: str) -> tuple[int, int]:
        """Another one whenever a file came, went or was decided about anew; it costs little."""
        ...

    def versions(self, mapping: str) -> Mapping[str, Mapping[str, Published]]:
        """By project, its versions as the Source spells them."""
        ...
