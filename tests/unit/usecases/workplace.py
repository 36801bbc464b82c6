"""The use cases at work: a real database and staging folder, both sides in memory, a clock of their own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from syncer.adapters.archive import inspect
from syncer.adapters.database.engine import Database
from syncer.adapters.database.ledger import open_ledger
from syncer.adapters.database.schema import BlobRow, DecisionRow, RunRow, TransferRow
from syncer.adapters.staging import DirectoryStaging
from syncer.core.errors import SourceMissing
from syncer.core.model import Mapping, SourceRef, TargetRef
from syncer.core.states import RunOutcome, RunState
from syncer.ports.claims import RunRequest, Worker
from syncer.ports.ledger import Ledger
from syncer.ports.queue import Message
from syncer.usecases.discover import discover, request_run
from syncer.usecases.download import download
from syncer.usecases.leases import LEASE
from syncer.usecases.reconcile import reconcile
from syncer.usecases.services import Services
from syncer.usecases.upload import upload
from tests.support.dists import Dist
from tests.support.ledgers import SERVER, START
from tests.support.ports import Accident, Guarded, MemorySource, MemoryTarget, nothing_happens

MAPPING = "my-org"
PARTS = ("runs", "blobs", "transfers", "lanes", "circuits", "siblings")


class Workplace:
    """One Mapping from ``source`` to ``target``, and more where a test adds them."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.staging = DirectoryStaging(folder / "staging")
        self.now = START
        self.worker = Worker("worker-1@host", "task-1")
        self.mappings: dict[str, Mapping] = {}
        self.sources: dict[str, MemorySource] = {}
        self.targets: dict[str, MemoryTarget] = {}
        self.indexes: dict[str, MemoryTarget] = {}
        self.lanes = 2
        self.stopping = False
        self.clock: Callable[[], datetime] = lambda: self.now
        self.source, self.target = self.add_mapping(MAPPING)

    def add_mapping(
        self, name: str, target: MemoryTarget | None = None, server: str = SERVER
    ) -> tuple[MemorySource, MemoryTarget]:
        """A Mapping with a Source of its own, and with a Target of its own unless one is given."""
        ends = SourceRef("https://gitea.example", name), TargetRef(server, f"root/{name}")
        self.mappings[name] = Mapping(name, *ends)
        self.sources[name] = MemorySource()
        self.targets[name] = target or MemoryTarget()
        self.indexes[f"root/{name}"] = self.targets[name]
        self.targets[name].neighbours = self.indexes
        return self.sources[name], self.targets[name]

    def wait(self, seconds: float) -> datetime:
        """The clock has moved on."""
        self.now += timedelta(seconds=seconds)
        return self.now

    def services(self, accident: Accident = nothing_happens) -> Services:
        """What the use cases get, told of by an accident."""
        ledger: Any = open_ledger(self.database)
        parts = {part: Guarded(part, getattr(ledger, part), accident) for part in PARTS}
        guarded: Any = {"inspect": Guarded("archive", _Archive(), accident).inspect}
        guarded["staging"] = Guarded("staging", self.staging, accident)
        guarded["ledger"] = replace(ledger, **parts)
        return Services(
            mappings=self.mappings,
            source_of=lambda mapping: _any(Guarded("source", self._source(mapping), accident)),
            target_of=lambda mapping: _any(Guarded("target", self.targets[mapping.name], accident)),
            lanes_of=lambda _: self.lanes,
            clock=self.clock,
            stopping=lambda: self.stopping,
            **guarded,
        )

    def _source(self, mapping: Mapping) -> MemorySource:
        if mapping.name not in self.sources:
            raise SourceMissing("There is no such owner.", "It was renamed.", "Correct the name.")
        return self.sources[mapping.name]

    @property
    def ledger(self) -> Ledger:
        """The ledger as it is, without accidents."""
        return open_ledger(self.database)

    # What is done

    def request(self, name: str = MAPPING, **options: Any) -> int:
        """The id of a requested Run, asked for by a person unless ``trigger`` says otherwise."""
        run = request_run(self.services(), RunRequest(name, **{"trigger": "cli", **options}))
        assert run is not None
        return run

    def plan(self, accident: Accident = nothing_happens, **options: Any) -> tuple[int, list[Message]]:
        """A Run that was discovered, and the messages that carry it on."""
        run = self.request(**options)
        return run, discover(self.services(accident), run, self.worker)

    def carry(self, messages: Iterable[Message], accident: Accident = nothing_happens) -> None:
        """Every message, and what follows from it, is worked off; delayed ones are lost."""
        todo = deque(messages)
        while todo:
            message = todo.popleft()
            if not message.delay:
                todo.extend(self.work(message, accident))

    def work(self, message: Message, accident: Accident = nothing_happens) -> list[Message]:
        """One message is worked off, as a task does it."""
        services, ids = self.services(accident), message.ids
        if message.task == "discover":
            return discover(services, int(ids["run"]), self.worker)
        if message.task == "download":
            return list(download(services, str(ids["sha256"]), self.worker))
        return list(upload(services, int(ids["transfer"]), self.worker))

    def sync(self, accident: Accident = nothing_happens, **options: Any) -> RunOutcome | None:
        """A whole pass, as long as nothing has to be waited for; how its Run ended, if it did."""
        run, messages = self.plan(accident, **options)
        self.carry(messages, accident)
        return self.ledger.runs.state(run)[1]

    def reconcile(self, accident: Accident = nothing_happens) -> None:
        """What reconcile finds to do is done."""
        self.carry(reconcile(self.services(accident)), accident)

    def recover(self, run: int) -> RunOutcome | None:
        """Whatever was under way has died; time passes until the Run has ended, or long enough."""
        for _ in range(10):
            if self.ledger.runs.state(run)[0] is RunState.FINISHED:
                break
            self.wait(LEASE + 1)
            self.reconcile()
        return self.ledger.runs.state(run)[1]

    # What there is

    def publish(self, *dists: Dist, name: str = MAPPING) -> None:
        """The files are at the Mapping's Source."""
        for dist in dists:
            self.sources[name].publish(dist)

    def arrived(self, *dists: Dist, name: str = MAPPING) -> bool:
        """Whether the Mapping's Target holds these files and nothing else, byte for byte."""
        there = {filename: held.sha256 for (_, filename), held in self.targets[name].files.items()}
        return there == {dist.filename: dist.sha256 for dist in dists}

    def transfer(self, dist: Dist, name: str = MAPPING) -> TransferRow:
        """The newest Transfer of the file."""
        wanted = (
            select(TransferRow)
            .join(DecisionRow, DecisionRow.id == TransferRow.decision_id)
            .where(DecisionRow.mapping == name, DecisionRow.filename == dist.filename)
            .order_by(TransferRow.id.desc())
            .limit(1)
        )
        with self.database.read() as session:
            row = session.scalars(wanted).one()
            session.expunge(row)
            return row

    def outcome(self, dist: Dist, name: str = MAPPING) -> str:
        """How the file's Transfer ended, or its state as long as it has not."""
        row = self.transfer(dist, name)
        return row.outcome or row.state

    def blob_state(self, dist: Dist) -> str:
        """Where the file's Blob is."""
        with self.database.read() as session:
            return session.get_one(BlobRow, dist.sha256).state

    def run(self, run: int) -> RunRow:
        """The Run's row."""
        with self.database.read() as session:
            row = session.get_one(RunRow, run)
            session.expunge(row)
            return row


def staged(
    place: Workplace, *dists: Dist, name: str = "my-org", force: bool = False
) -> tuple[int, list[Message]]:
    """A Run whose files wait for a lane, and the messages that ask for one."""
    place.publish(*dists, name=name)
    run, messages = place.plan(name=name, force=force)
    return run, [upload for message in messages for upload in place.work(message)]


def deliver(place: Workplace, dist: Dist, accident: Accident = nothing_happens) -> list[Message]:
    """One task's work."""
    return list(upload(place.services(accident), place.transfer(dist).id, place.worker))


class _Archive:
    inspect = staticmethod(inspect)


def _any(port: Any) -> Any:
    return port
