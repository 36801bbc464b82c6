"""What people decided about contested files, and what else the planner has to know."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import CheckRow, RulingRow, WithdrawalRow
from syncer.core.check import SPOILT
from syncer.core.known import Contest, Key, Known, Ruling, Verdict

_CONTEST = ("project", "filename", "source_sha256", "target_sha256")


class DatabaseRulings:
    """RulingLedger on tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self, mapping: str) -> Known:
        """What the planner has to know of the Mapping beside both Listings."""
        with self._database.read() as session:
            return Known(_rulings(session, mapping), _former(session, mapping), _spoilt(session, mapping))

    def rule(self, mapping: str, contest: Contest, ruling: Ruling, now: datetime) -> None:
        """This is decided; an earlier decision about the same two contents is replaced."""
        about = {"mapping": mapping, **dict(zip(_CONTEST, contest, strict=True))}
        with self._database.write() as session:
            session.execute(delete(RulingRow).filter_by(**about))
            row = RulingRow(
                **about, verdict=ruling.verdict, reason=ruling.reason, actor=ruling.actor, decided_at=now
            )
            session.add(row)


def _rulings(session: Session, mapping: str) -> dict[Contest, Ruling]:
    rows = session.scalars(select(RulingRow).where(RulingRow.mapping == mapping))
    return {
        (row.project, row.filename, row.source_sha256, row.target_sha256): Ruling(
            Verdict(row.verdict), row.reason, row.actor
        )
        for row in rows
    }


def _former(session: Session, mapping: str) -> dict[Key, str]:
    """What was withdrawn, the newest digest of each name."""
    columns = WithdrawalRow.project, WithdrawalRow.filename, WithdrawalRow.sha256
    withdrawn = select(*columns).where(WithdrawalRow.mapping == mapping, WithdrawalRow.state == "withdrawn")
    rows = session.execute(withdrawn.order_by(WithdrawalRow.id))
    return {(row.project, row.filename): row.sha256 for row in rows}


def _spoilt(session: Session, mapping: str) -> dict[Key, tuple[str, str]]:
    columns = CheckRow.project, CheckRow.filename, CheckRow.sha256, CheckRow.found_sha256
    spoilt = select(*columns).where(CheckRow.mapping == mapping, CheckRow.result.in_(SPOILT))
    return {(row.project, row.filename): (row.sha256, row.found_sha256) for row in session.execute(spoilt)}
