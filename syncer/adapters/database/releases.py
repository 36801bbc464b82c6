"""The releases of a Mapping's Source."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import DecisionRow
from syncer.adapters.database.scopes import CURRENT
from syncer.core.expectation import Published
from syncer.core.plan import DecisionKind


class DatabaseReleases:
    """ReleaseLedger on tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def mark(self, mapping: str) -> tuple[int, int]:
        """How many current decisions there are, and the newest of them: both come from an index."""
        rows = select(func.count(), func.max(DecisionRow.id)).where(CURRENT, DecisionRow.mapping == mapping)
        with self._database.read() as session:
            number, newest = session.execute(rows).one()
            return number, newest or 0

    def versions(self, mapping: str) -> Mapping[str, Mapping[str, Published]]:
        """By project, its versions."""
        columns = DecisionRow.project, DecisionRow.version, DecisionRow.filename, DecisionRow.decided_at
        wanted = (CURRENT, DecisionRow.mapping == mapping, DecisionRow.kind != DecisionKind.EXCLUDED)
        found: dict[str, dict[str, Published]] = {}
        with self._database.read() as session:
            for project, version, filename, since in session.execute(select(*columns).where(*wanted)):
                of_project = found.setdefault(project, {})
                known = of_project.get(version, Published((), since))
                of_project[version] = Published((*known.filenames, filename), min(known.since, since))
        return found
