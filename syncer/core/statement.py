"""What is stated when both sides are equal: an in-toto Statement about a manifest of all files.

https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md says what a Statement is.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

from syncer.core.audit import canonical
from syncer.core.errors import NotGenuine

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
PREDICATE_TYPE = "urn:gitea-devpi-syncer:both-sides-equal:v1"

_LINE = re.compile(r"[0-9a-f]{64}  [^/\n]+/[^/\n]+")


@dataclass(frozen=True, slots=True)
class BothSidesEqual:
    """What a complete Run has shown: each file of the manifest is at the Source and at the Target.

    The counts are those of the Run's balance, None where the Run did not know them. Times are ISO 8601 in
    UTC. ``audit_id`` and ``audit_digest`` name the newest record of the audit, 0 and zeros where it is
    empty.
    """

    mapping: str
    source: str
    target: str
    run: int
    depth: str
    started_at: str
    finished_at: str
    signed_at: str
    files: int
    stated_releases: int | None
    read_releases: int | None
    listed_files: int | None
    decided_files: int | None
    proved_files: int | None
    audit_id: int
    audit_digest: str


def manifest_of(files: Iterable[tuple[str, str, str]]) -> str:
    """One line for each (project, file name, sha256), in that order, as sha256sum writes them."""
    return "".join(f"{sha256}  {project}/{name}\n" for project, name, sha256 in sorted(files))


def digest_of_manifest(manifest: str) -> str:
    """Its sha256 as 64 hex digits."""
    return hashlib.sha256(manifest.encode()).hexdigest()


def payload_of(equal: BothSidesEqual, manifest_sha256: str) -> bytes:
    """The Statement as it is signed."""
    subject = {"name": _subject(equal.mapping), "digest": {"sha256": manifest_sha256}}
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [subject],
        "predicateType": PREDICATE_TYPE,
        "predicate": asdict(equal),
    }
    return canonical(statement).encode("ascii")


def read_payload(payload: bytes) -> tuple[BothSidesEqual, str]:
    """What is stated, and the manifest's sha256; raises NotGenuine when it is no such Statement."""
    try:
        document = json.loads(payload)
        equal = BothSidesEqual(**document["predicate"])
        sha256 = document["subject"][0]["digest"]["sha256"]
        same = payload_of(equal, sha256) == payload
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise _not_ours() from error
    if not same or not _is_sound(equal):
        raise _not_ours()
    return equal, str(sha256)


def check_manifest(manifest: bytes, equal: BothSidesEqual, sha256: str) -> None:
    """Raise NotGenuine unless these bytes are the manifest that the Statement is about."""
    found = hashlib.sha256(manifest).hexdigest()
    if found != sha256:
        raise NotGenuine(
            f"The manifest is not the one that was signed (sha256 {found} instead of {sha256}).",
            "It was changed, or belongs to another run.",
            f"Export both anew with `syncer statement -m {equal.mapping} --run {equal.run}`.",
        )
    lines = manifest.decode("utf-8", "replace").removesuffix("\n").split("\n") if manifest else []
    if len(lines) != equal.files or not all(_LINE.fullmatch(line) for line in lines):
        raise NotGenuine(
            f"The manifest has {len(lines)} lines, and {equal.files} files are stated.",
            "The statement contradicts itself.",
            "Do not rely on it, and report it: what signed it has a defect.",
        )


def _subject(mapping: str) -> str:
    return f"{mapping}.manifest"


def _is_sound(equal: BothSidesEqual) -> bool:
    numbers = {"run", "files", "audit_id"}
    maybe = {"stated_releases", "read_releases", "listed_files", "decided_files", "proved_files"}

    def right(name: str, value: Any) -> bool:
        if name in maybe:
            return value is None or type(value) is int
        return type(value) is (int if name in numbers else str)

    return all(right(field.name, getattr(equal, field.name)) for field in fields(equal))


def _not_ours() -> NotGenuine:
    return NotGenuine(
        "What was signed is no statement that both sides are equal.",
        "The envelope holds something else, or is of another version of the syncer.",
        "Look for the file that `syncer statement` wrote.",
    )
