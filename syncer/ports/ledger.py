"""The record of what was wanted, tried and seen; every method is one transaction.

A claim is a lease with a fencing number: whoever holds it may write its outcome only while the
number is still the row's own, so a worker that lost its claim changes nothing. Writing methods of
claims return False (or nothing to do) when the claim was lost.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from syncer.core.errors import SyncerError
from syncer.core.look import Look
from syncer.core.plan import Plan
from syncer.core.states import Outcome, RunOutcome, RunState
from syncer.ports.blobs import BlobLedger
from syncer.ports.checks import CheckLedger
from syncer.ports.claims import (
    PlannedWork,
    RunClaim,
    RunRequest,
    Seen,
    TransferClaim,
    Uploaded,
    Worker,
)
from syncer.ports.origins import OriginLedger
from syncer.ports.proof import AuditLedger, RulingLedger
from syncer.ports.releases import ReleaseLedger
from syncer.ports.shared import (
    BudgetLedger,
    CircuitLedger,
    HeartbeatLedger,
    LaneLedger,
    RecoveryLedger,
    RetentionLedger,
    TaskLedger,
    WarningLedger,
)
from syncer.ports.siblings import SiblingLedger
from syncer.ports.statements import StatementLedger
from syncer.ports.withdrawals import WithdrawalLedger


class RunLedger(Protocol):
    """Runs, and the decisions that they record."""

    def request(self, request: RunRequest, now: datetime) -> int | None:
        """A Run is requested; None when a scheduled one is not needed as one is unfinished."""
        ...

    def claim(self, run_id: int, worker: Worker, now: datetime, lease: float) -> RunClaim | None:
        """The Run is planning; None when it is not there to be claimed or another one is open."""
        ...

    def extend(self, claim: RunClaim, until: datetime) -> bool:
        """The lease lasts until then."""
        ...

    def record(self, claim: RunClaim, plan: Plan, seen: Seen, now: datetime) -> PlannedWork | None:
        """Decisions, Transfers and Blobs stand; None when the claim was lost."""
        ...

    def look(self, mapping: str) -> Look | None:
        """What the Mapping's last recorded Run saw."""
        ...

    def is_whole(self, mapping: str) -> bool:
        """Whether every known file of the Mapping that is wanted is at its Target."""
        ...

    def held(self, mapping: str) -> frozenset[tuple[str, str, str]]:
        """The files (project, file name, sha256) that the Target held when its projects were listed."""
        ...

    def knows(self, mapping: str) -> bool:
        """Whether a decision about some file of the Mapping stands."""
        ...

    def fail(self, claim: RunClaim, error: SyncerError, now: datetime) -> bool:
        """The Run is finished as failed."""
        ...

    def settle(self, run_id: int, now: datetime) -> RunState:
        """The Run has moved as far as its Transfers allow; its state."""
        ...

    def state(self, run_id: int) -> tuple[RunState, RunOutcome | None]:
        """Where the Run is."""
        ...

    def unsettled(self, now: datetime) -> list[tuple[int, str]]:
        """Runs, each with its Mapping, whose state is not the one that their Transfers say."""
        ...

    def startable(self, now: datetime) -> list[int]:
        """Runs that wait to be planned: requested with no open one before, or with a lost planner."""
        ...


class TransferLedger(Protocol):
    """Transfers: upload, read-back, outcome."""

    def claim(
        self, server: str, worker: Worker, now: datetime, lease: float, *, prefer: int = 0
    ) -> TransferClaim | None:
        """The Transfer whose turn it is at the server is uploading, or ``prefer`` if it is ready."""
        ...

    def server_of(self, transfer_id: int) -> str | None:
        """The server that the Transfer goes to, None when there is no such Transfer."""
        ...

    def next_ready(self, server: str, now: datetime) -> int | None:
        """Some Transfer that is ready for the server now."""
        ...

    def extend(self, claim: TransferClaim, until: datetime) -> bool:
        """The lease lasts until then."""
        ...

    def uploaded(self, claim: TransferClaim, answer: str, requires_python: str, now: datetime) -> bool:
        """The target accepted the file; it is to be read back."""
        ...

    def ended(
        self,
        claim: TransferClaim | Uploaded,
        outcome: Outcome,
        now: datetime,
        error: SyncerError | None = None,
    ) -> bool:
        """The Transfer has this Outcome."""
        ...

    def postponed(
        self, claim: TransferClaim | Uploaded, error: SyncerError, at: datetime, now: datetime
    ) -> bool:
        """The Transfer is ready again at that time, or gave up after the last attempt."""
        ...

    def untried(self, claim: TransferClaim, error: SyncerError, at: datetime, now: datetime) -> None:
        """The Transfer is ready again at that time, as if it had not been claimed."""
        ...

    def unread(self, claim: Uploaded, error: SyncerError, at: datetime, now: datetime) -> bool:
        """The Transfer stays uploaded, with what its read-back found; it is read again at that time."""
        ...

    def to_read_back(self, now: datetime) -> list[tuple[str, str]]:
        """(mapping, project) pairs with uploads to be read back now and none still to come."""
        ...

    def is_coming(self, mapping: str, project: str, now: datetime) -> bool:
        """Whether another upload of the project is under way, or will be in moments."""
        ...

    def unverified(self, mapping: str, project: str) -> list[Uploaded]:
        """The project's uploads that were not read back yet."""
        ...

    def free_expired(self, now: datetime) -> int:
        """Transfers whose worker is gone are ready again, or quarantined after too many deaths."""
        ...

    def due(self, now: datetime, unsent_since: datetime) -> list[int]:
        """Ready Transfers whose message was not sent since then, enough to wake every lane of their servers.

        All of them count as sent now.
        """
        ...


@dataclass(frozen=True, slots=True)
class Ledger:
    """All of it; what is done within a ``together`` is one transaction: all of it stands, or nothing."""

    runs: RunLedger
    blobs: BlobLedger
    transfers: TransferLedger
    lanes: LaneLedger
    circuits: CircuitLedger
    budgets: BudgetLedger
    tasks: TaskLedger
    heartbeats: HeartbeatLedger
    recovery: RecoveryLedger
    retention: RetentionLedger
    warnings: WarningLedger
    siblings: SiblingLedger
    audit: AuditLedger
    rulings: RulingLedger
    statements: StatementLedger
    checks: CheckLedger
    releases: ReleaseLedger
    withdrawals: WithdrawalLedger
    origins: OriginLedger
    together: Callable[[], AbstractContextManager[None]]
