"""Documents that the syncer wrote and that somebody hands back: plans, exports of the audit, statements."""

from __future__ import annotations

from syncer.adapters.gitea.filed import parse_filed
from syncer.core.auditfile import examine
from syncer.core.auditfile import read as read_audit
from syncer.core.errors import NotGenuine, RemoteUnavailable
from syncer.core.planfile import read as read_plan
from syncer.core.planfile import write as write_plan
from syncer.core.statement import payload_of, read_payload
from tests.fuzz.laws import check_text, only
from tests.fuzz.target import Target


def plan_file(data: bytes) -> None:
    """What is taken is exactly what would be written."""
    text = data.decode("utf-8", "replace")
    with only(NotGenuine):
        assert write_plan(read_plan(text)) == text


def audit_export(data: bytes) -> None:
    """Whatever stands there, it is sound as a whole, or one sentence says what is wrong."""
    with only(NotGenuine):
        if fault := examine(read_audit(data.splitlines(keepends=True))).fault:
            check_text(fault)


def statement(data: bytes) -> None:
    """What is taken is exactly what would be signed."""
    with only(NotGenuine):
        assert payload_of(*read_payload(data)) == data


def gitea_filed(data: bytes) -> None:
    """Ids and sizes are numbers, names and digests are text."""
    with only(RemoteUnavailable):
        for file in parse_filed(data):
            assert type(file.id) is type(file.size) is int
            assert all(isinstance(text, str) for text in (file.filename, *file.digests.values()))


TARGETS = (
    Target("plan_file", plan_file, ("gitea-devpi-syncer/plan/v1", "plans", "digest", "files"), json=True),
    Target(
        "audit_export", audit_export, ("gitea-devpi-syncer/audit/v1", "previous", "records", "head", "\n")
    ),
    Target("statement", statement, ("_type", "subject", "predicate", "sha256"), json=True),
    Target("gitea_filed", gitea_filed, ("id", "Size", "size", "name", "sha512"), json=True),
)
