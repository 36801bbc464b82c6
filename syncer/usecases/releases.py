"""Tell of versions that lack a file which their project usually has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from syncer.core.expectation import Lack, Published, lacks
from syncer.core.warning import StandingWarning, WarningKind
from syncer.usecases.services import Services

#: By project and version.
Releases = Mapping[str, Mapping[str, Published]]
#: Parts that one warning names.
SHOWN = 6
#: Seconds after which everything is looked at again, whatever has changed.
AT_LEAST_EVERY = 3600.0


@dataclass(frozen=True, slots=True)
class _Look:
    """What a look was made of: it need not be repeated before ``until`` while nothing has changed."""

    mark: tuple[int, int]
    settle: float
    at: datetime
    until: datetime


@dataclass(slots=True)
class Memory:
    """The last look of this process at each Mapping."""

    looks: dict[str, _Look] = field(default_factory=dict)


_memory = Memory()


def watch_releases(services: Services, name: str, memory: Memory = _memory) -> None:
    """The Mapping's standing warnings name every newest version that lacks a file, and nothing else."""
    mapping, now = services.mapping(name), services.clock()
    mark = services.ledger.releases.mark(name)
    last = memory.looks.get(name)
    unchanged = last and (last.mark, last.settle) == (mark, mapping.release_settle)
    if last and unchanged and last.at <= now < last.until:
        return
    releases = services.ledger.releases.versions(name) if mapping.release_settle else {}
    warnings = [
        _warning(project, lack)
        for project, versions in releases.items()
        for lack in lacks(versions, now, mapping.release_settle)
    ]
    services.ledger.warnings.replace(name, WarningKind.RELEASE, warnings, now)
    until = _next_change(releases, now, mapping.release_settle)
    memory.looks[name] = _Look(mark, mapping.release_settle, now, until)


def _next_change(releases: Releases, now: datetime, settle: float) -> datetime:
    """When the next version will have settled."""
    times = [
        version.since + timedelta(seconds=settle) for each in releases.values() for version in each.values()
    ]
    return min((at for at in times if at > now), default=now + timedelta(seconds=AT_LEAST_EVERY))


def _warning(project: str, lack: Lack) -> StandingWarning:
    named = ", ".join(map(str, lack.parts[:SHOWN]))
    more = f" and {len(lack.parts) - SHOWN} more" if len(lack.parts) > SHOWN else ""
    return StandingWarning(
        WarningKind.RELEASE,
        f"{project} {lack.version}",
        f"{project} {lack.version}, here since {lack.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC, lacks what "
        f"the versions before it have: {named}{more}.",
        "Look at the build of that release and publish what is missing; if it was left out on purpose, this "
        "ends with the next versions.",
    )
