"""Standing warnings about Mappings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import DecisionRow, WarningRow
from syncer.adapters.database.scopes import CURRENT
from syncer.adapters.database.statements import in_batches, insert_new
from syncer.core.plan import DecisionKind
from syncer.core.warning import StandingWarning


class DatabaseWarnings:
    """WarningLedger on tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def standing(self, mapping: str, kind: str) -> list[StandingWarning]:
        """The Mapping's warnings of that kind, by subject."""
        with self._database.read() as session:
            return _standing(session, mapping, kind)

    def replace(self, mapping: str, kind: str, warnings: Sequence[StandingWarning], now: datetime) -> None:
        """Exactly these stand; one that stood before keeps the time since when. The same write nothing."""
        wanted = {warning.subject: warning for warning in warnings}
        if wanted == {each.subject: each for each in self.standing(mapping, kind)}:
            return
        with self._database.write() as session:
            standing = {each.subject: each for each in _standing(session, mapping, kind)}
            _remove(session, mapping, kind, sorted(set(standing) - set(wanted)))
            new = [_row(mapping, each, now) for name, each in wanted.items() if name not in standing]
            insert_new(session, WarningRow, new)
            for subject in sorted(set(wanted) & set(standing)):
                row = session.get_one(WarningRow, (mapping, kind, subject))
                row.text, row.next_step = wanted[subject].text, wanted[subject].next_step

    def projects(self, mapping: str) -> list[str]:
        """The projects of which the Mapping wants a file now."""
        wanted = (CURRENT, DecisionRow.mapping == mapping, DecisionRow.kind != DecisionKind.EXCLUDED)
        projects = select(DecisionRow.project).where(*wanted).distinct().order_by(DecisionRow.project)
        with self._database.read() as session:
            return list(session.scalars(projects))


def _standing(session: Session, mapping: str, kind: str) -> list[StandingWarning]:
    rows = select(WarningRow).where(WarningRow.mapping == mapping, WarningRow.kind == kind)
    return [
        StandingWarning(row.kind, row.subject, row.text, row.next_step)
        for row in session.scalars(rows.order_by(WarningRow.subject))
    ]


def _remove(session: Session, mapping: str, kind: str, subjects: list[str]) -> None:
    of_kind = (WarningRow.mapping == mapping, WarningRow.kind == kind)
    for batch in in_batches(subjects):
        session.execute(delete(WarningRow).where(*of_kind, WarningRow.subject.in_(batch)))


def _row(mapping: str, warning: StandingWarning, now: datetime) -> dict[str, object]:
    said = {"text": warning.text, "next_step": warning.next_step, "since": now}
    return {"mapping": mapping, "kind": warning.kind, "subject": warning.subject, **said}
