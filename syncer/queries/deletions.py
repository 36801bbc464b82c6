"""Files that left their Source, and what becomes of them."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import WithdrawalRow
from syncer.adapters.database.withdrawals import IS_OPEN, withdrawal_of
from syncer.core.deletion import Withdrawal
from syncer.core.model import Mapping
from syncer.core.warning import WarningKind
from syncer.queries.rows import is_storable
from syncer.queries.warnings import MappingWarning, standing_warnings

#: How many that have ended are shown, the newest first, and how many open ones.
ENDED_SHOWN = 100
OPEN_SHOWN = 1000


@dataclass(frozen=True, slots=True)
class Deletion:
    """A file that left its Source; ``reason`` says how it ended."""

    one: Withdrawal
    reason: str
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Deletions:
    """What is marked, due or ended.

    ``policies`` are the Mappings' ``on_source_delete``; ``held`` is why nothing is withdrawn.
    """

    policies: Dict[str, str]
    open: tuple[Deletion, ...]
    ended: tuple[Deletion, ...]
    held: tuple[MappingWarning, ...]


def deletions(database: Database, mappings: Dict[str, Mapping]) -> Deletions:
    """What left the Sources of these Mappings."""
    ours = WithdrawalRow.mapping.in_(list(mappings))
    order = WithdrawalRow.mapping, WithdrawalRow.project, WithdrawalRow.filename
    open_ = select(WithdrawalRow).where(ours, IS_OPEN).order_by(*order).limit(OPEN_SHOWN)
    ended = (
        select(WithdrawalRow)
        .where(ours, ~IS_OPEN)
        .order_by(WithdrawalRow.ended_at.desc(), WithdrawalRow.id.desc())
    )
    with database.read() as session:
        held = standing_warnings(session, list(mappings))
        return Deletions(
            policies={name: str(mapping.deletion.action) for name, mapping in mappings.items()},
            open=tuple(map(_deletion, session.scalars(open_))),
            ended=tuple(map(_deletion, session.scalars(ended.limit(ENDED_SHOWN)))),
            held=tuple(each for each in held if each.kind == WarningKind.WITHDRAWALS_HELD),
        )


def open_deletion(database: Database, mapping: str, project: str, filename: str) -> Withdrawal | None:
    """The file that is marked or due, None where there is none; an empty project means any."""
    if not all(map(is_storable, (mapping, project, filename))):
        return None
    named = [WithdrawalRow.mapping == mapping, WithdrawalRow.filename == filename]
    if project:
        named.append(WithdrawalRow.project == project)
    with database.read() as session:
        row = session.scalars(select(WithdrawalRow).where(*named, IS_OPEN).order_by(WithdrawalRow.id)).first()
        return withdrawal_of(row) if row else None


def count_open_deletions(mappings: Collection[str]) -> Any:
    """How many files of these Mappings are marked or due, as a query for one number."""
    ours = WithdrawalRow.mapping.in_(mappings)
    return select(func.count()).select_from(WithdrawalRow).where(ours, IS_OPEN)


def _deletion(row: WithdrawalRow) -> Deletion:
    return Deletion(withdrawal_of(row), row.reason, row.ended_at)
