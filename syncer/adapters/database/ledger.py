"""The ledger, put together."""

from __future__ import annotations

from syncer.adapters.database.audit import DatabaseAudit
from syncer.adapters.database.blobs import DatabaseBlobs
from syncer.adapters.database.budget import DatabaseBudgets
from syncer.adapters.database.checks import DatabaseChecks
from syncer.adapters.database.circuits import DatabaseCircuits
from syncer.adapters.database.engine import Database
from syncer.adapters.database.equality import DatabaseStatements
from syncer.adapters.database.lanes import DatabaseLanes
from syncer.adapters.database.origins import DatabaseOrigins
from syncer.adapters.database.recovery import DatabaseRecovery
from syncer.adapters.database.releases import DatabaseReleases
from syncer.adapters.database.retention import DatabaseRetention
from syncer.adapters.database.rulings import DatabaseRulings
from syncer.adapters.database.runs import DatabaseRuns
from syncer.adapters.database.siblings import DatabaseSiblings
from syncer.adapters.database.tasks import DatabaseHeartbeats, DatabaseTasks
from syncer.adapters.database.transfers import DatabaseTransfers
from syncer.adapters.database.warnings import DatabaseWarnings
from syncer.adapters.database.withdrawals import DatabaseWithdrawals
from syncer.ports.ledger import Ledger


def open_ledger(database: Database) -> Ledger:
    """Every part of the ledger on one database."""
    return Ledger(
        runs=DatabaseRuns(database),
        blobs=DatabaseBlobs(database),
        transfers=DatabaseTransfers(database),
        lanes=DatabaseLanes(database),
        circuits=DatabaseCircuits(database),
        budgets=DatabaseBudgets(database),
        tasks=DatabaseTasks(database),
        heartbeats=DatabaseHeartbeats(database),
        recovery=DatabaseRecovery(database),
        retention=DatabaseRetention(database),
        warnings=DatabaseWarnings(database),
        siblings=DatabaseSiblings(database),
        audit=DatabaseAudit(database),
        rulings=DatabaseRulings(database),
        statements=DatabaseStatements(database),
        checks=DatabaseChecks(database),
        releases=DatabaseReleases(database),
        withdrawals=DatabaseWithdrawals(database),
        origins=DatabaseOrigins(database),
        together=database.together,
    )
