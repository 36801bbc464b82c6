"""What a Run saw, kept for the next one."""

from __future__ import annotations

import json

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from syncer.adapters.database.schema import DecisionRow, LookRow
from syncer.adapters.database.scopes import CURRENT, within
from syncer.core.look import Look
from syncer.core.model import Scope
from syncer.core.plan import DecisionKind
from syncer.ports.claims import Seen


def keep_look(session: Session, mapping: str, seen: Seen) -> None:
    """The next Run of the Mapping may begin from this; never from decisions that follow another rule."""
    look = seen.look
    if look is None:
        session.execute(delete(LookRow).where(LookRow.mapping == mapping, LookRow.rule != seen.rule))
        return
    session.merge(
        LookRow(
            mapping=mapping,
            rule=look.rule,
            full_at=look.full_at,
            full_seconds=look.full_seconds,
            seen_at=look.seen_at,
            stated=look.stated,
            proved_at=look.proved_at,
            recent=json.dumps(sorted(look.recent)),
            target_state=look.target_state,
        )
    )


def last_look(session: Session, mapping: str) -> Look | None:
    """What the last recorded Run of the Mapping saw."""
    row = session.get(LookRow, mapping)
    if row is None:
        return None
    return Look(
        rule=row.rule,
        full_at=row.full_at,
        full_seconds=row.full_seconds,
        seen_at=row.seen_at,
        stated=row.stated,
        proved_at=row.proved_at,
        recent=frozenset(json.loads(row.recent)),
        target_state=row.target_state,
    )


def files_there(session: Session, mapping: str, scope: Scope) -> frozenset[tuple[str, str, str]]:
    """The Mapping's files (project, file name, sha256) that its Plans last found at the Target."""
    there = select(DecisionRow.project, DecisionRow.filename, DecisionRow.sha256).where(
        CURRENT, within(session, mapping, scope), DecisionRow.kind == DecisionKind.ALREADY_THERE
    )
    return frozenset((row.project, row.filename, row.sha256) for row in session.execute(there))
