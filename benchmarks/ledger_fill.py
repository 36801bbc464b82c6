"""A ledger as months of work leave it: many files, many more tries, and a month of polling.

Rows go the way that the state machines allow, so the database's guards stay in force; only whole tables
go it at once. Nothing is random: two fillings with one Shape are equal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import String, case, cast, insert, literal, null, select, text, update
from sqlalchemy.orm import Session

from syncer.adapters.database.attempts import DOWNLOAD, UPLOAD
from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import (
    AttemptRow,
    BlobRow,
    DecisionRow,
    HeartbeatRow,
    RunRow,
    TaskRow,
    TransferRow,
)
from syncer.core.model import DistributionFile, Listing, Mapping, Selection, SourceRef, TargetRef
from syncer.core.plan import Decision, DecisionKind, Plan, make_plan
from syncer.core.states import BlobState, Outcome, RunOutcome, RunState, TransferState

SERVER = "http://devpi.example"
DAYS = 30
#: Rows that one INSERT takes along.
BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Shape:
    """How much there is.

    ``at_once`` is the share of a Mapping's files that its first Run found, ``arriving`` the share of files
    that are not proved to be there yet.
    """

    files: tuple[int, ...] = (50_000, *[5_556] * 8, 5_552)
    attempts_per_file: int = 10
    runs_per_mapping: int = 8_640
    at_once: float = 0.8
    arriving: float = 0.02

    def mappings(self, interval: float = 300.0) -> dict[str, Mapping]:
        """The configured Mappings, by name."""
        return {name: mapping(name, interval) for name in self.names()}

    def names(self) -> list[str]:
        """The Mappings' names, that of the biggest first."""
        return [f"org-{number:02}" for number in range(len(self.files))]


def mapping(name: str, interval: float = 300.0) -> Mapping:
    """A Mapping between two example servers, with a Selection that leaves some files out."""
    source, target = SourceRef("https://gitea.example", name), TargetRef(SERVER, f"{name}/stable")
    return Mapping(name, source, target, Selection(file_deny=("*.debug.*",)), interval)


def source_listing(name: str, number: int) -> Listing:
    """The Mapping's source: twenty files to a project, two to a version."""
    return Listing(tuple(_file(name, each) for each in range(number)), number // 2, number // 2)


def target_listing(source: Listing, arriving: float) -> Listing:
    """The Mapping's target: it lacks what is arriving, and holds other bytes of a few files."""
    held = (_held(number, file) for number, file in enumerate(source.files) if number % 100 >= arriving * 100)
    return Listing(tuple(held))


def plan_of(name: str, number: int, arriving: float) -> Plan:
    """What a Run of the filled ledger decides: exactly what it holds already."""
    source = source_listing(name, number)
    return make_plan(source, target_listing(source, arriving), mapping(name).selection)


def _file(owner: str, number: int) -> DistributionFile:
    project, version = f"{owner}-library-{number // 20:05}", f"1.{number // 2 % 10}"
    stem = f"{project.replace('-', '_')}-{version}"
    ending = {1: ".egg", 2: ".debug.tar.gz", 3: ".debug.zip"}.get(number % 200, "-py3-none-any.whl")
    filename = f"{stem}{ending if number % 2 == 0 or number % 200 <= 3 else '.tar.gz'}"
    return DistributionFile(
        project=project,
        version=version,
        filename=filename,
        sha256=_digest(f"{owner}/{number}"),
        size=5_000 + number,
        requires_python=">=3.11",
        locator=f"/api/packages/{owner}/pypi/files/{project}/{version}/{filename}",
        repository=f"{owner}/{project}",
    )


def _held(number: int, file: DistributionFile) -> DistributionFile:
    return replace(file, sha256=_digest(file.sha256)) if number % 200 == 150 else file


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def fill(database: Database, shape: Shape, now: datetime) -> None:
    """The migrated, empty database holds the Shape's rows, and its statistics are up to date."""
    with database.write() as session:
        _runs(session, shape, now)
    for number, (name, files) in enumerate(zip(shape.names(), shape.files, strict=True)):
        with database.write() as session:
            _files(session, shape, _Owner(number, name, files), now)
    with database.write() as session:
        _carry_out(session, shape)
        _tasks(session, now)
        session.execute(insert(HeartbeatRow), list(_signs_of_life(now)))
    _tidy_up(database)


@dataclass(frozen=True, slots=True)
class _Owner:
    number: int
    name: str
    files: int

    def run(self, shape: Shape, turn: int) -> int:
        """The Mapping's Runs, of all Mappings in the order of time."""
        return min(turn, shape.runs_per_mapping - 1) * len(shape.files) + self.number + 1


def _runs(session: Session, shape: Shape, now: datetime) -> None:
    mappings = list(shape.mappings().values())
    period = timedelta(days=DAYS) / shape.runs_per_mapping
    first = now - period * (shape.runs_per_mapping - 1) - timedelta(seconds=20)
    rows = (
        {
            "id": turn * len(mappings) + number + 1,
            "mapping": each.name,
            "source": str(each.source),
            "target": str(each.target),
            "trigger": "call",
            "state": RunState.REQUESTED,
            "task_id": _digest(f"discover {turn} {number}")[:36],
            "requested_at": first + turn * period,
            "started_at": first + turn * period + timedelta(seconds=1),
            "planned_at": first + turn * period + timedelta(seconds=9),
            "finished_at": first + turn * period + timedelta(seconds=10),
            "worker": "a@host",
            "stated_releases": shape.files[number] // 2,
            "read_releases": shape.files[number] // 2,
            "listed_files": shape.files[number],
            "decided_files": shape.files[number],
            "excluded_files": 0,
            "selected_files": shape.files[number],
            "proved_files": shape.files[number],
        }
        for turn in range(shape.runs_per_mapping)
        for number, each in enumerate(mappings)
    )
    _insert(session, RunRow, rows)
    ends = ((RunRow.id % 50 == 0, RunOutcome.FAILED), (RunRow.id % 9 == 0, RunOutcome.INCOMPLETE))
    outcome = case(*ends, else_=RunOutcome.COMPLETE)
    session.execute(update(RunRow).values(state=RunState.FINISHED, trigger="schedule", outcome=outcome))


def _files(session: Session, shape: Shape, owner: _Owner, now: datetime) -> None:
    plan = plan_of(owner.name, owner.files, shape.arriving)
    rows = [
        row for turn, each in enumerate(plan.decisions) for row in _history(shape, owner, turn, each, now)
    ]
    _insert(session, DecisionRow, rows)
    blobs = {each.file.sha256: each.file.size for each in plan.decisions if _was_copied(each)}
    _insert(
        session,
        BlobRow,
        (
            {"sha256": sha256, "state": BlobState.WANTED, "size": size, "next_attempt_at": now}
            for sha256, size in blobs.items()
        ),
    )


def _was_copied(decision: Decision) -> bool:
    return decision.kind in (DecisionKind.COPY, DecisionKind.ALREADY_THERE)


def _history(
    shape: Shape, owner: _Owner, turn: int, decision: Decision, now: datetime
) -> Iterator[dict[str, Any]]:
    """What stands of the file, after how it came to be there."""
    late = max(turn - owner.files * shape.at_once, 0) / max(owner.files * (1 - shape.at_once), 1)
    when = int(late * (shape.runs_per_mapping - 1))
    begins, then = owner.run(shape, when), owner.run(shape, when + 1)
    decided = now - timedelta(days=DAYS) * (1 - when / shape.runs_per_mapping)
    if decision.kind is not DecisionKind.ALREADY_THERE:
        yield _row(owner, decision, begins, None, decided)
        return
    copied = replace(
        decision, kind=DecisionKind.COPY, reason="it is not on the target index itself", target_sha256=""
    )
    yield _row(owner, copied, begins, then, decided)
    yield _row(owner, decision, then, None, decided)


def _row(
    owner: _Owner, decision: Decision, begins: int, ends: int | None, decided: datetime
) -> dict[str, Any]:
    file = decision.file
    return {
        "mapping": owner.name,
        "project": file.project,
        "version": file.version,
        "filename": file.filename,
        "sha256": file.sha256,
        "size": file.size,
        "requires_python": file.requires_python,
        "locator": file.locator,
        "repository": file.repository,
        "kind": decision.kind,
        "reason": decision.reason,
        "target_sha256": decision.target_sha256,
        "overwrite": decision.overwrite,
        "from_run_id": begins,
        "to_run_id": ends,
        "decided_at": decided,
    }


def _carry_out(session: Session, shape: Shape) -> None:
    """Transfers, the state of their Blobs, and the Attempts that it took."""
    session.execute(_transfers())
    for digits, change in _FATES:
        session.execute(update(TransferRow).where(_digit().in_(digits)).values(**change))
    ended = TransferRow.state == TransferState.ENDED
    session.execute(update(TransferRow).where(ended).values(ended_at=TransferRow.created_at))
    for state, seen in _BLOBS:
        of_state = select(DecisionRow.sha256).join(TransferRow, TransferRow.decision_id == DecisionRow.id)
        mine = BlobRow.sha256.in_(of_state.where(TransferRow.state.in_(seen)))
        session.execute(update(BlobRow).where(mine).values(state=state))
    for number in range(1, shape.attempts_per_file):
        for step in (DOWNLOAD, UPLOAD):
            session.execute(_attempts(step, number, shape.attempts_per_file - 1))


_ITS_DIGEST = select(DecisionRow.sha256).where(DecisionRow.id == TransferRow.decision_id).scalar_subquery()
_COPIED = {"state": TransferState.ENDED, "outcome": Outcome.COPIED, "read_back_sha256": _ITS_DIGEST}
_FULL = {"error_code": "remote_unavailable", "error": "devpi answered 500. Its disk is full."}
#: By the last digit of the Transfer's number, where its decision stands: how far it came. Others are 0.
_FATES: tuple[tuple[Sequence[int], dict[str, Any]], ...] = (
    ((0, 2, 3, 4, 5, 6, 7, 8, 9), {"state": TransferState.READY}),
    ((0, 3, 4, 5, 6, 7, 8, 9), {"state": TransferState.UPLOADING}),
    ((0, 3, 5, 6, 7, 8, 9), {"state": TransferState.UPLOADED}),
    ((0, 5, 6, 7, 8, 9), _COPIED),
    ((4,), {"state": TransferState.ENDED, "outcome": Outcome.GAVE_UP, **_FULL}),
)

#: The states that a Blob goes through when its Transfer is in one of these.
_BLOBS = (
    (BlobState.FETCHING, [TransferState.READY, TransferState.UPLOADED, TransferState.ENDED]),
    (BlobState.STAGED, [TransferState.READY, TransferState.UPLOADED, TransferState.ENDED]),
    (BlobState.RELEASED, [TransferState.UPLOADED, TransferState.ENDED]),
)


def _digit() -> Any:
    stands = TransferRow.decision_id.in_(select(DecisionRow.id).where(DecisionRow.to_run_id.is_(None)))
    return case((stands, TransferRow.id % 10), else_=0)


def _transfers() -> Any:
    """One for each Copy, in the order in which they were decided."""
    columns = {
        TransferRow.decision_id: DecisionRow.id,
        TransferRow.run_id: DecisionRow.from_run_id,
        TransferRow.stands_for: case((DecisionRow.to_run_id.is_(None), DecisionRow.mapping)),
        TransferRow.server: literal(SERVER),
        TransferRow.state: literal(TransferState.WAITING),
        TransferRow.attempt: literal(1),
        TransferRow.tries: literal(1),
        TransferRow.created_at: DecisionRow.decided_at,
        TransferRow.next_attempt_at: DecisionRow.decided_at,
    }
    copies = select(*columns.values()).where(DecisionRow.kind == DecisionKind.COPY).order_by(DecisionRow.id)
    return insert(TransferRow).from_select(list(columns), copies)


def _attempts(step: str, number: int, most: int) -> Any:
    """The tries of that number, where there were so many; all but the first failed."""
    result = "remote_unavailable" if number > 1 else "uploaded" if step == UPLOAD else "staged"
    columns = {
        AttemptRow.step: literal(step),
        AttemptRow.sha256: DecisionRow.sha256,
        AttemptRow.transfer_id: TransferRow.id if step == UPLOAD else null(),
        AttemptRow.number: literal(number),
        AttemptRow.worker: literal("a@host"),
        AttemptRow.task_id: literal(f"{step}-") + cast(TransferRow.id // 20, String),
        AttemptRow.started_at: TransferRow.created_at,
        AttemptRow.ended_at: TransferRow.created_at,
        AttemptRow.result: literal(result),
        AttemptRow.error: literal("" if number == 1 else "devpi answered 503. It is restarting."),
    }
    tried = TransferRow.id % most >= number - 1
    of_transfers = select(*columns.values()).join(DecisionRow, DecisionRow.id == TransferRow.decision_id)
    return insert(AttemptRow).from_select(list(columns), of_transfers.where(tried).order_by(TransferRow.id))


def _tasks(session: Session, now: datetime) -> None:
    """One for each Run, and one for each lane's turn and for each download."""
    lanes = session.scalars(select(AttemptRow.task_id).distinct()).all()
    runs = session.execute(select(RunRow.task_id, RunRow.id, RunRow.finished_at)).all()
    _insert(
        session,
        TaskRow,
        (
            {"id": task, "name": f"syncer.{task.partition('-')[0]}", "state": "SUCCESS", "done_at": now}
            for task in lanes
        ),
    )
    _insert(
        session,
        TaskRow,
        (
            {"id": task, "name": "syncer.discover", "state": "SUCCESS", "run_id": run, "done_at": done}
            for task, run, done in runs
        ),
    )


def _signs_of_life(now: datetime) -> Iterator[dict[str, Any]]:
    yield {"name": "beat", "seen_at": now, "about": ""}
    yield {"name": "worker:a@host", "seen_at": now, "about": "discover,download,upload,housekeeping"}


def _insert(session: Session, table: Any, rows: Iterable[dict[str, Any]]) -> None:
    several = iter(rows)
    while batch := list(islice(several, BATCH)):
        session.execute(insert(table), batch)


def _tidy_up(database: Database) -> None:
    """What PostgreSQL does by itself after so many changes; and its next Run gets the next number."""
    if database.url.get_backend_name() == "postgresql":
        with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("SELECT setval(pg_get_serial_sequence('runs', 'id'), max(id)) FROM runs"))
            connection.execute(text("VACUUM ANALYZE"))
