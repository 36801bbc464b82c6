"""Whoever gets around the database's guards is found by the digests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from syncer.adapters.database.audit import DatabaseAudit
from syncer.adapters.database.engine import Database
from syncer.adapters.database.guards import append_only_statements
from syncer.core.audit import Action, Entry
from syncer.core.auditfile import Mark
from syncer.queries.audit import newest_records
from syncer.usecases import audit_trail
from syncer.usecases.audit_trail import all_records, examine_audit
from tests.ledger.steps import Steps
from tests.ledger.test_retention import MONTH, forget
from tests.ledger.together import at_once

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def appended(database: Database, number: int = 5) -> DatabaseAudit:
    audit = DatabaseAudit(database)
    for place in range(1, number + 1):
        entry = Entry(Action.UPLOAD, "worker", "acme", f"alpha/alpha-{place}.whl", {"run": place})
        audit.append(entry, NOON + timedelta(seconds=place))
    return audit


@contextmanager
def unguarded(database: Database) -> Iterator[Session]:
    """A transaction in which the audit's triggers are not there."""
    with database.write() as session:
        if database.url.get_backend_name() == "postgresql":
            session.execute(text("SET LOCAL session_replication_role = replica"))
            yield session
            return
        for event in ("update", "delete"):
            session.execute(text(f"DROP TRIGGER audit_{event}_guard"))
        yield session
        for statement in append_only_statements("sqlite", "audit"):
            session.execute(text(statement))


TAMPERED = [
    pytest.param("UPDATE audit SET actor = 'nobody' WHERE id = 3", "record 3 was changed", id="changed"),
    pytest.param("UPDATE audit SET detail = '{}' WHERE id = 3", "record 3 was changed", id="detail changed"),
    pytest.param("DELETE FROM audit WHERE id = 1", "record 2 does not follow", id="first removed"),
    pytest.param("DELETE FROM audit WHERE id = 3", "record 4 does not follow", id="removed"),
    pytest.param(
        "INSERT INTO audit (id, at, actor, action, mapping, subject, detail, previous, digest)"
        " SELECT 9, at, actor, action, mapping, subject, detail, 'x', digest FROM audit WHERE id = 5",
        "record 9 does not follow",
        id="put in",
    ),
    pytest.param(
        "UPDATE audit SET id = CASE id WHEN 2 THEN -3 ELSE -2 END WHERE id IN (2, 3);"
        "UPDATE audit SET id = -id WHERE id < 0",
        "record 2 does not follow",
        id="swapped",
    ),
]


@pytest.mark.parametrize(("statements", "fault"), TAMPERED)
def test_what_was_done_behind_the_guards_is_found_where_it_was_done(
    database: Database, statements: str, fault: str
) -> None:
    audit = appended(database)
    with unguarded(database) as session:
        for statement in statements.split(";"):
            session.execute(text(statement))
    assert examine_audit(audit).fault.startswith(fault)


def test_records_removed_from_the_end_are_found_by_a_head_that_was_noted(database: Database) -> None:
    audit = appended(database)
    noted = examine_audit(audit)
    assert examine_audit(audit, head=noted.head) == noted
    with unguarded(database) as session:
        session.execute(text("DELETE FROM audit WHERE id > 3"))
    assert examine_audit(audit).fault == ""
    assert "removed" in examine_audit(audit, head=noted.head).fault


def test_verifying_begins_at_a_noted_record_and_reads_what_follows(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_trail, "PAGE", 2)
    audit = appended(database)
    third = list(all_records(audit))[2]
    found = examine_audit(audit, since=Mark(3, third.digest))
    assert (found.records, found.fault) == (3, "")
    assert "digest" in examine_audit(audit, since=Mark(3, "0" * 64)).fault
    assert "missing" in examine_audit(audit, since=Mark(9, third.digest)).fault


def test_appending_from_many_threads_keeps_one_chain_that_nobody_overtakes(database: Database) -> None:
    audit = DatabaseAudit(database)
    entry = Entry(Action.SYNC, "ann@desk", "acme")

    def append(number: int) -> None:
        for _ in range(5):
            with database.together():
                audit.append(entry, NOON + timedelta(seconds=number))

    at_once(6, append)
    assert (examine_audit(audit).records, examine_audit(audit).fault) == (30, "")


def test_the_newest_records_of_one_mapping_or_of_all_are_shown_in_order(database: Database) -> None:
    audit = appended(database)
    audit.append(Entry(Action.KEYS, "ann@desk"), NOON)
    assert [record.id for record in newest_records(database, limit=3)] == [4, 5, 6]
    assert [record.id for record in newest_records(database, "acme", limit=2)] == [4, 5]
    assert newest_records(database, "other") == ()


def test_forgetting_history_leaves_the_audit_alone(world: Steps) -> None:
    audit = appended(world.database)
    for _ in range(3):
        world.sync([])
    world.wait(100 * MONTH)
    assert forget(world) > 0
    assert examine_audit(audit).records == 5
