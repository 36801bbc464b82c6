"""What ``/health`` says: red when something stands still, ok only when everything is complete."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import DecisionRow
from syncer.adapters.database.scopes import CURRENT
from syncer.core.check import Progress
from syncer.core.errors import RemoteUnavailable
from syncer.core.model import Mapping
from syncer.core.plan import DecisionKind
from syncer.core.states import RunOutcome
from syncer.core.warning import StandingWarning
from syncer.queries.life import BEAT, QUEUES, SignOfLife
from syncer.queries.overview import MappingState, MappingStatus, Overview, read_overview
from syncer.queries.standing import lacks


@dataclass(frozen=True, slots=True)
class MappingHealth:
    """A Mapping's freshness; ``error`` is empty when its last Run had none.

    ``checks`` is how far its files' bytes were fetched back, None where that is turned off.
    """

    name: str
    state: str
    last_complete_at: datetime | None
    age_seconds: int | None
    stale_after_seconds: int
    stale: bool
    missing: int
    error: str
    checks: Progress | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """``ok``, or ``degraded`` with all ``errors``; red while there are ``standstills``, the first of them.

    Waiting does not help against a standstill.
    """

    status: str
    standstills: tuple[str, ...]
    errors: tuple[str, ...]

    @property
    def red(self) -> bool:
        """Whether something stands still."""
        return bool(self.standstills)


@dataclass(frozen=True, slots=True)
class Health:
    """The state of the whole; None is said of what could not be found out.

    ``last_refreshed`` is when a listing of both sides was last carried to its end, ``refreshing``
    whether a Run is open; the version counts are over (mapping, project, version). ``warnings`` stand for
    what works and ought to be looked at: they make nothing red.
    """

    status: str
    last_refreshed: datetime | None
    refreshing: bool | None
    errors: tuple[str, ...]
    package_versions_total: int | None
    synced: int | None
    missing: int | None
    mappings: tuple[MappingHealth, ...]
    beat: SignOfLife
    workers: tuple[SignOfLife, ...]
    broker: bool | None
    database: bool
    warnings: tuple[str, ...] = ()

    @property
    def red(self) -> bool:
        """Whether something stands still, so that waiting will not help: 503 for those who ask."""
        stale = any(mapping.stale for mapping in self.mappings)
        silent = any(not sign.alive for sign in (self.beat, *self.workers))
        return stale or silent or self.broker is False or not self.database


def judge(seen: Overview, *, broker_alive: bool | None) -> Verdict:
    """What an Overview and the broker's sign of life amount to; a broker that was not asked is None."""
    standstills = (*_gone(seen, broker_alive=broker_alive), *_stale(seen))
    unasked = ("the broker was not asked",) if broker_alive is None else ()
    failing = map(str, seen.failing)
    errors = (*standstills, *unasked, *failing, *(text for one in seen.mappings for text in _errors(one)))
    complete = all(one.state == MappingState.COMPLETE for one in seen.mappings)
    return Verdict("ok" if complete and not errors else "degraded", standstills, errors)


def health(
    database: Database,
    mappings: Dict[str, Mapping],
    now: datetime,
    broker_alive: bool | None,  # noqa: FBT001  # what is known, not a switch
    since: datetime | None = None,
    warnings: Sequence[StandingWarning] = (),
) -> Health:
    """The Health at that moment; a database that does not answer is part of it, not an error.

    ``warnings`` are those of the configuration; those about Mappings are added.
    """
    configured = tuple(map(str, warnings))
    try:
        with database.read() as session:
            seen = read_overview(session, mappings, now, since)
            total, missing = _package_versions(session, list(mappings))
    except RemoteUnavailable as error:
        return replace(_blind(error, broker_alive=broker_alive), warnings=configured)
    verdict = judge(seen, broker_alive=broker_alive)
    return Health(
        status=verdict.status,
        last_refreshed=_last_refreshed(seen),
        refreshing=any(one.open_run for one in seen.mappings),
        errors=verdict.errors,
        package_versions_total=total,
        synced=total - missing,
        missing=missing,
        mappings=tuple(_mapping(one) for one in seen.mappings),
        beat=seen.beat,
        workers=seen.workers,
        broker=broker_alive,
        database=True,
        warnings=(*configured, *map(str, seen.warnings)),
    )


def _blind(error: RemoteUnavailable, *, broker_alive: bool | None) -> Health:
    return Health(
        status="degraded",
        last_refreshed=None,
        refreshing=None,
        errors=(str(error),),
        package_versions_total=None,
        synced=None,
        missing=None,
        mappings=(),
        beat=SignOfLife(BEAT, alive=False),
        workers=tuple(SignOfLife(queue, alive=False) for queue in QUEUES),
        broker=broker_alive,
        database=False,
    )


def _package_versions(session: Session, names: list[str]) -> tuple[int, int]:
    """How many selected versions there are, and how many lack a file at their target."""
    key = (DecisionRow.mapping, DecisionRow.project, DecisionRow.version)
    current = (CURRENT, DecisionRow.mapping.in_(names))
    selected = select(*key).where(*current, DecisionRow.kind != DecisionKind.EXCLUDED).distinct()
    lacking = select(*key).where(lacks(names)).distinct()
    return _number(session, selected), _number(session, lacking)


def _number(session: Session, rows: Any) -> int:
    return session.scalar(select(func.count()).select_from(rows.subquery())) or 0


def _gone(seen: Overview, *, broker_alive: bool | None) -> list[str]:
    gone = [f"no worker serves the queue {queue.name}" for queue in seen.workers if not queue.alive]
    if not seen.beat.alive:
        gone.insert(0, "beat is gone: nothing is scheduled")
    if broker_alive is False:
        gone.insert(0, "the broker does not answer")
    return gone


def _stale(seen: Overview) -> list[str]:
    return [
        f"{one.name}: not complete for more than {one.stale_after_seconds} s"
        for one in seen.mappings
        if one.stale
    ]


def _errors(one: MappingStatus) -> list[str]:
    numbers = (
        (one.counts.conflicts, "in conflict"),
        (one.counts.refused, "refused"),
        (one.counts.failing, "failing"),
        (one.counts.unknown, "in an unknown state"),
    )
    counted = [
        f"{one.name}: {number} {'file' if number == 1 else 'files'} {what}"
        for number, what in numbers
        if number
    ]
    return [f"{one.name}: {error}", *counted] if (error := _error(one)) else counted


def _error(one: MappingStatus) -> str:
    run = one.last_run
    return f"{run.error} {run.next_step}".strip() if run and run.error else ""


def _last_refreshed(seen: Overview) -> datetime | None:
    read = (RunOutcome.COMPLETE, RunOutcome.INCOMPLETE)
    runs = [one.last_run for one in seen.mappings if one.last_run and one.last_run.outcome in read]
    return max((run.finished_at for run in runs if run.finished_at), default=None)


def _mapping(one: MappingStatus) -> MappingHealth:
    return MappingHealth(
        name=one.name,
        state=one.state,
        last_complete_at=one.last_complete_at,
        age_seconds=one.age_seconds,
        stale_after_seconds=one.stale_after_seconds,
        stale=one.stale,
        missing=one.counts.missing,
        error=_error(one),
        checks=one.checks,
    )
