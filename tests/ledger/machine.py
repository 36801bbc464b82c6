"""Anything that may happen to the ledger, in any order, with what must hold after each step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from syncer.adapters.database.engine import Database
from syncer.adapters.database.ledger import open_ledger
from syncer.core.errors import DigestMismatch, UploadRejected
from syncer.core.model import EVERYTHING, DistributionFile, Listing, Scope, Selection
from syncer.core.plan import make_plan
from syncer.core.states import Outcome, RunOutcome, RunState
from syncer.ports.claims import BlobClaim, RunClaim, RunRequest, Seen, TransferClaim, Uploaded, Worker
from tests.ledger.soundness import Rows, check_steps
from tests.support.databases import empty
from tests.support.ledgers import SERVER, SOURCE, START, no_answer, wheel

LEASE = 60.0
MAPPINGS = ("one", "two")
PROJECTS = ("alpha", "beta")
#: Two files, each of which may have one of two contents.
FILES = {(name, content): wheel(name, content=name + content) for name in PROJECTS for content in "xy"}
SCOPES = (EVERYTHING, EVERYTHING, Scope("alpha"), Scope("beta", "1.0"))
WRONG = DigestMismatch("Other bytes came.", "They were spoilt.", "Publish anew.")
REJECTED = UploadRejected("The target said no.", "It has rules.", "Correct the file.", 400)

Side = dict[str, DistributionFile]


@dataclass(frozen=True)
class Planning:
    """A planner with what it has seen of both sides, perhaps long ago."""

    claim: RunClaim
    source: tuple[DistributionFile, ...]
    target: tuple[DistributionFile, ...]


class LedgerMachine(RuleBasedStateMachine):
    """Workers that plan, fetch, upload and read back, or die; two sides that change under them.

    A subclass says on which database.
    """

    on: Database

    def __init__(self) -> None:
        super().__init__()
        empty(self.on)
        self.ledger = open_ledger(self.on)
        self.now = START
        self.worker = Worker("worker")
        self.sources: dict[str, Side] = {name: {} for name in MAPPINGS}
        self.targets: dict[str, Side] = {name: {} for name in MAPPINGS}
        #: What was seen at each target since a Plan last found it missing.
        self.seen: dict[str, set[str]] = {name: set() for name in MAPPINGS}
        self.wanted: dict[int, tuple[DistributionFile, ...]] = {}
        self.plans: list[Planning] = []
        self.fetching: list[BlobClaim] = []
        self.uploading: list[TransferClaim] = []
        self.before: dict[tuple[str, Any], str] = {}

    @property
    def later(self) -> Any:
        """When what failed now is tried again."""
        return self.now + timedelta(seconds=30)

    # The two sides, and time

    @rule(name=st.sampled_from(MAPPINGS), key=st.sampled_from(sorted(FILES)))
    def publish(self, name: str, key: tuple[str, str]) -> None:
        self.sources[name][key[0]] = FILES[key]

    @rule(name=st.sampled_from(MAPPINGS), project=st.sampled_from(PROJECTS))
    def remove_from_source(self, name: str, project: str) -> None:
        self.sources[name].pop(project, None)

    @rule(name=st.sampled_from(MAPPINGS), project=st.sampled_from(PROJECTS))
    def remove_from_target(self, name: str, project: str) -> None:
        self.targets[name].pop(project, None)

    @rule(seconds=st.sampled_from([1, 15, 70, 4000]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    # Runs

    @rule(
        name=st.sampled_from(MAPPINGS),
        trigger=st.sampled_from(["schedule", "schedule", "cli"]),
        scope=st.sampled_from(SCOPES),
        dry_run=st.sampled_from([False, False, False, True]),
    )
    def request(self, name: str, trigger: str, scope: Scope, dry_run: bool) -> None:
        self.ledger.runs.request(RunRequest(name, trigger, scope, dry_run=dry_run), self.now)

    @rule(number=st.integers(0, 2))
    def begin_to_plan(self, number: int) -> None:
        if startable := self.ledger.runs.startable(self.now):
            run = startable[number % len(startable)]
            if claim := self.ledger.runs.claim(run, self.worker, self.now, LEASE):
                self.plans.append(self._look(claim))

    def _look(self, claim: RunClaim) -> Planning:
        files, scope = self.sources[claim.mapping].values(), claim.scope
        inside = tuple(file for file in files if scope.covers(file.project, file.version))
        return Planning(claim, inside, tuple(self.targets[claim.mapping].values()))

    @precondition(lambda self: self.plans)
    @rule(data=st.data(), how=st.sampled_from(["recorded", "recorded", "failed", "dies"]))
    def end_planning(self, data: st.DataObject, how: str) -> None:
        planning = self.plans.pop(data.draw(st.integers(0, len(self.plans) - 1)))
        if how == "recorded":
            self._record(planning)
        elif how == "failed":
            self.ledger.runs.fail(planning.claim, no_answer(), self.now)

    def _record(self, planning: Planning) -> None:
        claim, listing = planning.claim, Listing(planning.source, 1, 1)
        plan = make_plan(listing, Listing(planning.target), Selection())
        recorded = self.ledger.runs.record(claim, plan, Seen(listing, SOURCE, SERVER), self.now) is not None
        if recorded and not claim.dry_run:
            self.wanted[claim.id] = planning.source
            self.seen[claim.mapping] -= {file.sha256 for file in planning.source}
            self.seen[claim.mapping] |= {file.sha256 for file in planning.target}

    @rule()
    def settle(self) -> None:
        for run, name in self.ledger.runs.unsettled(self.now):
            self.ledger.runs.settle(run, self.now)
            if self.ledger.runs.state(run)[1] is RunOutcome.COMPLETE:
                missing = {file.sha256 for file in self.wanted[run]} - self.seen[name]
                assert not missing, f"run {run} is complete without {missing}"

    # Blobs

    @rule(file=st.sampled_from(list(FILES.values())))
    def begin_to_fetch(self, file: DistributionFile) -> None:
        if claim := self.ledger.blobs.claim(file.sha256, self.worker, self.now, LEASE):
            self.fetching.append(claim)

    @precondition(lambda self: self.fetching)
    @rule(
        data=st.data(),
        how=st.sampled_from(["staged", "staged", "staged", "refused", "postponed", "untried", "dies"]),
    )
    def end_fetching(self, data: st.DataObject, how: str) -> None:
        claim = self.fetching.pop(data.draw(st.integers(0, len(self.fetching) - 1)))
        blobs = self.ledger.blobs
        if how == "staged":
            blobs.staged(claim, 1, self.now)
        elif how == "refused":
            blobs.refused(claim, Outcome.CORRUPT, WRONG, self.now)
        elif how == "postponed":
            blobs.postponed(claim, no_answer(), self.later, self.now)
        elif how == "untried":
            blobs.untried(claim, no_answer(), self.later, self.now)

    @rule(file=st.sampled_from(list(FILES.values())))
    def release(self, file: DistributionFile) -> None:
        self.ledger.blobs.release(file.sha256)

    # Transfers

    @rule()
    def begin_to_upload(self) -> None:
        if claim := self.ledger.transfers.claim(SERVER, self.worker, self.now, LEASE):
            self.uploading.append(claim)

    @precondition(lambda self: self.uploading)
    @rule(
        data=st.data(),
        how=st.sampled_from(
            ["heard", "heard", "heard", "unheard", "rejected", "postponed", "untried", "dies"]
        ),
    )
    def end_uploading(self, data: st.DataObject, how: str) -> None:
        claim = self.uploading.pop(data.draw(st.integers(0, len(self.uploading) - 1)))
        transfers = self.ledger.transfers
        if how in {"heard", "unheard"}:
            self._upload(claim, heard=how == "heard")
        elif how == "rejected":
            transfers.ended(claim, Outcome.REJECTED, self.now, REJECTED)
        elif how == "postponed":
            transfers.postponed(claim, no_answer(), self.later, self.now)
        elif how == "untried":
            transfers.untried(claim, no_answer(), self.later, self.now)

    def _upload(self, claim: TransferClaim, *, heard: bool = True) -> None:
        there = self.targets[claim.mapping].setdefault(claim.file.project, claim.file)
        if there.sha256 != claim.file.sha256:
            self.ledger.transfers.ended(claim, Outcome.CONFLICT, self.now, REJECTED)
        elif heard:
            self.ledger.transfers.uploaded(claim, "OK", "", self.now)

    @rule(reachable=st.sampled_from([True, True, True, False]))
    def read_back(self, reachable: bool) -> None:
        transfers = self.ledger.transfers
        for name, project in transfers.to_read_back(self.now):
            for upload in transfers.unverified(name, project):
                if reachable:
                    self._judge(upload, name)
                else:
                    transfers.unread(upload, no_answer(), self.later, self.now)

    def _judge(self, upload: Uploaded, name: str) -> None:
        transfers, found = self.ledger.transfers, self.targets[name].get(upload.file.project)
        if found is None:
            transfers.postponed(upload, no_answer(), self.later, self.now)
        elif found.sha256 != upload.file.sha256:
            transfers.ended(upload, Outcome.CONFLICT, self.now, REJECTED)
        else:
            self.seen[name].add(found.sha256)
            transfers.ended(upload, Outcome.COPIED, self.now)

    @rule()
    def free_expired(self) -> None:
        self.ledger.blobs.free_expired(self.now)
        self.ledger.transfers.free_expired(self.now)

    # What holds after each step, and what must come of it in the end

    @invariant()
    def the_ledger_is_sound(self) -> None:
        rows = Rows(self.on)
        rows.check()
        check_steps(self.before, rows.states())
        self.before = rows.states()

    def teardown(self) -> None:
        """When everybody works and nothing fails any more, every Run ends and everything is there."""
        for _ in range(12):
            self._everybody_works()
        assert {run.state for run in Rows(self.on).runs} <= {RunState.FINISHED}
        for name in MAPPINGS:
            self._one_more_run_finds_everything(name)
        self.the_ledger_is_sound()

    def _one_more_run_finds_everything(self, name: str) -> None:
        run = self.ledger.runs.request(RunRequest(name, "cli"), self.now)
        assert run is not None
        for _ in range(3):
            self._everybody_works()
        wanted, there = self.sources[name], self.targets[name]
        assert set(wanted) <= set(there), "a file is missing though nothing stands in its place"
        ended = RunOutcome.COMPLETE if wanted.items() <= there.items() else RunOutcome.INCOMPLETE
        assert self.ledger.runs.state(run) == (RunState.FINISHED, ended)

    def _everybody_works(self) -> None:
        self.now += timedelta(seconds=4000)
        self.free_expired()
        for run in self.ledger.runs.startable(self.now):
            if claim := self.ledger.runs.claim(run, self.worker, self.now, LEASE):
                self._record(self._look(claim))
        for sha256 in self.ledger.blobs.due(self.now, self.now):
            if fetched := self.ledger.blobs.claim(sha256, self.worker, self.now, LEASE):
                self.ledger.blobs.staged(fetched, 1, self.now)
        while claimed := self.ledger.transfers.claim(SERVER, self.worker, self.now, LEASE):
            self._upload(claimed)
        self.read_back(reachable=True)
        self.settle()
