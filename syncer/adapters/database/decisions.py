"""Recording a Plan: only what changed is written, so an unchanged Mapping costs no rows."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from syncer.adapters.database.schema import DecisionRow, TransferRow
from syncer.adapters.database.scopes import CURRENT, within
from syncer.adapters.database.statements import in_batches
from syncer.adapters.database.text import storable, storable_name
from syncer.core.model import Scope
from syncer.core.plan import Decision, DecisionKind, Plan
from syncer.core.states import Outcome, TransferState
from syncer.ports.claims import RunClaim

Key = tuple[str, str]


def record_decisions(session: Session, claim: RunClaim, plan: Plan, now: datetime) -> None:
    """The Plan's decisions are the current ones of the Scope; those that they replace are closed."""
    decisions = {_key(decision): decision for decision in plan.decisions}
    current = _current(session, claim, decisions)
    closed: dict[int, DecisionKind | None] = {}
    fresh = []
    for key, decision in decisions.items():
        row = current.pop(key, None)
        if row is not None and _same(row, decision):
            continue
        if row is not None and _still_copies(row, decision):
            _refresh(session, row.id, decision)
            continue
        if row is not None:
            closed[row.id] = decision.kind
        fresh.append(_values(claim, decision, now))
    closed.update({row.id: None for row in current.values()})
    _close(session, claim.id, closed, now)
    _insert(session, fresh)


def record_dry_run(session: Session, claim: RunClaim, plan: Plan, now: datetime) -> None:
    """What a Run would do is kept with that Run and changes nothing that is current."""
    wanted = [decision for decision in plan.decisions if decision.kind is not DecisionKind.ALREADY_THERE]
    _insert(session, [{**_values(claim, decision, now), "to_run_id": claim.id} for decision in wanted])


def _key(decision: Decision) -> Key:
    """The decision's file as the table names it."""
    return (storable_name(decision.file.project), storable_name(decision.file.filename))


def _current(session: Session, claim: RunClaim, planned: Collection[Key]) -> dict[Key, Any]:
    """What stands for the Scope, and for a planned file that was known under another version."""
    columns = (
        DecisionRow.id,
        DecisionRow.project,
        DecisionRow.filename,
        DecisionRow.version,
        DecisionRow.sha256,
        DecisionRow.kind,
        DecisionRow.reason,
        DecisionRow.locator,
        DecisionRow.overwrite,
    )
    scope = claim.scope
    found = session.execute(
        select(*columns).where(CURRENT, within(session, claim.mapping, Scope(scope.project)))
    )
    rows = {(row.project, row.filename): row for row in found}
    return {key: row for key, row in rows.items() if key in planned or scope.covers(row.project, row.version)}


def _same(row: Any, decision: Decision) -> bool:
    said = {name: getattr(row, name) for name in _may_change(decision)}
    return _still_copies(row, decision, kind=decision.kind) and said == _may_change(decision)


def _may_change(decision: Decision) -> dict[str, str]:
    """What a Copy that goes on may say anew of its file."""
    return {
        "reason": storable(decision.reason),
        "locator": storable(decision.file.locator),
        "version": storable_name(decision.file.version),
    }


def _still_copies(row: Any, decision: Decision, kind: DecisionKind = DecisionKind.COPY) -> bool:
    """Whether both decide ``kind`` for the same bytes, so that a Transfer under way goes on."""
    return (row.kind, row.sha256, row.overwrite) == (kind, decision.file.sha256, decision.overwrite) and (
        decision.kind is kind
    )


def _refresh(session: Session, decision_id: int, decision: Decision) -> None:
    changes = update(DecisionRow).where(DecisionRow.id == decision_id).values(**_may_change(decision))
    session.execute(changes)


def _values(claim: RunClaim, decision: Decision, now: datetime) -> dict[str, Any]:
    file = decision.file
    return {
        "mapping": claim.mapping,
        "project": storable_name(file.project),
        "filename": storable_name(file.filename),
        "sha256": file.sha256,
        "size": file.size,
        "requires_python": file.requires_python,
        "repository": file.repository,
        "kind": decision.kind,
        **_may_change(decision),
        "target_sha256": decision.target_sha256,
        "overwrite": decision.overwrite,
        "from_run_id": claim.id,
        "to_run_id": None,
        "decided_at": now,
    }


def _insert(session: Session, rows: list[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(DecisionRow), rows)


def _close(session: Session, run_id: int, closed: dict[int, DecisionKind | None], now: datetime) -> None:
    found_there = [key for key, kind in closed.items() if kind is DecisionKind.ALREADY_THERE]
    others = [key for key, kind in closed.items() if kind is not DecisionKind.ALREADY_THERE]
    for ids, outcome in ((found_there, Outcome.ALREADY_THERE), (others, Outcome.SUPERSEDED)):
        for batch in in_batches(ids):
            session.execute(update(DecisionRow).where(DecisionRow.id.in_(batch)).values(to_run_id=run_id))
            _end_idle(session, list(batch), outcome, now)


def _end_idle(session: Session, decision_ids: list[int], outcome: Outcome, now: datetime) -> None:
    """End Transfers that nobody works on; one that is uploading, or to be read back, ends itself."""
    idle = [TransferState.WAITING, TransferState.READY]
    session.execute(
        update(TransferRow)
        .where(TransferRow.decision_id.in_(decision_ids), TransferRow.state.in_(idle))
        .values(state=TransferState.ENDED, outcome=outcome, ended_at=now)
    )
