"""A file that was written to its Target anew: what fetching it back found earlier says nothing of it now."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, select, tuple_
from sqlalchemy.orm import Session

from syncer.adapters.database.schema import CheckRow, DecisionRow, TransferRow
from syncer.adapters.database.statements import table_of

_checks, _decisions, _transfers = table_of(CheckRow), table_of(DecisionRow), table_of(TransferRow)
_its_file = (
    select(_decisions.c.mapping, _decisions.c.project, _decisions.c.filename)
    .join(_transfers, _transfers.c.decision_id == _decisions.c.id)
    .where(_transfers.c.id == bindparam("transfer"))
)
#: Built once, as it is executed for every file that is copied.
_FORGET = delete(_checks).where(
    tuple_(_checks.c.mapping, _checks.c.project, _checks.c.filename).in_(_its_file)
)


def forget_check(session: Session, transfer_id: int) -> None:
    """The file of the Transfer counts as never checked."""
    session.execute(_FORGET, {"transfer": transfer_id})
