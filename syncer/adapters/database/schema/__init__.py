"""The tables. Alembic's migrations create them; a test holds both equal."""

from __future__ import annotations

from syncer.adapters.database.schema.base import NAMING, Base, UtcDateTime
from syncer.adapters.database.schema.budget import BudgetRow
from syncer.adapters.database.schema.proof import (
    AuditRow,
    CheckRow,
    RulingRow,
    StatementRow,
    WithdrawalRow,
)
from syncer.adapters.database.schema.records import DecisionRow, LookRow, RunRow
from syncer.adapters.database.schema.shared import (
    CircuitRow,
    HeartbeatRow,
    LaneRow,
    PaceRow,
    TaskRow,
    WarningRow,
)
from syncer.adapters.database.schema.work import AttemptRow, BlobRow, Claimable, TransferRow

__all__ = [
    "NAMING",
    "AttemptRow",
    "AuditRow",
    "Base",
    "BlobRow",
    "BudgetRow",
    "CheckRow",
    "CircuitRow",
    "Claimable",
    "DecisionRow",
    "HeartbeatRow",
    "LaneRow",
    "LookRow",
    "PaceRow",
    "RulingRow",
    "RunRow",
    "StatementRow",
    "TaskRow",
    "TransferRow",
    "UtcDateTime",
    "WarningRow",
    "WithdrawalRow",
]
