"""Look for projects that installers could get from elsewhere under the same name (dependency confusion)."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from syncer.core.errors import MappingBroken, Retryable
from syncer.core.model import Mapping
from syncer.core.warning import StandingWarning, WarningKind
from syncer.ports.context import log_context
from syncer.ports.target import Inheritance, Target
from syncer.usecases.services import Services

log = logging.getLogger(__name__)

#: Seconds that an answer about one name is believed, and that a target which gave none is left alone.
BELIEVED = 12 * 3600.0
LEFT_ALONE = 600.0
#: Questions about names in one look, as each may make the target ask the mirror's upstream; the rest is
#: for later looks. And the seconds after which none is begun any more.
QUESTIONS = 50
PATIENCE = 20.0

#: A server's URL, one of its mirrors, and a project.
Name = tuple[str, str, str]


@dataclass(slots=True)
class Memory:
    """What this process was told lately: whether a mirror has a name, and which targets told nothing."""

    told: dict[Name, tuple[datetime, bool]] = field(default_factory=dict)
    silent_until: dict[str, datetime] = field(default_factory=dict)

    def recall(self, name: Name, now: datetime) -> bool | None:
        """Whether the mirror has it; None when that was not asked lately."""
        told_at, has = self.told.get(name, (None, False))
        return has if told_at and now - told_at < timedelta(seconds=BELIEVED) else None


_memory = Memory()


def look_for_namesakes(services: Services, name: str, memory: Memory = _memory) -> None:
    """The Mapping's standing warnings are true as far as a few requests tell.

    Nothing is raised for what a server does: it is logged, and earlier warnings stand.
    """
    mapping = services.mapping(name)
    server, target = mapping.target.url, str(mapping.target)
    silent_until = memory.silent_until.get(target, services.clock())
    if services.ledger.circuits.paused(server, services.clock()) or silent_until > services.clock():
        return
    with log_context(mapping=name):
        try:
            _look(services, mapping, memory)
        except (Retryable, MappingBroken) as error:
            memory.silent_until[target] = services.clock() + timedelta(seconds=LEFT_ALONE)
            log.warning("it could not be found out which names its mirrors have: %s", error)


def _look(services: Services, mapping: Mapping, memory: Memory) -> None:
    warnings, kind = services.ledger.warnings, WarningKind.NAMESAKE
    target = services.target_of(mapping)
    found = target.inheritance()
    projects = warnings.projects(mapping.name)
    opened = list(_openings(found, mapping, projects))
    warnings.replace(mapping.name, WarningKind.OPEN_WHITELIST, opened, services.clock())
    try:
        _ask(services, mapping, target, found.mirrors, projects, memory)
    finally:
        known = _Known(mapping, found, memory, services.clock())
        standing = {each.subject: each for each in warnings.standing(mapping.name, kind)}
        said = [warning for p in projects if (warning := known.warning(p, standing.get(p)))]
        warnings.replace(mapping.name, kind, said, services.clock())


def _ask(
    services: Services,
    mapping: Mapping,
    target: Target,
    mirrors: Sequence[str],
    projects: Iterable[str],
    memory: Memory,
) -> None:
    """Some names of which nothing is known are asked for, by chance, so that all have their turn."""
    began = services.clock()
    names = [(mapping.target.url, mirror, project) for project in projects for mirror in mirrors]
    unknown = [name for name in names if memory.recall(name, began) is None]
    for name in random.sample(unknown, min(QUESTIONS, len(unknown))):  # no secret
        if (services.clock() - began).total_seconds() > PATIENCE:
            return
        has = target.mirrored(name[1], name[2])
        memory.told[name] = (services.clock(), has)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is to be said of each project now."""

    mapping: Mapping
    found: Inheritance
    memory: Memory
    now: datetime

    def warning(self, project: str, standing: StandingWarning | None) -> StandingWarning | None:
        """The warning about the project; what stood stands as long as not every mirror was asked lately."""
        url = self.mapping.target.url
        told = {mirror: self.memory.recall((url, mirror, project), self.now) for mirror in self.found.mirrors}
        having = [mirror for mirror, has in told.items() if has]
        if not having:
            return standing if None in told.values() else None
        return _namesake(self.mapping, project, having, self.found)


def _namesake(mapping: Mapping, project: str, mirrors: list[str], found: Inheritance) -> StandingWarning:
    there = f"{project} also exists in the mirror {' and '.join(mirrors)} under {mapping.target.index}"
    if found.opens(project):
        return StandingWarning(
            WarningKind.NAMESAKE,
            project,
            f"{there}, and mirror_whitelist lets installers take it from there: they get whichever "
            "version is higher, whoever made it.",
            "Take it out of mirror_whitelist, or give the project a name of its own.",
        )
    return StandingWarning(
        WarningKind.NAMESAKE,
        project,
        f"{there}: only as long as the index holds a file of it does devpi hide the other one.",
        "Give the project a name of its own, or take the mirror out of the bases.",
    )


def _openings(found: Inheritance, mapping: Mapping, projects: Iterable[str]) -> Iterator[StandingWarning]:
    """One warning for each index whose whitelist lets a mirror's files stand beside synced ones."""
    ours = {"*", *projects}
    by_index: dict[str, list[str]] = {}
    for index, entry in found.opened if found.mirrors else ():
        if entry in ours:
            by_index.setdefault(index, []).append(entry)
    for index, entries in by_index.items():
        what = "every project" if "*" in entries else ", ".join(entries[:5])
        yield StandingWarning(
            WarningKind.OPEN_WHITELIST,
            index,
            f"mirror_whitelist of {index} lets installers who use {mapping.target.index} take {what} from "
            f"{' and '.join(found.mirrors)} as well: whoever publishes a higher version there is installed.",
            f"Remove it: devpi index {index} mirror_whitelist-={entries[0]}",
        )
