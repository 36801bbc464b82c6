"""Fetch every file's bytes back from its Target, a few at a time, and believe only what was hashed."""

from __future__ import annotations

import hashlib
import logging
import random
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from syncer.core.check import DAY, SPOILT, Check, CheckResult, Finding, Spent
from syncer.core.errors import CircuitOpen, FileGone, MappingBroken, OverBudget, RateLimited, Retryable
from syncer.core.model import EVERYTHING, DistributionFile, Mapping, Scope
from syncer.core.warning import StandingWarning, WarningKind
from syncer.ports.claims import RunRequest, Worker
from syncer.ports.context import log_context
from syncer.ports.queue import Message
from syncer.usecases.bandwidth import metered
from syncer.usecases.circuit import asking
from syncer.usecases.discover import request_run
from syncer.usecases.leases import LEASE, keeping
from syncer.usecases.services import Services

log = logging.getLogger(__name__)

#: One lane for all of it: no two workers ever check at the same time.
LANE = "recheck"
#: Seconds after which a slice begins no further file, and files that are looked up at once.
SLICE = 10.0
BATCH = 500
#: Projects for which Runs of their own are asked for; of more, one looks at the whole Mapping.
MOST_PROJECTS = 10
#: Seconds between two looks whether the day's budget is large enough.
WEIGHED_EVERY = 600.0


@dataclass(slots=True)
class Memory:
    """When this process last weighed the budget, and the Mappings whose Targets refused to be read."""

    weighed_at: datetime | None = None
    refused: dict[str, MappingBroken] = field(default_factory=dict)


_memory = Memory()


def recheck(
    services: Services, bytes_per_day: int, worker: Worker, memory: Memory = _memory
) -> Iterator[Message]:
    """A slice of what is due is checked and recorded; messages for the Runs that have to hear of it.

    Nothing happens while another worker does it. What a server does is logged, never raised.
    """
    lanes, clock = services.ledger.lanes, services.clock
    lane = lanes.acquire(LANE, 1, f"{worker.name}/{worker.task_id or uuid.uuid4().hex}", clock(), LEASE)
    if lane is None:
        return
    try:
        with keeping(lambda until: lanes.extend(lane, until), clock):
            yield from _slice(services, bytes_per_day, memory)
            _weigh(services, bytes_per_day, memory)
    finally:
        lanes.release(lane)


def read_back(services: Services, mapping: Mapping, file: DistributionFile) -> Finding:
    """What the Target serves for the file now; nothing is recorded.

    Raises Retryable where the server does not answer at all, and MappingBroken.
    """
    try:
        return _hashed(services, mapping, file)
    except (CircuitOpen, RateLimited):
        raise
    except Retryable:
        with asking(services, mapping.target.url):
            services.target_of(mapping).probe()
    try:
        return _hashed(services, mapping, file)
    except (CircuitOpen, RateLimited):
        raise
    except Retryable as error:
        # The server answered in between: it has trouble with this file alone.
        return Finding(CheckResult.UNREADABLE, detail=str(error))


def _hashed(services: Services, mapping: Mapping, file: DistributionFile) -> Finding:
    try:
        return _fetched(services, mapping, file)
    except FileGone as error:
        return Finding(CheckResult.MISSING, detail=str(error))
    except OverBudget as error:
        return Finding(CheckResult.PUT_OFF, detail=str(error))


def _fetched(services: Services, mapping: Mapping, file: DistributionFile) -> Finding:
    digest, size = hashlib.sha256(), 0
    with asking(services, mapping.target.url), services.target_of(mapping).fetch(file) as chunks:
        for chunk in metered(chunks, services.spending()):
            digest.update(chunk)
            size += len(chunk)
    found = digest.hexdigest()
    result = CheckResult.SAME if found == file.sha256 else CheckResult.DIFFERS
    return Finding(result, found, size)


def _slice(services: Services, bytes_per_day: int, memory: Memory) -> Iterator[Message]:
    now = services.clock()
    mappings = [mapping for mapping in services.mappings.values() if mapping.recheck]
    spent = services.ledger.checks.spent([mapping.name for mapping in mappings], now)
    budget = _Budget(bytes_per_day, spent, now + timedelta(seconds=SLICE))
    for mapping in random.sample(mappings, len(mappings)):  # no secret: each has its turn
        changed: list[str] = []
        try:
            with log_context(mapping=mapping.name):
                for check, finding in _findings(services, mapping, budget):
                    _hear(memory, mapping, None)
                    if _recorded(services, check, finding) and finding.changes(check):
                        changed.append(check.file.project)
        except Retryable as error:
            log.warning("files could not be read back: %s", error)
        except MappingBroken as error:
            log.warning("files could not be read back: %s", error)
            _hear(memory, mapping, error)
        yield from _tell(services, mapping, changed)


def _hear(memory: Memory, mapping: Mapping, refusal: MappingBroken | None) -> None:
    """What is new is said at once."""
    before = memory.refused.pop(mapping.name, None)
    if refusal is not None:
        memory.refused[mapping.name] = refusal
    if (before is None) != (refusal is None):
        memory.weighed_at = None


@dataclass(slots=True)
class _Budget:
    """What one slice may cost: bytes, and time."""

    bytes_per_day: int
    spent: Spent
    until: datetime

    def allows(self, check: Check, now: datetime) -> bool:
        return now < self.until and self.spent.allows(self.bytes_per_day, check.size or 0)


def _findings(services: Services, mapping: Mapping, budget: _Budget) -> Iterator[tuple[Check, Finding]]:
    while checks := services.ledger.checks.due(mapping.name, mapping.recheck, services.clock(), BATCH):
        for check in checks:
            if services.stopping() or not budget.allows(check, services.clock()):
                return
            finding = read_back(services, mapping, check.file)
            budget.spent = budget.spent.plus(finding.size or 0)
            yield check, finding


def _recorded(services: Services, check: Check, finding: Finding) -> bool:
    with log_context(file=check.file.filename):
        if finding.result in SPOILT:
            said = finding.detail or f"it serves sha256 {finding.found_sha256}"
            log.error("read back from the target, it is %s: %s", finding.result, said)
        return services.ledger.checks.record(check, finding, services.clock())


def _tell(services: Services, mapping: Mapping, projects: Sequence[str]) -> Iterable[Message]:
    """A Run looks at what has changed; that a file is spoilt, the pages say from its row at once."""
    names = sorted(set(projects))
    scopes = [Scope(name) for name in names] if len(names) <= MOST_PROJECTS else [EVERYTHING]
    for scope in scopes:
        run = request_run(services, RunRequest(mapping.name, "check", scope))
        if run is not None:
            yield Message("discover", {"run": run})


def _weigh(services: Services, bytes_per_day: int, memory: Memory) -> None:
    """A budget that is too small for what there is, or a refusal, stands as a warning."""
    now = services.clock()
    if memory.weighed_at and abs(now - memory.weighed_at) < timedelta(seconds=WEIGHED_EVERY):
        return
    memory.weighed_at = now
    checked = [mapping for mapping in services.mappings.values() if mapping.recheck]
    size = sum(services.ledger.checks.extent(mapping.name).estimate for mapping in checked)
    for mapping in services.mappings.values():
        too_long = mapping.recheck and size / bytes_per_day * DAY > mapping.recheck
        warnings = [_too_small(mapping, size, bytes_per_day)] if too_long else []
        if mapping.recheck and (refusal := memory.refused.get(mapping.name)):
            warnings.append(_refused(refusal))
        services.ledger.warnings.replace(mapping.name, WarningKind.RECHECK, warnings, now)


def _refused(refusal: MappingBroken) -> StandingWarning:
    return StandingWarning(
        WarningKind.RECHECK,
        "refused",
        f"Its files cannot be fetched back from the target. {refusal.what} {refusal.cause}".strip(),
        refusal.next_step,
    )


def _too_small(mapping: Mapping, size: float, bytes_per_day: int) -> StandingWarning:
    window, gib = mapping.recheck / DAY, 2**30
    return StandingWarning(
        WarningKind.RECHECK,
        "budget",
        f"The files of all mappings are about {size / gib:.1f} GiB: at {bytes_per_day / gib:.1f} GiB a day "
        f"they are read back within {size / bytes_per_day:.0f} days, not within {window:.0f}.",
        f"Set recheck_bytes_per_day in [runtime] to {size / window / gib + 0.5:.0f}G or more, or raise "
        "recheck_days.",
    )
