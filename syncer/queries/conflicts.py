"""The conflict inbox: names under which the Target holds other bytes than the Source."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import AuditRow, DecisionRow, RulingRow, TransferRow
from syncer.adapters.database.scopes import CURRENT
from syncer.core.audit import Action
from syncer.core.known import Contest, Ruling, Verdict
from syncer.core.model import DistributionFile
from syncer.core.plan import TWICE, DecisionKind
from syncer.core.states import AT_TARGET, Outcome
from syncer.queries.rows import is_storable

#: How many conflicts are read at once.
READ = 1000

#: A Mapping, project and file name as the audit names them, and a digest.
Key = tuple[str, str, str]


class ConflictState(StrEnum):
    """What is to be done about a conflict."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two contents of one name; ``file`` is the Source's, ``target_sha256`` empty where it is not known.

    ``origin`` tells where the Target's bytes come from, as far as the ledger knows. An approved conflict is
    still one where the Target lets no file be replaced.
    """

    mapping: str
    file: DistributionFile
    target_sha256: str
    state: ConflictState
    reason: str
    origin: str
    found_at: datetime
    run_id: int
    ruling: Ruling | None
    ruled_at: datetime | None
    next_step: str

    @property
    def contest(self) -> Contest:
        """What a person decides about."""
        return (self.file.project, self.file.filename, self.file.sha256, self.target_sha256)


#: Only a person's ruling excludes a file of whose bytes at the Target something is known.
_RULED_OUT = and_(DecisionRow.kind == DecisionKind.EXCLUDED, DecisionRow.target_sha256 != "")
_FOUND = DecisionRow.kind == DecisionKind.CONFLICT
_MET = and_(DecisionRow.kind == DecisionKind.COPY, TransferRow.outcome == Outcome.CONFLICT)
_OPEN = or_(_FOUND, _MET)


def conflicts(
    database: Database, mappings: Collection[str], *, rejected: bool = True
) -> tuple[Conflict, ...]:
    """The conflicts of these Mappings by name, and those that were rejected, unless they are left out."""
    wanted = or_(_OPEN, _RULED_OUT) if rejected else _OPEN
    with database.read() as session:
        return _conflicts(session, [DecisionRow.mapping.in_(mappings), wanted])


def conflict(database: Database, mapping: str, project: str, filename: str) -> Conflict | None:
    """The conflict about one file, None where there is none; an empty project means any."""
    if not all(map(is_storable, (mapping, project, filename))):
        return None
    named = [DecisionRow.mapping == mapping, DecisionRow.filename == filename]
    if project:
        named.append(DecisionRow.project == project)
    with database.read() as session:
        return next(iter(_conflicts(session, [*named, or_(_OPEN, _RULED_OUT)])), None)


def count_open_conflicts(mappings: Collection[str]) -> Any:
    """How many conflicts of these Mappings nobody has rejected, as a query for one number.

    Counted apart, both kinds are found through an index.
    """
    ours = CURRENT, DecisionRow.mapping.in_(mappings)
    met = select(func.count()).select_from(DecisionRow).join(TransferRow).where(*ours, _MET)
    found = select(func.count()).select_from(DecisionRow).where(*ours, _FOUND)
    return select(found.scalar_subquery() + met.scalar_subquery())


def _joined(*columns: Any) -> Any:
    of_decision = TransferRow.decision_id == DecisionRow.id
    return select(*columns).select_from(DecisionRow).outerjoin(TransferRow, of_decision)


def _conflicts(session: Session, conditions: Iterable[Any]) -> tuple[Conflict, ...]:
    same = [
        RulingRow.mapping == DecisionRow.mapping,
        RulingRow.project == DecisionRow.project,
        RulingRow.filename == DecisionRow.filename,
        RulingRow.source_sha256 == DecisionRow.sha256,
        RulingRow.target_sha256 == DecisionRow.target_sha256,
    ]
    found = _joined(DecisionRow, TransferRow, RulingRow).outerjoin(RulingRow, and_(*same))
    order = DecisionRow.mapping, DecisionRow.project, DecisionRow.filename
    rows = session.execute(found.where(CURRENT, *conditions).order_by(*order).limit(READ)).all()
    written = _written(session, [row.DecisionRow for row in rows])
    return tuple(_conflict(row.DecisionRow, row.TransferRow, row.RulingRow, written) for row in rows)


def _conflict(
    row: DecisionRow,
    transfer: TransferRow | None,
    ruling: RulingRow | None,
    written: dict[Key, datetime],
) -> Conflict:
    state = _state(row, ruling)
    file = DistributionFile(
        row.project, row.version, row.filename, row.sha256, row.size, row.requires_python, row.locator
    )
    return Conflict(
        mapping=row.mapping,
        file=file,
        target_sha256=row.target_sha256,
        state=state,
        reason=transfer.error if transfer is not None and transfer.error else row.reason,
        origin=_origin(row, written.get(_key(row, row.target_sha256))),
        found_at=row.decided_at,
        run_id=row.from_run_id,
        ruling=Ruling(Verdict(ruling.verdict), ruling.reason, ruling.actor) if ruling else None,
        ruled_at=ruling.decided_at if ruling else None,
        next_step=_NEXT[state].format(mapping=row.mapping, filename=row.filename),
    )


def _state(row: DecisionRow, ruling: RulingRow | None) -> ConflictState:
    if row.reason.startswith(TWICE):
        return ConflictState.AMBIGUOUS
    return ConflictState(ruling.verdict) if ruling else ConflictState.OPEN


_NEXT = {
    ConflictState.OPEN: (
        "Compare both with `syncer conflicts show {mapping} {filename}`, then approve or reject it with a "
        "reason."
    ),
    ConflictState.APPROVED: (
        "Where the index is volatile the next run replaces the bytes. Where it is not, a person has to "
        "remove the release at devpi (`devpi remove --force`); the next run then brings the new bytes."
    ),
    ConflictState.REJECTED: "Nothing is to be done: the mapping counts as complete without it.",
    ConflictState.AMBIGUOUS: "Delete one of the two at the source: nobody can have both under one name.",
}


def _origin(row: DecisionRow, brought_at: datetime | None) -> str:
    if row.reason.startswith(TWICE):
        return "both lie at the source"
    if not row.target_sha256 or row.target_sha256 == row.sha256:
        return "not known"
    if brought_at is not None:
        return (
            f"this mapping brought them on {brought_at:%Y-%m-%d}: the file was then deleted at the source "
            "and published again with other bytes"
        )
    return "not from this mapping: somebody else put them there"


def _written(session: Session, rows: Sequence[DecisionRow]) -> dict[Key, datetime]:
    """When which bytes came to these names by this mapping: as the audit keeps it, or an older ledger."""
    if not rows:
        return {}
    mappings, names = sorted({row.mapping for row in rows}), sorted({row.filename for row in rows})
    brought = (
        _joined(DecisionRow, TransferRow.ended_at)
        .where(DecisionRow.mapping.in_(mappings), DecisionRow.filename.in_(names))
        .where(TransferRow.outcome.in_(AT_TARGET), TransferRow.ended_at.is_not(None))
    )
    found = {_key(row, row.sha256): ended_at for row, ended_at in session.execute(brought)}
    entries = select(AuditRow).where(
        AuditRow.mapping.in_(mappings),
        AuditRow.subject.in_(sorted({f"{row.project}/{row.filename}" for row in rows})),
        AuditRow.action.in_([Action.UPLOAD, Action.PUSH]),
    )
    for entry in session.scalars(entries):
        sha256 = json.loads(entry.detail).get("sha256", "")
        found[entry.mapping, entry.subject, sha256] = entry.at
    return found


def _key(row: DecisionRow, sha256: str) -> Key:
    return row.mapping, f"{row.project}/{row.filename}", sha256
