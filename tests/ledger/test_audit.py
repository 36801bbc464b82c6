"""The audit on both databases: one chain, which nobody changes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from syncer.adapters.database.audit import DatabaseAudit
from syncer.adapters.database.engine import Database
from syncer.core.audit import Action, Entry, follow
from syncer.core.errors import SyncerError

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
SYNC = Entry(Action.SYNC, "ann@desk", "acme", "alpha 1.0", {"force": False, "run": 7, "text": "ä\0"})


def test_what_was_appended_is_read_back_as_one_sound_chain(database: Database) -> None:
    audit = DatabaseAudit(database)
    for number in range(5):
        audit.append(replace(SYNC, subject=f"alpha {number}\0"), NOON)
    records = [*audit.read(limit=2), *audit.read(after=2)]
    assert (follow(records).records, follow(records).fault) == (5, "")
    assert audit.head() == records[-1]
    assert (records[0].actor, records[0].action, records[0].at) == ("ann@desk", "sync", NOON)


def test_appending_at_once_makes_one_chain(database: Database) -> None:
    audit = DatabaseAudit(database)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: audit.append(replace(SYNC, subject=str(number)), NOON), range(40)))
    assert follow(audit.read()) == replace(follow(audit.read()), records=40, fault="")


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"])
def test_the_database_itself_refuses_to_change_the_audit(database: Database, statement: str) -> None:
    audit = DatabaseAudit(database)
    audit.append(SYNC, NOON)
    with pytest.raises(SyncerError, match="append-only"), database.write() as session:
        session.execute(text(statement))
    assert follow(audit.read()).records == 1


def test_what_is_undone_with_its_transaction_leaves_no_gap(database: Database) -> None:
    audit = DatabaseAudit(database)
    audit.append(SYNC, NOON)
    with suppress(ZeroDivisionError), database.together():
        audit.append(SYNC, NOON)
        _ = 1 / 0
    audit.append(SYNC, NOON)
    assert (follow(audit.read()).records, follow(audit.read()).fault) == (2, "")
