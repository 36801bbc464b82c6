"""The World of the ledger's own tests: steps with every choice that a Run has, and a look at the rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from syncer.adapters.database.schema import AttemptRow, Base, BlobRow, DecisionRow, RunRow, TransferRow
from syncer.core.model import EVERYTHING, DistributionFile, Listing, Scope, Selection
from syncer.core.plan import Terms, make_plan
from syncer.core.states import BlobState, Outcome, RunOutcome, RunState, TransferState
from syncer.ports.claims import PlannedWork, RunClaim, RunRequest, Seen, TransferClaim, Uploaded
from tests.support.ledgers import SERVER, SOURCE, World, no_answer

LEASE = 60.0
Row = TypeVar("Row", bound=Base)
Files = Sequence[DistributionFile]


class Steps(World):
    """Runs are scheduled ones unless a step says otherwise."""

    def ask(self, trigger: str = "schedule", name: str = "my-org", **options: Any) -> int | None:
        """The id of a requested Run, None when it was not needed."""
        return self.ledger.runs.request(RunRequest(name, trigger, **options), self.now)

    def planning(self, trigger: str = "schedule", name: str = "my-org", **options: Any) -> RunClaim:
        """A Run that is being planned."""
        run = self.ask(trigger, name, **options)
        assert run is not None
        return self.claim(run)

    def record(
        self, claim: RunClaim, source: Files, target: Files = (), *, server: str = SERVER
    ) -> PlannedWork:
        """The claimed Run has its Plan."""
        work = self.try_to_record(claim, source, target, server=server)
        assert work is not None
        return work

    def try_to_record(
        self, claim: RunClaim, source: Files, target: Files = (), *, server: str = SERVER
    ) -> PlannedWork | None:
        """The claimed Run has its Plan, unless it was lost."""
        listing = Listing(tuple(source), len(source), len(source))
        plan = make_plan(listing, Listing(tuple(target)), Selection(), Terms(claim.force, volatile=True))
        return self.ledger.runs.record(claim, plan, Seen(listing, SOURCE, server), self.wait(1))

    def planned(
        self,
        source: Files,
        target: Files = (),
        *,
        trigger: str = "schedule",
        scope: Scope = EVERYTHING,
        name: str = "my-org",
        server: str = SERVER,
    ) -> int:
        """A Run that has recorded its Plan."""
        claim = self.planning(trigger, name, scope=scope)
        self.record(claim, source, target, server=server)
        return claim.id

    def put_off(self, *files: DistributionFile, seconds: float = 3600) -> None:
        """The next try of each file, which is waiting or ready, is due only so much later."""
        later = self.now + timedelta(seconds=seconds)
        for file in files:
            if self.transfer(file).state == TransferState.READY:
                claim = self.uploading(prefer=self.transfer(file).id)
                assert self.ledger.transfers.postponed(claim, no_answer(), later, self.now)
            else:
                self.ledger.blobs.postponed(self.fetch(file.sha256), no_answer(), later, self.now)

    def planned_and_put_off(self, *files: DistributionFile, **options: Any) -> int:
        """A finished Run whose files are still to come."""
        run = self.planned(files, **options)
        self.put_off(*files)
        assert self.settle(run) == (RunState.FINISHED, RunOutcome.INCOMPLETE)
        return run

    def ready(self, *files: DistributionFile, **options: Any) -> int:
        """A Run whose files are all staged."""
        run = self.planned(files, **options)
        self.stage(sorted({file.sha256 for file in files}))
        return run

    def uploading(self, *, server: str = SERVER, **options: Any) -> TransferClaim:
        """The next ready Transfer is uploading."""
        claim = self.ledger.transfers.claim(server, self.worker, self.wait(1), LEASE, **options)
        assert claim is not None
        return claim

    def uploaded(self, file: DistributionFile, name: str = "my-org") -> Uploaded:
        """The file's Transfer, ready until now, is uploaded and not read back."""
        claim = self.uploading(prefer=self.transfer(file, name).id)
        assert claim.file.key == file.key
        assert self.ledger.transfers.uploaded(claim, "OK", "", self.wait(1))
        return next(
            each for each in self.ledger.transfers.unverified(name, file.project) if each.id == claim.id
        )

    def end(self, file: DistributionFile, outcome: Outcome, name: str = "my-org") -> None:
        """The file's ready Transfer has ended so."""
        claim = self.uploading(prefer=self.transfer(file, name).id)
        assert claim.file.key == file.key
        assert self.ledger.transfers.ended(claim, outcome, self.wait(1))

    # What the rows say

    def decisions(self, name: str = "my-org", *, current: bool = True) -> list[DecisionRow]:
        """The Mapping's decisions by project and file name: those that stand, or all there ever were."""
        wanted = select(DecisionRow).where(DecisionRow.mapping == name)
        if current:
            wanted = wanted.where(DecisionRow.to_run_id.is_(None))
        with self.database.read() as session:
            found = session.scalars(
                wanted.order_by(DecisionRow.project, DecisionRow.filename, DecisionRow.id)
            )
            return [_detached(session, row) for row in found]

    def transfer(self, file: DistributionFile, name: str = "my-org") -> TransferRow:
        """The newest Transfer of the file."""
        wanted = (
            select(TransferRow)
            .join(DecisionRow, DecisionRow.id == TransferRow.decision_id)
            .where(
                DecisionRow.mapping == name,
                DecisionRow.filename == file.filename,
                DecisionRow.sha256 == file.sha256,
            )
            .order_by(TransferRow.id.desc())
            .limit(1)
        )
        with self.database.read() as session:
            return _detached(session, session.scalars(wanted).one())

    def state(self, file: DistributionFile, name: str = "my-org") -> tuple[TransferState, Outcome | None]:
        """Where the newest Transfer of the file is."""
        row = self.transfer(file, name)
        return TransferState(row.state), Outcome(row.outcome) if row.outcome else None

    def blob(self, file: DistributionFile) -> BlobRow:
        """The file's Blob."""
        with self.database.read() as session:
            return _detached(session, session.get_one(BlobRow, file.sha256))

    def blob_state(self, file: DistributionFile) -> BlobState:
        """Where the file's Blob is."""
        return BlobState(self.blob(file).state)

    def stranded(self) -> list[int]:
        """Transfers that wait for a Blob which nobody will ever fetch."""
        wanted = (
            select(TransferRow.id)
            .join(DecisionRow, DecisionRow.id == TransferRow.decision_id)
            .join(BlobRow, BlobRow.sha256 == DecisionRow.sha256)
            .where(
                TransferRow.state == TransferState.WAITING,
                BlobRow.state.not_in([BlobState.WANTED, BlobState.FETCHING]),
            )
        )
        with self.database.read() as session:
            return list(session.scalars(wanted))

    def run(self, run: int) -> RunRow:
        """The Run's row."""
        with self.database.read() as session:
            return _detached(session, session.get_one(RunRow, run))

    def attempts(self, file: DistributionFile) -> list[tuple[str, int, str]]:
        """Step, number and result of each Attempt at the file."""
        wanted = select(AttemptRow).where(AttemptRow.sha256 == file.sha256).order_by(AttemptRow.id)
        with self.database.read() as session:
            return [(row.step, row.number, row.result) for row in session.scalars(wanted)]

    def count(self, table: type[Base]) -> int:
        """How many rows the table has."""
        with self.database.read() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0


def _detached(session: Session, row: Row) -> Row:
    """The row as it is now, which outlives its session."""
    session.expunge(row)
    return row
