"""The audit as JSON lines, and what its records prove wherever they are read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from syncer.core.audit import GENESIS, Chain, Record, canonical, follow
from syncer.core.errors import NotGenuine

#: What the last line of an export says of the lines above it.
FORMAT = "gitea-devpi-syncer/audit/v1"
#: Bytes; no record is nearly as long.
LONGEST_LINE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Mark:
    """A record that somebody noted elsewhere, where nobody who could change the audit can change it."""

    id: int
    digest: str


def examine(records: Iterable[Record], *, since: Mark | None = None, head: str = "") -> Chain:
    """The Chain of the records: all from the first on, or those from the Mark on, which comes first.

    ``head`` is the digest that was the newest at some time: a chain that does not hold it lost its end.
    """
    chain, coming = Chain(), iter(records)
    if since is not None:
        chain = _begin(next(coming, None), since)
    seen = _Seen(head, chain.head)
    if not chain.fault:
        chain = follow(seen.passing(coming), chain)
    if head and not chain.fault and not seen.found:
        lost = f"no record has the digest {head}: records at the end were removed, or this is another audit"
        return Chain(chain.records, chain.head, lost)
    return chain


def _begin(first: Record | None, since: Mark) -> Chain:
    if first is None or first.id != since.id:
        return Chain(fault=f"record {since.id} is missing")
    if first.digest != since.digest:
        return Chain(fault=f"record {since.id} has the digest {first.digest} instead of {since.digest}")
    return follow([first], Chain(0, first.previous))


class _Seen:
    """Watches records go by."""

    def __init__(self, wanted: str, *there: str) -> None:
        self._wanted = wanted
        self.found = wanted in (GENESIS, *there)

    def passing(self, records: Iterable[Record]) -> Iterator[Record]:
        for record in records:
            self.found = self.found or record.digest == self._wanted
            yield record


def write(records: Iterable[Record]) -> Iterator[str]:
    """One line per record, then one that says how many there are and what they are altogether."""
    number, head, all_lines = 0, GENESIS, hashlib.sha256()
    for record in records:
        line = canonical(_document(record)) + "\n"
        all_lines.update(line.encode("ascii"))
        number, head = number + 1, record.digest
        yield line
    yield _last_line(number, head, all_lines.hexdigest())


def read(lines: Iterable[bytes]) -> Iterator[Record]:
    """The records of an export; raises NotGenuine at the first line that ``write`` did not make so."""
    number, head, all_lines, ended = 0, GENESIS, hashlib.sha256(), False
    for line in lines:
        if ended:
            raise _refused("Something follows its last line.")
        if line == _last_line(number, head, all_lines.hexdigest()).encode("ascii"):
            ended = True
            continue
        record = _record(line, number + 1)
        all_lines.update(line)
        number, head = number + 1, record.digest
        yield record
    if not ended:
        raise _refused("Its last line, which says what there has to be, is missing.")


def _last_line(number: int, head: str, sha256: str) -> str:
    return canonical({"format": FORMAT, "records": number, "head": head, "sha256": sha256}) + "\n"


def _document(record: Record) -> dict[str, Any]:
    values = {field.name: getattr(record, field.name) for field in fields(Record)}
    return {**values, "at": record.at.astimezone(UTC).isoformat(timespec="microseconds")}


def _record(line: bytes, number: int) -> Record:
    try:
        document = json.loads(line)
        if document.get("format") == FORMAT:
            raise _refused(f"Its last line does not fit the {number - 1} lines above it.")
        record = Record(**{**document, "at": datetime.fromisoformat(document["at"])})
        as_written = f"{canonical(_document(record))}\n".encode("ascii")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
        raise _refused(f"Line {number} is no record.") from error
    if as_written != line or not _is_sound(record):
        raise _refused(f"Line {number} is not what the syncer wrote.")
    return record


def _is_sound(record: Record) -> bool:
    kinds = {"id": int, "at": datetime}
    return all(type(getattr(record, field.name)) is kinds.get(field.name, str) for field in fields(Record))


def _refused(cause: str) -> NotGenuine:
    return NotGenuine(
        "This export of the audit is not as it was written.",
        cause,
        "Export it anew with `syncer audit export --out FILE`, and look at who could write to this one.",
    )
