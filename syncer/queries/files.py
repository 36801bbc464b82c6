"""Files: a Mapping's, and everything known of one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import AttemptRow, BlobRow, DecisionRow, TransferRow
from syncer.adapters.database.scopes import CURRENT
from syncer.queries.details import (
    AttemptDetail,
    BlobDetail,
    DecisionDetail,
    FileDetail,
    TransferDetail,
    attempt_detail,
    blob_detail,
    decision_detail,
)
from syncer.queries.rows import FilePage, file_counts, file_rows, is_storable, select_files, select_statuses
from syncer.queries.standing import MISSING, has_status, status_counts
from syncer.queries.statuses import FileStatus, file_status

__all__ = [
    "MATCHES",
    "AttemptDetail",
    "DecisionDetail",
    "FileDetail",
    "TransferDetail",
    "file_detail",
    "mapping_files",
    "why",
]

#: How much of a file's history is read; the newest counts.
DECISIONS_READ = 100
ATTEMPTS_READ = 200
#: How many files one question may be about.
MATCHES = 20
#: Fewer digits of a sha256 would match files by accident.
SHORTEST_DIGEST = 6

_DIGEST = re.compile(rf"(?:sha256[:=])?([0-9a-f]{{{SHORTEST_DIGEST},64}})", re.IGNORECASE)

Key = tuple[str, str, str]


def mapping_files(
    database: Database, mapping: str, status: str | None = None, limit: int = 100, offset: int = 0
) -> FilePage:
    """A page of the Mapping's current files: all, those of one status, or those that are ``missing``."""
    conditions = [CURRENT, DecisionRow.mapping == mapping]
    if status is not None:
        conditions.append(has_status(mapping, status))
    # Found first and read then: what lies before the page costs a step in an index, not a row.
    found = select_statuses(DecisionRow.id).with_only_columns(DecisionRow.id).where(*conditions)
    page = found.order_by(DecisionRow.project, DecisionRow.filename).limit(limit).offset(offset)
    with database.read() as session:
        total = _total(status_counts(session, [mapping])[mapping], status)
        files = file_rows(session.execute(select_files().where(DecisionRow.id.in_(page))))
        return FilePage(files, total, limit, offset)


def _total(by_status: Counter[str], status: str | None) -> int:
    if status is None:
        return by_status.total()
    return file_counts(by_status).missing if status == MISSING else by_status[status]


def file_detail(database: Database, mapping: str, project: str, filename: str) -> FileDetail | None:
    """The file, None when no Run ever decided about it."""
    key = (mapping, project, filename)
    if not all(map(is_storable, key)):
        return None
    with database.read() as session:
        return next(iter(_details(session, [key])), None)


def why(database: Database, text: str) -> tuple[FileDetail, ...]:
    """Every file of that name, or whose sha256 begins so, in each Mapping; the first few of them."""
    if not is_storable(text):
        return ()
    with database.read() as session:
        return _details(session, _matches(session, text.strip()))


def _matches(session: Session, text: str) -> list[Key]:
    wanted = DecisionRow.filename == text
    if digest := _DIGEST.fullmatch(text):
        start = digest[1].lower()
        # A range, unlike LIKE, is found through the index; no hexadecimal digit sorts after "f".
        wanted = and_(DecisionRow.sha256 >= start, DecisionRow.sha256 < f"{start}g")
    keys = select(DecisionRow.mapping, DecisionRow.project, DecisionRow.filename).where(wanted, _decided())
    found = session.execute(keys.distinct().order_by(*keys.selected_columns).limit(MATCHES))
    return [(row.mapping, row.project, row.filename) for row in found]


def _decided() -> Any:
    """A dry run decides nothing."""
    return or_(CURRENT, DecisionRow.to_run_id != DecisionRow.from_run_id)


def _details(session: Session, keys: Sequence[Key]) -> tuple[FileDetail, ...]:
    if not keys:
        return ()
    decisions: dict[Key, list[DecisionDetail]] = {key: [] for key in keys}
    for row, transfer, status in session.execute(_decisions(keys)):
        decisions[(row.mapping, row.project, row.filename)].append(decision_detail(row, transfer, status))
    known = [decision for found in decisions.values() for decision in found]
    digests = {decision.sha256 for decision in known}
    transfers = {decision.transfer.id for decision in known if decision.transfer}
    attempts = _attempts(session, digests, transfers)
    staged = session.scalars(select(BlobRow).where(BlobRow.sha256.in_(digests)))
    blobs = [blob_detail(row) for row in staged]
    return tuple(_detail(key, found, attempts, blobs) for key, found in decisions.items() if found)


def _decisions(keys: Sequence[Key]) -> Any:
    one_of = or_(
        *(
            and_(DecisionRow.mapping == mapping, DecisionRow.project == project, DecisionRow.filename == name)
            for mapping, project, name in keys
        )
    )
    return (
        select(DecisionRow, TransferRow, file_status())
        .outerjoin(TransferRow, TransferRow.decision_id == DecisionRow.id)
        .where(one_of, _decided())
        # Current ones first: a file that changed a hundred times must not hide how another one stands.
        .order_by(DecisionRow.to_run_id.is_not(None), DecisionRow.id.desc())
        .limit(DECISIONS_READ)
    )


def _attempts(session: Session, digests: set[str], transfers: set[int]) -> list[AttemptDetail]:
    download = and_(AttemptRow.transfer_id.is_(None), AttemptRow.sha256.in_(digests))
    found = (
        select(AttemptRow)
        .where(or_(download, AttemptRow.transfer_id.in_(transfers)))
        .order_by(AttemptRow.id.desc())
        .limit(ATTEMPTS_READ)
    )
    return [attempt_detail(row) for row in session.scalars(found)]


def _detail(
    key: Key, decisions: list[DecisionDetail], attempts: list[AttemptDetail], blobs: list[BlobDetail]
) -> FileDetail:
    digests = {decision.sha256 for decision in decisions}
    transfers = {decision.transfer.id for decision in decisions if decision.transfer}
    current = next((decision for decision in decisions if decision.to_run_id is None), None)
    return FileDetail(
        *key,
        status=current.status if current else FileStatus.SUPERSEDED,
        current=current,
        former=tuple(decision for decision in decisions if decision is not current),
        blobs=tuple(blob for blob in blobs if blob.sha256 in digests),
        attempts=tuple(
            attempt
            for attempt in attempts
            if attempt.transfer_id in transfers or (attempt.transfer_id is None and attempt.sha256 in digests)
        ),
    )
