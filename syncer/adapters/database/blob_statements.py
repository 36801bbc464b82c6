"""The statements of every single Blob, built once: building one takes longer than SQLite to execute it."""

from __future__ import annotations

from sqlalchemy import bindparam, exists, select

from syncer.adapters.database.schema import BlobRow, DecisionRow, TransferRow
from syncer.adapters.database.statements import table_of
from syncer.core.states import BlobState, TransferState

UNFINISHED = [TransferState.WAITING, TransferState.READY, TransferState.UPLOADING]
_blobs, _decisions, _transfers = table_of(BlobRow), table_of(DecisionRow), table_of(TransferRow)
_of_file = _decisions.join(_transfers, _transfers.c.decision_id == _decisions.c.id)
_its_bytes = _decisions.c.sha256 == bindparam("sha256")

WANTED = select(_blobs.c.sha256, _blobs.c.attempt, _blobs.c.tries).where(
    _blobs.c.state == BlobState.WANTED, _blobs.c.next_attempt_at <= bindparam("now")
)
THIS = WANTED.where(_blobs.c.sha256 == bindparam("sha256")).with_for_update()
NEXT = (
    WANTED.where(_blobs.c.server == bindparam("server"))
    .order_by(_blobs.c.turn)
    .limit(1)
    .with_for_update(skip_locked=True)
)
OFFERS = (
    select(_decisions)
    .select_from(_of_file)
    .where(_its_bytes, _transfers.c.state == TransferState.WAITING)
    .order_by(_decisions.c.id.desc())
)
WAITING = (
    select(_transfers.c.id, _transfers.c.server)
    .select_from(_of_file)
    .where(_its_bytes, _transfers.c.state == TransferState.WAITING)
)
STATE = select(_blobs.c.state).where(_blobs.c.sha256 == bindparam("sha256")).with_for_update()
NEEDED = select(exists().select_from(_of_file).where(_its_bytes, _transfers.c.state.in_(UNFINISHED)))
