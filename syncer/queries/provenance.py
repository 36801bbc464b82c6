"""Where a file came from and how it came to its Target: one record per file and Mapping, to be exported."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import AuditRow, CheckRow, RulingRow, RunRow, WithdrawalRow
from syncer.core.model import DistributionFile
from syncer.core.states import Outcome
from syncer.ports.source import OnRecord
from syncer.queries.details import AttemptDetail, DecisionDetail, FileDetail
from syncer.queries.files import file_detail, why

FORMAT = "gitea-devpi-syncer/provenance/v1"
#: How many records of the audit about one file are read, the newest.
AUDIT_READ = 200
_OF_RUN = ("id", "source", "target", "trigger", "outcome", "requested_at", "planned_at", "finished_at")

#: Asks the Source of a Mapping, as it was recorded, what it has on record of a file.
Ask = Callable[[str, str, DistributionFile], OnRecord]
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class History:
    """Everything that the ledger holds about one file of one Mapping; rows as they are."""

    file: FileDetail
    runs: Rows
    audit: Rows
    rulings: Rows
    withdrawals: Rows
    check: dict[str, Any] | None


def histories(database: Database, text: str, mappings: Iterable[str]) -> tuple[History, ...]:
    """Of every file of that name, or whose sha256 begins so, in each of these Mappings."""
    wanted = set(mappings)
    return tuple(_history(database, file) for file in why(database, text) if file.mapping in wanted)


def history(database: Database, mapping: str, project: str, filename: str) -> History | None:
    """Of one file of one Mapping, None when no Run ever decided about it."""
    found = file_detail(database, mapping, project, filename)
    return _history(database, found) if found else None


def record(history: History, ask: Ask, now: datetime) -> dict[str, Any]:
    """The record of the file; its Source is asked for what nobody else knows.

    Every key is always there. What is not known is None, and where the reason is not plain from the rest,
    ``why_unknown`` says it. Times are ISO 8601 in UTC.
    """
    file = history.file
    newest = _newest(file)
    found = next((run for run in history.runs if run["id"] == newest.from_run_id), None)
    sides = (found["source"], found["target"]) if found else (None, None)
    document = {
        "format": FORMAT,
        "exported_at": now,
        "mapping": file.mapping,
        "project": file.project,
        "version": newest.version,
        "filename": file.filename,
        "sha256": newest.sha256,
        "status": file.status,
        "listed_now": file.current is not None,
        "source": _source(file, newest, sides[0], ask),
        "staging": _staging(file, newest),
        "target": {"name": sides[1] or None, **_target(file, newest), "last_check": history.check},
        "decisions": [asdict(each) for each in _decisions(file)],
        "attempts": [asdict(each) for each in file.attempts],
        "runs": history.runs,
        "rulings": history.rulings,
        "withdrawals": history.withdrawals,
        "audit": history.audit,
    }
    plain: dict[str, Any] = _plain(document)
    return plain


def _source(file: FileDetail, newest: DecisionDetail, name: str | None, ask: Ask) -> dict[str, Any]:
    asked = DistributionFile(
        file.project, newest.version, file.filename, newest.sha256, locator=newest.locator
    )
    said = ask(file.mapping, name or "", asked)
    return {
        "name": name or None,
        "url": said.address or None,
        "locator": newest.locator or None,
        "repository": newest.repository or None,
        "release_id": newest.release_id,
        "promised_sha256": newest.sha256,
        "size": newest.size,
        "requires_python": newest.requires_python,
        "on_record": _on_record(newest, said),
    }


def _on_record(newest: DecisionDetail, said: OnRecord) -> dict[str, Any]:
    """What the Source said when it was asked for this very record."""
    filed, digests = said.filed, dict(said.filed.digests) if said.filed else {}
    return {
        "asked_at": said.asked_at,
        "file_id": filed.id if filed else None,
        "size": filed.size if filed else None,
        **{name: digests.get(name) for name in ("md5", "sha1", "sha256", "sha512")},
        "agrees": digests["sha256"] == newest.sha256 if "sha256" in digests else None,
        "why_unknown": said.why or None,
    }


def _staging(file: FileDetail, newest: DecisionDetail) -> dict[str, Any]:
    """Bytes count as staged only when their sha256, computed while they streamed, was the promised one."""
    proof = next((each for each in file.attempts if _proves(each, newest.sha256)), None)
    blob = next((each for each in file.blobs if each.sha256 == newest.sha256), None)
    unknown = "no attempt to fetch these bytes is recorded: the target had them, or it was forgotten"
    return {
        "sha256": proof.sha256 if proof else None,
        "size": blob.size if blob else None,
        "proved_by": asdict(proof) if proof else None,
        "why_unknown": None if proof else unknown,
    }


def _proves(attempt: AttemptDetail, sha256: str) -> bool:
    return (attempt.step, attempt.result, attempt.sha256) == ("download", "staged", sha256)


def _target(file: FileDetail, newest: DecisionDetail) -> dict[str, Any]:
    """How the bytes arrived, and what the Target's own listings said of them."""
    brought = [each for each in _decisions(file) if each.transfer and each.sha256 == newest.sha256]
    copied = [each for each in brought if each.transfer and each.transfer.outcome == Outcome.COPIED]
    arrival = next(iter(copied or brought), None)
    transfer = arrival.transfer if arrival else None
    unknown = "this mapping uploaded nothing: the target had the bytes already, or it was forgotten"
    return {
        "listed_sha256": newest.target_sha256 or None,
        "outcome": (transfer.outcome or transfer.state) if transfer else None,
        "answer": (transfer.answer or None) if transfer else None,
        "overwrote": arrival.target_sha256 if arrival and arrival.overwrite else None,
        "run": transfer.run_id if transfer else None,
        "worker": transfer.worker if transfer else None,
        "read_back_sha256": (transfer.read_back_sha256 or None) if transfer else None,
        "read_back_at": transfer.ended_at if transfer and transfer.read_back_sha256 else None,
        "why_unknown": None if transfer else unknown,
    }


def _newest(file: FileDetail) -> DecisionDetail:
    return file.current or file.former[0]


def _decisions(file: FileDetail) -> tuple[DecisionDetail, ...]:
    return (file.current, *file.former) if file.current else file.former


def _history(database: Database, file: FileDetail) -> History:
    with database.read() as session:
        return History(
            file,
            _runs(session, file),
            _about(session, AuditRow, file, AuditRow.subject == f"{file.project}/{file.filename}"),
            _about(session, RulingRow, file, *_named(RulingRow, file)),
            _about(session, WithdrawalRow, file, *_named(WithdrawalRow, file)),
            next(iter(_about(session, CheckRow, file, *_named(CheckRow, file))), None),
        )


def _runs(session: Session, file: FileDetail) -> Rows:
    """The Runs that decided about the file or carried it, newest first."""
    decisions = _decisions(file)
    ids = {each.from_run_id for each in decisions} | {each.to_run_id for each in decisions}
    ids |= {each.transfer.run_id for each in decisions if each.transfer}
    found = session.scalars(select(RunRow).where(RunRow.id.in_(ids - {None})).order_by(RunRow.id.desc()))
    return [{name: getattr(row, name) for name in _OF_RUN} for row in found]


def _named(table: Any, file: FileDetail) -> tuple[Any, ...]:
    return table.project == file.project, table.filename == file.filename


def _about(session: Session, table: Any, file: FileDetail, *conditions: Any) -> Rows:
    columns = list(inspect(table).columns)
    order = [column.desc() for column in inspect(table).primary_key]
    wanted = select(*columns).where(table.mapping == file.mapping, *conditions).order_by(*order)
    return [dict(row._mapping) for row in session.execute(wanted.limit(AUDIT_READ))]  # noqa: SLF001  # its public name


def _plain(value: Any) -> Any:
    """The value as JSON has it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, str) else value
