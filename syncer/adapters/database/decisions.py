"""Recording a Plan: only what changed is written, so an unchanged Mapping costs no rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from syncer.adapters.database.schema import DecisionRow, TransferRow
from syncer.adapters.database.scopes import CURRENT, within
from syncer.adapters.database.statements import in_batches
from syncer.adapters.database.text import storable, storable_name
from syncer.core.plan import Decision, DecisionKind, Plan
from syncer.core.states import Outcome, TransferState
from syncer.ports.claims import RunClaim

Key = tuple[str, str]

#: Standing decisions that are in memory at a time.
READ_AT_ONCE = 1000


def record_decisions(
    session: Session, claim: RunClaim, plan: Plan, now: datetime, *, withdraws: bool = True
) -> None:
    """The Plan's decisions are current; those that they replace are closed.

    So are those of the Scope of which the Plan says nothing, if it ``withdraws`` what it does not name.
    """
    decisions = {_key(decision): decision for decision in plan.decisions}
    replaced = list(_replaced(session, claim, decisions))
    closed: dict[int, DecisionKind | None] = {}
    for row, decision in replaced:
        if decision is not None and _still_copies(row, decision):
            _refresh(session, row.id, decision)
            del decisions[row.project, row.filename]
        elif decision is not None or withdraws:
            closed[row.id] = decision.kind if decision else None
    _close(session, claim.id, closed, now)
    _insert(session, [_values(claim, decision, now) for decision in decisions.values()])


def record_dry_run(session: Session, claim: RunClaim, plan: Plan, now: datetime) -> None:
    """What a Run would do is kept with that Run and changes nothing that is current."""
    wanted = [decision for decision in plan.decisions if decision.kind is not DecisionKind.ALREADY_THERE]
    _insert(session, [{**_values(claim, decision, now), "to_run_id": claim.id} for decision in wanted])


def _key(decision: Decision) -> Key:
    """The decision's file as the table names it."""
    return (storable_name(decision.file.project), storable_name(decision.file.filename))


def _replaced(
    session: Session, claim: RunClaim, decisions: dict[Key, Decision]
) -> Iterator[tuple[Any, Decision | None]]:
    """What stands and is decided otherwise now, or no more; what stands as it is leaves ``decisions``.

    Rows are read a few at a time: of a hundred thousand that stand, almost all are forgotten at once.
    """
    for row in _current(session, claim):
        key = (row.project, row.filename)
        decision = decisions.get(key)
        if decision is None and claim.scope.covers(row.project, row.version):
            yield row, None
        elif decision is not None and _same(row, decision):
            del decisions[key]
        elif decision is not None:
            yield row, decision


def _current(session: Session, claim: RunClaim) -> Any:
    """What stands for the Scope's projects: a planned file may be known there under another version."""
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
        DecisionRow.release_id,
    )
    inside = within(session, claim.mapping, replace(claim.scope, version=""))
    return session.execute(select(*columns).where(CURRENT, inside).execution_options(yield_per=READ_AT_ONCE))


def _same(row: Any, decision: Decision) -> bool:
    said = {name: getattr(row, name) for name in _may_change(decision)}
    return _still_copies(row, decision, kind=decision.kind) and said == _may_change(decision)


def _may_change(decision: Decision) -> dict[str, str | int | None]:
    """What a Copy that goes on may say anew of its file.

    A look at what is new does not tell the releases of older files.
    """
    release = decision.file.release_id
    return {
        "reason": storable(decision.reason),
        "locator": storable(decision.file.locator),
        "version": storable_name(decision.file.version),
        **({} if release is None else {"release_id": release}),
    }


def _still_copies(row: Any, decision: Decision, kind: DecisionKind = DecisionKind.COPY) -> bool:
    """Whether both decide ``kind`` for the same bytes, so that a Transfer under way goes on."""
    return (row.kind, row.sha256, row.overwrite) == (kind, decision.file.sha256, decision.overwrite) and (
        decision.kind is kind
    )


def _refresh(session: Session, decision_id: int, decision: Decision) -> None:
    said = {**_may_change(decision), "target_sha256": decision.target_sha256}
    session.execute(update(DecisionRow).where(DecisionRow.id == decision_id).values(**said))


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
        "release_id": file.release_id,
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
            session.execute(
                update(TransferRow).where(TransferRow.decision_id.in_(batch)).values(stands_for=None)
            )
            _end_idle(session, batch, outcome, now)


def _end_idle(session: Session, decision_ids: Sequence[int], outcome: Outcome, now: datetime) -> None:
    """End Transfers that nobody works on; one that is uploading, or to be read back, ends itself."""
    idle = [TransferState.WAITING, TransferState.READY]
    session.execute(
        update(TransferRow)
        .where(TransferRow.decision_id.in_(decision_ids), TransferRow.state.in_(idle))
        .values(state=TransferState.ENDED, outcome=outcome, ended_at=now)
    )
