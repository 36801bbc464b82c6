"""What became of files that left their Source."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from syncer.core.deletion import Scan, Withdrawal, WithdrawalState
from syncer.core.model import DistributionFile, Mapping


class WithdrawalLedger(Protocol):
    """Files that this Mapping brought to its Target and that its Source no longer has.

    They are written down when a Plan is recorded, and return by themselves when a Plan names them again.
    """

    def open(self, mapping: str) -> Sequence[Withdrawal]:
        """Those that are marked or due, by project and file name."""
        ...

    def scans(self, mapping: Mapping, since: int) -> Sequence[Scan]:
        """The Mapping's whole scans between its present Source and Target, newest first.

        They begin with the Run ``since``, or with the two newest ones if fewer came after that.
        """
        ...

    def files(self, mapping: str) -> int:
        """How many files of the Mapping ought to be at its Target, the open ones included."""
        ...

    def wanted(self, mappings: Sequence[str], file: DistributionFile) -> str:
        """The first of these Mappings whose Source has the file now, empty where none has."""
        ...

    def put_off(self, ids: Sequence[int], until: datetime) -> None:
        """The grace of these, which had none, lasts until then."""
        ...

    def due(self, ids: Sequence[int]) -> None:
        """Of these the grace is over."""
        ...

    def confirm(self, ids: Sequence[int], now: datetime) -> int:
        """A person has confirmed these; how many were still open."""
        ...

    def is_open(self, one: Withdrawal) -> bool:
        """Whether nobody has ended it yet."""
        ...

    def end(
        self,
        one: Withdrawal,
        state: WithdrawalState,
        reason: str,
        now: datetime,
        *,
        even_ended: bool = False,
    ) -> bool:
        """It has ended so; False when it was open no more, unless that does not matter."""
        ...
