"""Waiting out a minute in a moment: the ledger's own times are set back, and nothing else is changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from syncer.adapters.database.schema import BlobRow, LaneRow, RunRow, TransferRow
from syncer.usecases.leases import LEASE
from syncer.usecases.reconcile import LOST_AFTER
from tests.support.world import World


def messages_are_lost(world: World) -> None:
    """What was sent so far counts as lost, as it does by itself after a minute."""
    with world.seen.database.write() as session:
        sent: list[Any] = [*session.scalars(select(BlobRow)), *session.scalars(select(TransferRow))]
        for row in sent:
            row.sent_at = row.sent_at and row.sent_at - timedelta(seconds=LOST_AFTER + 1)


def leases_run_out(world: World) -> None:
    """Whoever held something has let it go, as the dead do by themselves when their leases end.

    Only for when no worker lives: a living one would lose what it is still at work on.
    """
    with world.seen.database.write() as session:
        tables: tuple[Any, ...] = (BlobRow, TransferRow, RunRow, LaneRow)
        for row in (row for table in tables for row in session.scalars(select(table))):
            row.lease_until = row.lease_until and row.lease_until - timedelta(seconds=LEASE + 1)
