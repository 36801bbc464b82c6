"""Rows as the real ledger writes them: a small world whose Runs go the way that a test says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from syncer.adapters.database.engine import Database
from syncer.adapters.database.ledger import open_ledger
from syncer.core.errors import FileRefused, RemoteUnavailable, SyncerError
from syncer.core.model import EVERYTHING, DistributionFile, Listing, Mapping, Scope, SourceRef, TargetRef
from syncer.core.plan import make_plan
from syncer.core.states import Outcome, RunOutcome, RunState, outcome_of
from syncer.ports.claims import BlobClaim, PlannedWork, RunClaim, RunRequest, Seen, TransferClaim, Worker

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SERVER = "http://devpi.example"
SOURCE = "https://gitea.example"


def mapping(name: str = "my-org", interval: float = 60.0, index: str = "root/prod") -> Mapping:
    """A Mapping between two example servers."""
    source = SourceRef("https://gitea.example", name)
    return Mapping(name, source, TargetRef(SERVER, index), interval=interval)


def wheel(project: str, version: str = "1.0", content: str = "", filename: str = "") -> DistributionFile:
    """A DistributionFile whose digest follows from ``content``, which is its name unless given."""
    name = filename or f"{project.replace('-', '_')}-{version}-py3-none-any.whl"
    sha256 = hashlib.sha256((content or name).encode("utf-8", "surrogatepass")).hexdigest()
    return DistributionFile(project, version, name, sha256, size=2048, repository=f"my-org/{project}")


class World:
    """A ledger and a clock; every step takes one second."""

    def __init__(self, database: Database, start: datetime = START) -> None:
        self.database = database
        self.ledger = open_ledger(database)
        self.now = start
        self.worker = Worker("worker-1@host", "task-1")

    def wait(self, seconds: float) -> datetime:
        """The clock has moved on."""
        self.now += timedelta(seconds=seconds)
        return self.now

    def alive(self) -> None:
        """Beat and a worker for every queue were seen just now."""
        self.ledger.heartbeats.beat("beat", self.now)
        self.ledger.heartbeats.beat("worker:a@host", self.now, "discover,housekeeping")
        self.ledger.heartbeats.beat("worker:b@host", self.now, "download,upload")

    def request(
        self,
        name: str = "my-org",
        scope: Scope = EVERYTHING,
        *,
        trigger: str = "call",
        dry_run: bool = False,
        task_id: str = "",
    ) -> int:
        """The id of a requested Run."""
        asked = mapping(name)
        request = RunRequest(
            name,
            trigger,
            scope,
            dry_run=dry_run,
            task_id=task_id,
            source=str(asked.source),
            target=str(asked.target),
        )
        run = self.ledger.runs.request(request, self.now)
        assert run is not None
        return run

    def claim(self, run: int) -> RunClaim:
        """The requested Run is planning."""
        self.wait(1)
        claim = self.ledger.runs.claim(run, self.worker, self.now, 60)
        assert claim is not None
        return claim

    def plan(
        self,
        source: Sequence[DistributionFile],
        target: Sequence[DistributionFile] = (),
        name: str = "my-org",
        rule: Mapping | None = None,
        *,
        scope: Scope = EVERYTHING,
        dry_run: bool = False,
        task_id: str = "",
    ) -> tuple[int, PlannedWork]:
        """A Run of the Mapping that has recorded its Plan, and what it left to do."""
        claim = self.claim(self.request(name, scope, dry_run=dry_run, task_id=task_id))
        listing = Listing(tuple(source), stated_releases=len(source), read_releases=len(source))
        plan = make_plan(listing, Listing(tuple(target)), (rule or mapping(name)).selection)
        work = self.ledger.runs.record(claim, plan, Seen(listing, SOURCE, SERVER), self.wait(1))
        assert work is not None
        return claim.id, work

    def fail(self, error: SyncerError, name: str = "my-org") -> int:
        """A Run of the Mapping that could not be planned."""
        claim = self.claim(self.request(name))
        assert self.ledger.runs.fail(claim, error, self.wait(1))
        return claim.id

    def fetch(self, sha256: str) -> BlobClaim:
        """The Blob is being fetched."""
        claim = self.ledger.blobs.claim(sha256, self.worker, self.wait(1), 60)
        assert claim is not None
        return claim

    def stage(self, blobs: Iterable[str]) -> None:
        """The Blobs are staged."""
        for sha256 in blobs:
            self.ledger.blobs.staged(self.fetch(sha256), 2048, self.wait(1))

    def refuse(self, sha256: str, error: FileRefused) -> None:
        """The bytes are refused."""
        self.ledger.blobs.refused(self.fetch(sha256), outcome_of(error), error, self.wait(1))

    def upload(self) -> TransferClaim | None:
        """The next ready Transfer is uploading."""
        return self.ledger.transfers.claim(SERVER, self.worker, self.wait(1), 60)

    def upload_all(self) -> None:
        """Every ready Transfer is uploaded, not yet read back."""
        while claim := self.upload():
            assert self.ledger.transfers.uploaded(claim, "200 OK", "", self.wait(1))

    def read_back(self, name: str = "my-org", outcome: Outcome = Outcome.COPIED) -> None:
        """Every upload of the Mapping was read back, with this Outcome."""
        for of_mapping, project in self.ledger.transfers.to_read_back(self.wait(1)):
            for upload in self.ledger.transfers.unverified(name, project) if of_mapping == name else ():
                assert self.ledger.transfers.ended(upload, outcome, self.now)

    def settle(self, run: int) -> tuple[RunState, RunOutcome | None]:
        """The Run has moved as far as it can."""
        self.ledger.runs.settle(run, self.wait(1))
        return self.ledger.runs.state(run)

    def sync(
        self,
        source: Sequence[DistributionFile],
        target: Sequence[DistributionFile] = (),
        name: str = "my-org",
        *,
        scope: Scope = EVERYTHING,
        rule: Mapping | None = None,
        task_id: str = "",
    ) -> int:
        """A whole Run in which every Copy succeeds."""
        run, work = self.plan(source, target, name, rule, scope=scope, task_id=task_id)
        self.stage(work.blobs)
        self.upload_all()
        self.read_back(name)
        assert self.settle(run)[0] is RunState.FINISHED
        return run


def no_answer() -> RemoteUnavailable:
    """An error as adapters raise it, in three sentences."""
    return RemoteUnavailable("devpi did not answer.", "It is down.", "It is tried again by itself.")
