"""How far a Run is, by the state of its Transfers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from syncer.adapters.database.balance import finish
from syncer.adapters.database.schema import RunRow, TransferRow
from syncer.core.retry import HOLDS_RUN
from syncer.core.states import RunState, TransferState


def holds(now: datetime) -> Any:
    """A Transfer holds its Run open while it is worked on or will be within moments."""
    busy = TransferRow.state == TransferState.UPLOADING
    soon = and_(
        TransferRow.state != TransferState.ENDED,
        TransferRow.next_attempt_at <= now + timedelta(seconds=HOLDS_RUN),
    )
    return or_(busy, soon)


def move(session: Session, run: RunRow, now: datetime) -> None:
    """The Run is where its Transfers say; finished when none of them holds it open."""
    states = set(
        session.scalars(select(TransferRow.state).where(TransferRow.run_id == run.id, holds(now)).distinct())
    )
    if states - {TransferState.UPLOADED}:
        run.state = RunState.TRANSFERRING
    elif states:
        run.state = RunState.VERIFYING
    else:
        finish(session, run, now)
