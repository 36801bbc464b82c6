"""The audit's chain: each record's digest covers the record before it, so that none can be changed unseen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

#: What stands for the digest before the first record.
GENESIS = "0" * 64


class Action(StrEnum):
    """What is audited: what people ask for and decide, and every write to a Target."""

    SYNC = "sync"
    APPLY = "apply"
    REPAIR = "repair"
    APPROVE = "approve"
    REJECT = "reject"
    UNDO = "undo"
    KEYS = "keys"
    UPLOAD = "upload"
    PUSH = "push"
    WITHDRAW = "withdraw"
    REFRESH = "refresh"


@dataclass(frozen=True, slots=True)
class Entry:
    """What was done, by whom, and to what: ``subject`` is ``project/file name`` where it is one file."""

    action: Action
    actor: str
    mapping: str = ""
    subject: str = ""
    detail: Mapping[str, object] = field(default_factory=dict)

    @property
    def detail_text(self) -> str:
        """The detail as canonical JSON."""
        return canonical(dict(self.detail))


@dataclass(frozen=True, slots=True)
class Record:
    """An Entry as it was recorded; ``digest`` covers everything else of it, ``previous`` included."""

    id: int
    at: datetime
    actor: str
    action: str
    mapping: str
    subject: str
    detail: str
    previous: str
    digest: str


@dataclass(frozen=True, slots=True)
class Chain:
    """What reading the records in order has shown: how many are sound, and the first thing that is wrong."""

    records: int = 0
    head: str = GENESIS
    fault: str = ""


def canonical(value: object) -> str:
    """One text for one value: sorted keys, no spaces, ASCII alone."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def digest_of(previous: str, at: datetime, entry: Entry) -> str:
    """What the record of this Entry carries, as 64 hex digits."""
    return _digest(previous, at, entry.actor, entry.action, entry.mapping, entry.subject, entry.detail_text)


def follow(records: Iterable[Record], chain: Chain | None = None) -> Chain:
    """The Chain after these records, which follow what it has seen already; it ends at the first fault."""
    chain = chain or Chain()
    number, head = chain.records, chain.head
    for record in records:
        if fault := _fault(record, head):
            return Chain(number, head, fault)
        number, head = number + 1, record.digest
    return Chain(number, head)


def _fault(record: Record, head: str) -> str:
    if record.previous != head:
        return f"record {record.id} does not follow the one before it: a record is missing or was put in"
    found = _digest(
        record.previous,
        record.at,
        record.actor,
        record.action,
        record.mapping,
        record.subject,
        record.detail,
    )
    return "" if found == record.digest else f"record {record.id} was changed after it was written"


def _digest(previous: str, at: datetime, *texts: str) -> str:
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(canonical([previous, moment, *texts]).encode("ascii")).hexdigest()
