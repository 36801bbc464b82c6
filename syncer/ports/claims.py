"""What the ledger is asked and what it answers: requests, claims and records."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from syncer.core.look import Depth, Look
from syncer.core.model import EVERYTHING, Deletion, DistributionFile, Listing, Scope


@dataclass(frozen=True, slots=True)
class Worker:
    """Who does something: a worker's name and the Celery task id, empty outside of one."""

    name: str
    task_id: str = ""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What was asked for; ``trigger`` is schedule, call, cli, web, webhook or check, ``actor`` who asked.

    ``source`` and ``target`` say what the Mapping connected when it was asked for: a Run says nothing
    about another Source or Target that the Mapping of that name is given later. ``expects`` is the digest
    of the one Plan that the Run may carry out, empty for whatever Plan is right by then.
    """

    mapping: str
    trigger: str = "schedule"
    scope: Scope = EVERYTHING
    force: bool = False
    dry_run: bool = False
    task_id: str = ""
    source: str = ""
    target: str = ""
    actor: str = ""
    expects: str = ""


@dataclass(frozen=True, slots=True)
class RunClaim:
    """The right to plan one Run."""

    id: int
    attempt: int
    mapping: str
    scope: Scope
    force: bool
    dry_run: bool
    by_person: bool
    is_scheduled: bool = False
    expects: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a Plan was made from: the Source's Listing, and the URLs of both servers.

    ``scope`` is what the Plan covers, None that of the Run. ``look`` is what the next Run may begin from;
    None leaves what there is, unless that is of another ``rule`` than this Plan. ``deletion`` says what
    becomes of files that the Source no longer has.
    """

    listing: Listing
    source: str
    server: str
    scope: Scope | None = None
    depth: Depth = Depth.FULL
    rule: str = ""
    look: Look | None = None
    deletion: Deletion = field(default_factory=Deletion)


@dataclass(frozen=True, slots=True)
class BlobClaim:
    """The right to fetch one Blob; ``offers`` are the (mapping, file) pairs that can serve it."""

    sha256: str
    attempt: int
    tries: int
    offers: tuple[tuple[str, DistributionFile], ...]


@dataclass(frozen=True, slots=True)
class TransferClaim:
    """The right to carry out one Transfer.

    ``overwrite`` lets the file replace other bytes, but only those with the digest ``replaces``, which the
    Plan saw.
    """

    id: int
    attempt: int
    tries: int
    run_id: int
    mapping: str
    file: DistributionFile
    overwrite: bool
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A Transfer whose upload was accepted and which has not been read back yet."""

    id: int
    attempt: int
    tries: int
    run_id: int
    file: DistributionFile
    requires_python: str


@dataclass(frozen=True, slots=True)
class Lane:
    """The right to upload to one server; there are only a few per server, over all workers."""

    server: str
    slot: int
    holder: str


@dataclass(frozen=True, slots=True)
class PlannedWork:
    """What a recorded Plan leaves to do now."""

    blobs: tuple[str, ...] = ()
    transfers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """One Celery task as Flower, ``celery result`` and the status view read it."""

    id: str
    name: str = ""
    state: str = "PENDING"
    result: Any = None
    traceback: str = ""
    worker: str = ""
    run_id: int | None = None
    done_at: datetime | None = None
