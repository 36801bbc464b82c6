"""Triggers that make an illegal transition impossible, whoever writes and by whichever statement."""

from __future__ import annotations

from collections.abc import Iterable

#: How the databases' own errors about it begin.
ILLEGAL = "illegal transition"
KEPT = "append-only table"

#: States before and after.
Pairs = Iterable[tuple[str, str]]


def guard_statements(dialect: str, table: str, begins: str, ends: str, legal: Pairs) -> list[str]:
    """The table's rows begin in one state and move along ``legal`` pairs only.

    Where ``ends`` is given, a row has an outcome exactly in that state, and keeps it there.
    """
    moves = ", ".join(f"'{old} {new}'" for old, new in sorted(legal))
    moved = f"(NEW.state <> OLD.state AND OLD.state || ' ' || NEW.state NOT IN ({moves}))"
    changed = "(NEW.state = OLD.state AND OLD.outcome <> NEW.outcome)"
    mismatched = f"((NEW.state = '{ends}') <> (NEW.outcome IS NOT NULL))"
    update = " OR ".join([moved, changed, mismatched] if ends else [moved])
    insert = f"NEW.state <> '{begins}'"
    make = _POSTGRESQL if dialect == "postgresql" else _SQLITE
    return [
        text.format(illegal=ILLEGAL, table=table, event=event, when=when)
        for event, when in (("insert", insert), ("update", update))
        for text in make
    ]


def read_back_statements(dialect: str) -> list[str]:
    """No Transfer is called copied of which no read-back was recorded."""
    called = "NEW.outcome = 'copied' AND NEW.read_back_sha256 = ''"
    make = _POSTGRESQL if dialect == "postgresql" else _SQLITE
    return [
        text.format(illegal=ILLEGAL, table="transfers", event="update", when=called).replace(
            "transfers_update_guard", "transfers_read_back_guard"
        )
        for text in make
    ]


def append_only_statements(dialect: str, table: str) -> list[str]:
    """Nobody changes or removes a row of the table."""
    make = _POSTGRESQL_KEPT if dialect == "postgresql" else _SQLITE_KEPT
    return [
        text.format(kept=KEPT, table=table, event=event) for event in ("update", "delete") for text in make
    ]


_SQLITE = (
    """CREATE TRIGGER {table}_{event}_guard BEFORE {event} ON {table} WHEN {when}
BEGIN SELECT RAISE(ABORT, '{illegal} of {table} at {event}'); END""",
)

_POSTGRESQL = (
    """CREATE FUNCTION {table}_{event}_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '{illegal} of {table} at {event}: to %', NEW.state USING ERRCODE = 'check_violation';
END $$""",
    """CREATE TRIGGER {table}_{event}_guard BEFORE {event} ON {table} FOR EACH ROW WHEN ({when})
EXECUTE FUNCTION {table}_{event}_guard()""",
)

_SQLITE_KEPT = (
    """CREATE TRIGGER {table}_{event}_guard BEFORE {event} ON {table}
BEGIN SELECT RAISE(ABORT, '{kept} {table}: {event} refused'); END""",
)

_POSTGRESQL_KEPT = (
    """CREATE FUNCTION {table}_{event}_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '{kept} {table}: {event} refused' USING ERRCODE = 'check_violation';
END $$""",
    """CREATE TRIGGER {table}_{event}_guard BEFORE {event} ON {table} FOR EACH ROW
EXECUTE FUNCTION {table}_{event}_guard()""",
)
