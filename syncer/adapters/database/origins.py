"""Where the files at a Target come from, by Transfers and by the audit, which outlives them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from syncer.adapters.database.blobs import file_of
from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import AuditRow, CheckRow, DecisionRow, TransferRow
from syncer.adapters.database.scopes import CURRENT, SAME_FILE, within
from syncer.adapters.database.statements import in_batches
from syncer.adapters.database.text import storable, storable_name
from syncer.core.audit import Action
from syncer.core.check import Check, CheckResult
from syncer.core.known import Key
from syncer.core.model import DistributionFile, Scope

File = tuple[str, str, str]


class DatabaseOrigins:
    """OriginLedger on tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def brought(self, mapping: str, files: Collection[DistributionFile]) -> frozenset[File]:
        """Those of the files that the Mapping once wrote to its Target."""
        asked = {_stored(file): (*file.key, file.sha256) for file in files}
        projects = sorted({project for project, _, _ in asked})
        subjects = sorted({storable(f"{file.project}/{file.filename}") for file in files})
        with self._database.read() as session:
            found = {file for batch in in_batches(projects) for file in _transferred(session, mapping, batch)}
            found |= {file for batch in in_batches(subjects) for file in _audited(session, mapping, batch)}
        return frozenset(real for stored, real in asked.items() if stored in found)

    def requires_python(self, mapping: str, scope: Scope) -> Mapping[str, str]:
        """What the files within the Scope state in their own metadata, by sha256, as far as it was read."""
        uploaded = (
            select(DecisionRow.sha256, TransferRow.requires_python)
            .join(TransferRow, TransferRow.decision_id == DecisionRow.id)
            .where(TransferRow.answer != "")
            .order_by(TransferRow.id)
        )
        with self._database.read() as session:
            rows = session.execute(uploaded.where(within(session, mapping, scope)))
            return {row.sha256: row.requires_python for row in rows}

    def checkable(self, mapping: str, scope: Scope) -> Mapping[Key, Check]:
        """The current files within the Scope, as a Check of each is recorded."""
        current = select(DecisionRow, CheckRow).outerjoin(CheckRow, SAME_FILE).where(CURRENT)
        with self._database.read() as session:
            rows = session.execute(current.where(within(session, mapping, scope)))
            return {check.file.key: check for row in rows for check in [_check(*row)]}


def _stored(file: DistributionFile) -> File:
    return storable_name(file.project), storable_name(file.filename), file.sha256


def _transferred(session: Session, mapping: str, projects: Sequence[str]) -> Iterator[File]:
    """An answer is recorded of what the Target took."""
    columns = DecisionRow.project, DecisionRow.filename, DecisionRow.sha256
    found = (
        select(*columns)
        .join(TransferRow, TransferRow.decision_id == DecisionRow.id)
        .where(DecisionRow.project.in_(projects), DecisionRow.mapping == mapping, TransferRow.answer != "")
    )
    yield from ((row.project, row.filename, row.sha256) for row in session.execute(found))


def _audited(session: Session, mapping: str, subjects: Sequence[str]) -> Iterator[File]:
    writes = select(AuditRow.subject, AuditRow.detail).where(
        AuditRow.mapping == mapping,
        AuditRow.subject.in_(subjects),
        AuditRow.action.in_([Action.UPLOAD, Action.PUSH]),
    )
    for row in session.execute(writes):
        project, _, filename = row.subject.partition("/")
        yield project, storable_name(filename), str(json.loads(row.detail).get("sha256", ""))


def _check(decision: DecisionRow, last: CheckRow | None) -> Check:
    return Check(
        decision.mapping,
        decision.id,
        file_of(decision),
        CheckResult(last.result) if last else None,
        last.found_sha256 if last else "",
        last.size if last else decision.size,
    )
