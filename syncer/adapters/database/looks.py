"""What a Run saw, kept for the next one."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from syncer.adapters.database.schema import DecisionRow, LookRow
from syncer.adapters.database.scopes import CURRENT
from syncer.core.look import Look, digest_of
from syncer.core.plan import DecisionKind
from syncer.ports.claims import Seen


def keep_look(session: Session, mapping: str, seen: Seen) -> None:
    """The next Run of the Mapping may begin from this; never from decisions that follow another rule."""
    look = seen.look
    if look is None:
        session.execute(delete(LookRow).where(LookRow.mapping == mapping, LookRow.rule != seen.rule))
        return
    if look.proved_at == look.full_at == look.seen_at:  # it relied on nothing earlier
        look = replace(look, held=digest_of(files_there(session, mapping)))
    said = {**asdict(look), "recent": json.dumps(sorted(look.recent))}
    session.merge(LookRow(mapping=mapping, **said))


def last_look(session: Session, mapping: str) -> Look | None:
    """What the last recorded Run of the Mapping saw."""
    row = session.get(LookRow, mapping)
    if row is None:
        return None
    said = {field.name: getattr(row, field.name) for field in fields(Look)}
    return Look(**{**said, "recent": frozenset(json.loads(row.recent))})


def files_there(session: Session, mapping: str) -> frozenset[tuple[str, str, str]]:
    """The Mapping's files (project, file name, sha256) that its Plans last found at the Target."""
    there = select(DecisionRow.project, DecisionRow.filename, DecisionRow.sha256).where(
        CURRENT, DecisionRow.mapping == mapping, DecisionRow.kind == DecisionKind.ALREADY_THERE
    )
    return frozenset((row.project, row.filename, row.sha256) for row in session.execute(there))
