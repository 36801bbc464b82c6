"""Compare both sides of a Mapping now, file by file, and say how they differ and why."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping as Dict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from syncer.core.check import Check, CheckResult
from syncer.core.check import Finding as CheckFinding
from syncer.core.drift import Finding, doubtful, find_drift
from syncer.core.drift_kinds import Cause
from syncer.core.errors import FileGone, FileRefused, MappingBroken, Retryable, SyncerError
from syncer.core.known import Key
from syncer.core.model import EVERYTHING, DistributionFile, Listing, Mapping, Scope
from syncer.core.plan import Terms
from syncer.core.sides import Served, Shelf, Sides, only_there
from syncer.usecases.circuit import asking
from syncer.usecases.fetch import fetch
from syncer.usecases.services import Services

log = logging.getLogger(__name__)

#: Files whose bytes are fetched back at once.
FETCHES = 4


@dataclass(frozen=True, slots=True)
class Report:
    """How both sides of a Mapping stood at that moment; ``problems`` are why one could not be read."""

    mapping: Mapping
    scope: Scope
    at: datetime
    findings: tuple[Finding, ...] = ()
    problems: tuple[SyncerError, ...] = ()
    with_bytes: bool = False
    source: Listing | None = None
    volatile: bool = False

    @property
    def clean(self) -> bool:
        """Whether both sides were read and nobody has to do anything."""
        return not self.problems and all(finding.fine for finding in self.findings)

    @property
    def doubts_bytes(self) -> bool:
        """Whether only fetching bytes back tells if what was found wrong was mended."""
        return self.with_bytes or any(each.cause in (Cause.SPOILT, Cause.NO_BYTES) for each in self.findings)


def verify_sides(
    services: Services, mapping: Mapping, scope: Scope = EVERYTHING, *, with_bytes: bool = False
) -> Report:
    """The Report of both sides as they are now; nothing is written to either.

    ``with_bytes`` fetches every file back from the target, and records what came of it.
    """
    began = services.clock()
    problems: list[SyncerError] = []
    source, shelves, volatile = _read(services, mapping, scope, problems)
    known = services.ledger.rulings.known(mapping.name)
    sides = Sides(source, shelves, mapping.selection, Terms(volatile=volatile, known=known))
    origins = services.ledger.origins
    sides = replace(
        sides,
        requires_python=origins.requires_python(mapping.name, scope),
        brought=origins.brought(mapping.name, only_there(sides)),
    )
    sides = replace(sides, requires_python={**sides.requires_python, **_opened(services, mapping, sides)})
    if with_bytes:
        sides = replace(sides, served=_served(services, mapping, scope, sides))
    return Report(mapping, scope, began, find_drift(sides), tuple(problems), with_bytes, source, volatile)


def _read(
    services: Services, mapping: Mapping, scope: Scope, problems: list[SyncerError]
) -> tuple[Listing | None, Dict[str, Shelf] | None, bool]:
    """Both sides, each None when it could not be read, and whether the target is volatile."""
    source: Listing | None = None
    shelves: Dict[str, Shelf] | None = None
    volatile = False
    try:
        with asking(services, mapping.source.url):
            source = services.source_of(mapping).list(scope)
    except (Retryable, MappingBroken) as error:
        problems.append(error)
    projects = [scope.project] if scope.project else sorted(source.projects() if source else ())
    try:
        with asking(services, mapping.target.url):
            target = services.target_of(mapping)
            volatile = target.probe().volatile
            shelves = target.survey(projects, alone=bool(scope.project))
    except (Retryable, MappingBroken) as error:
        problems.append(error)
    return source, shelves, volatile


def _opened(services: Services, mapping: Mapping, sides: Sides) -> dict[str, str]:
    """What files say of themselves, of those about which both sides say different things."""
    said = {}
    for file in doubtful(sides):
        try:
            said[file.sha256] = fetch(services, mapping.name, file)[1].requires_python
        except (FileRefused, Retryable, MappingBroken) as error:
            log.info("%s was not opened: %s", file.filename, error)
    return said


def _served(services: Services, mapping: Mapping, scope: Scope, sides: Sides) -> dict[Key, Served]:
    """What the target serves for each file that it says it has as the source does; it is recorded."""
    wanted = sides.source.by_key() if sides.source else {}
    own = [
        file for key, file in sides.own().items() if key in wanted and file.sha256 in ("", wanted[key].sha256)
    ]
    checks = services.ledger.origins.checkable(mapping.name, scope)
    found: dict[Key, Served] = {}
    with ThreadPoolExecutor(FETCHES, thread_name_prefix="verify") as pool:
        for file, (served, size) in zip(
            own, pool.map(lambda each: _fetched(services, mapping, each), own), strict=True
        ):
            found[file.key] = served
            _record(services, checks.get(file.key), file, served, size)
    return found


def _fetched(services: Services, mapping: Mapping, file: DistributionFile) -> tuple[Served, int]:
    digest, size = hashlib.sha256(), 0
    try:
        with asking(services, mapping.target.url), services.target_of(mapping).fetch(file) as chunks:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
    except FileGone:
        return Served(), 0
    except (Retryable, MappingBroken) as error:
        return Served(error=error.what), 0
    return Served(digest.hexdigest()), size


def _record(
    services: Services, check: Check | None, file: DistributionFile, served: Served, size: int
) -> None:
    """What came of it is known to the planner, and takes the green away or gives it back."""
    if check is None or served.error or check.file.sha256 != file.sha256:
        return
    if not served.sha256:
        finding = CheckFinding(CheckResult.MISSING, detail="the target serves no bytes for it")
    elif served.sha256 == file.sha256:
        finding = CheckFinding(CheckResult.SAME, served.sha256, size)
    else:
        detail = f"the target serves sha256 {served.sha256}"
        finding = CheckFinding(CheckResult.DIFFERS, served.sha256, size, detail)
    services.ledger.checks.record(check, finding, services.clock())
