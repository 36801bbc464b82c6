"""How statements that both sides are equal are made, signed and kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class WholeRun:
    """A complete Run over everything, as it was when it finished; counts are None where it knew none.

    ``files`` are (project, file name, sha256) of what was at both sides then.
    """

    run_id: int
    mapping: str
    source: str
    target: str
    depth: str
    started_at: datetime
    finished_at: datetime
    files: tuple[tuple[str, str, str], ...]
    stated_releases: int | None
    read_releases: int | None
    listed_files: int | None
    decided_files: int | None
    proved_files: int | None


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement as it is kept: the envelope, and what its manifest and its key are known by."""

    run_id: int
    mapping: str
    files: int
    manifest_sha256: str
    envelope: str
    key_id: str
    signed_at: datetime


class StatementLedger(Protocol):
    """The statements of complete Runs; one Run has one at most."""

    def unsigned(self) -> list[int]:
        """The last complete whole Run of each Mapping, where it has no statement."""
        ...

    def whole_run(self, run_id: int) -> WholeRun | None:
        """The Run with the files that its Plan named, None when it is no complete whole one.

        What was decided then and has been forgotten since is missing in ``files``.
        """
        ...

    def keep(self, signed: Signed) -> None:
        """The Run has this statement; one that it has already stays."""
        ...

    def find(self, mapping: str, run_id: int | None = None) -> Signed | None:
        """The statement of the Run, or the Mapping's newest one."""
        ...


class Signer(Protocol):
    """Holds the private key and never shows it."""

    @property
    def key_id(self) -> str:
        """What the public key is known by, 64 hex digits."""
        ...

    def sign(self, payload: bytes, payload_type: str) -> str:
        """The payload in a DSSE envelope, as one line of JSON."""
        ...
