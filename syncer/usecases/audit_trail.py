"""Read the whole audit, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator

from syncer.core.audit import Chain, Record
from syncer.core.auditfile import Mark, examine
from syncer.ports.proof import AuditLedger

#: Records that are in memory at a time.
PAGE = 1000


def all_records(audit: AuditLedger, after: int = 0) -> Iterator[Record]:
    """Every record after that one, oldest first."""
    while page := audit.read(after, PAGE):
        yield from page
        after = page[-1].id


def examine_audit(audit: AuditLedger, *, since: Mark | None = None, head: str = "") -> Chain:
    """What the records prove: all of them, or those from the Mark on; ``head`` has to be among them."""
    first = since.id - 1 if since is not None else 0
    return examine(all_records(audit, first), since=since, head=head)
