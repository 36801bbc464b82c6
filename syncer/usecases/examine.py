"""Look for everything that is known to go wrong in an installation, and say what is to be done about it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from syncer.config.settings import Settings
from syncer.core.diagnosis.advice import found, no_answer, not_known
from syncer.core.diagnosis.codes import Code
from syncer.core.diagnosis.facts import DevpiFacts, GiteaFacts, OwnerFacts, Patience
from syncer.core.diagnosis.finding import Check, Finding
from syncer.core.diagnosis.judge_any import deadline, time_outs
from syncer.core.diagnosis.judge_devpi import DEVPI_CHECKS, judge_devpi
from syncer.core.diagnosis.judge_gitea import GITEA_CHECKS, OWNER_CHECKS, judge_gitea, judge_owner
from syncer.core.diagnosis.judge_here import (
    BROKER_CHECKS,
    DATABASE_CHECKS,
    judge_broker,
    judge_database,
    judge_disk,
)
from syncer.core.diagnosis.judge_index import INDEX_CHECKS, judge_index
from syncer.core.errors import SyncerError, Unauthorized, Unexpected
from syncer.core.model import Mapping
from syncer.ports.examine import Examine

log = logging.getLogger(__name__)

GITEA, BROKER, DATABASE, STAGING, RUNTIME = "[gitea]", "[broker]", "[database]", "[staging]", "[runtime]"
NO_ANSWER = "The server did not answer."

T = TypeVar("T")
Sides = dict[str, OwnerFacts | SyncerError]


@dataclass(frozen=True, slots=True)
class Examination:
    """What is examined, and by whom; one server that is away leaves the others to be looked at."""

    ask: Examine
    settings: Settings
    mappings: Sequence[Mapping]
    now: datetime

    def findings(self) -> Iterator[Finding]:
        """Every check's finding, the servers' before the mappings', then those of this machine."""
        gitea = _asked(self.ask.gitea)
        owners = {mapping.name: self._owner(mapping, gitea) for mapping in self.mappings}
        devpis = {name: _asked(partial(self.ask.devpi, name)) for name in self._servers()}
        yield from self._gitea(gitea, owners)
        for name, devpi in devpis.items():
            yield from self._devpi(name, devpi)
        for mapping in self.mappings:
            yield from self._source(mapping, owners[mapping.name], gitea)
            yield from self._target(mapping, devpis[mapping.target.server])
        yield from self._broker()
        yield from self._database()
        yield from self._machine()

    def _servers(self) -> Iterable[str]:
        return dict.fromkeys(mapping.target.server for mapping in self.mappings)

    def _owner(self, mapping: Mapping, gitea: GiteaFacts | SyncerError) -> OwnerFacts | SyncerError:
        return gitea if isinstance(gitea, SyncerError) else _asked(partial(self.ask.owner, mapping))

    def _gitea(self, gitea: GiteaFacts | SyncerError, owners: Sides) -> Iterator[Finding]:
        if isinstance(gitea, SyncerError):
            yield from _silent(GITEA, gitea, (*GITEA_CHECKS, Check.TIME_OUTS))
            return
        server, seen = self.settings.gitea, [o for o in owners.values() if isinstance(o, OwnerFacts)]
        slowest = max([gitea.slowest, *(owner.slowest for owner in seen)])
        yield from judge_gitea(GITEA, server.url, gitea, seen)
        yield from time_outs(GITEA, Patience(server.timeout, slowest, self.settings.file_deadline))

    def _source(
        self, mapping: Mapping, seen: OwnerFacts | SyncerError, gitea: GiteaFacts | SyncerError
    ) -> Iterator[Finding]:
        about, owner = f"[mapping:{mapping.name}]", mapping.source.owner
        if isinstance(seen, OwnerFacts) and isinstance(gitea, GiteaFacts):
            by_repository = mapping.selection.repositories is not None
            yield from judge_owner(about, owner, seen, gitea.cap, by_repository=by_repository)
        elif isinstance(seen, Unauthorized):
            has_token = mapping.name in self.settings.gitea_tokens
            code = Code.TOKEN_UNSENDABLE if has_token else Code.TOKEN_MISSING
            yield found(code, about, seen.what, owner=owner)
            yield from _unknown(about, OWNER_CHECKS[1:], "It was asked nothing, as there is no usable token.")
        else:
            why = str(seen) if isinstance(gitea, GiteaFacts) else NO_ANSWER
            yield from _unknown(about, OWNER_CHECKS, why)

    def _devpi(self, name: str, devpi: DevpiFacts | SyncerError) -> Iterator[Finding]:
        about, server = _devpi_section(name), self.settings.devpi[name]
        if isinstance(devpi, SyncerError):
            yield from _silent(about, devpi, (*DEVPI_CHECKS, Check.TIME_OUTS))
            return
        yield from judge_devpi(about, server.url, devpi, self.now)
        yield from time_outs(about, Patience(server.timeout, devpi.slowest, self.settings.file_deadline))

    def _target(self, mapping: Mapping, devpi: DevpiFacts | SyncerError) -> Iterator[Finding]:
        about = f"[mapping:{mapping.name}]"
        if isinstance(devpi, SyncerError):
            yield from _unknown(about, INDEX_CHECKS, NO_ANSWER)
            return
        index = _asked(partial(self.ask.index, mapping))
        if isinstance(index, SyncerError):
            yield from _unknown(about, INDEX_CHECKS, str(index))
        else:
            yield from judge_index(about, mapping.target.index, index, devpi)

    def _broker(self) -> Iterator[Finding]:
        broker = _asked(self.ask.broker)
        if isinstance(broker, SyncerError):
            yield from _silent(BROKER, broker, BROKER_CHECKS)
        else:
            yield from judge_broker(BROKER, broker)

    def _database(self) -> Iterator[Finding]:
        database = _asked(self.ask.database)
        if isinstance(database, SyncerError):
            yield from _silent(DATABASE, database, DATABASE_CHECKS)
        else:
            yield from judge_database(DATABASE, database)

    def _machine(self) -> Iterator[Finding]:
        settings = self.settings
        places = (
            (STAGING, "[staging] dir", settings.staging_dir),
            (RUNTIME, "[runtime] state_dir", settings.state_dir),
        )
        for about, option, directory in places:
            disk = _asked(partial(self.ask.disk, directory))
            if isinstance(disk, SyncerError):
                yield not_known(Check.FREE_SPACE, about, str(disk))
            else:
                yield judge_disk(about, option, disk)
        yield deadline(RUNTIME, settings.file_deadline)


def examine(
    ask: Examine, settings: Settings, mappings: Sequence[Mapping], now: datetime
) -> tuple[Finding, ...]:
    """Every finding about these mappings, their servers and this machine; nothing is raised or changed."""
    return tuple(Examination(ask, settings, mappings, now).findings())


def _asked(question: Callable[[], T]) -> T | SyncerError:
    """The answer, or why there is none; even a defect of ours leaves the other checks to be made."""
    try:
        return question()
    except SyncerError as error:
        return error
    except Exception as error:
        log.exception("a check ended unexpectedly")
        return Unexpected(error)


def _silent(about: str, error: SyncerError, checks: Iterable[Check]) -> Iterator[Finding]:
    yield no_answer(about, error)
    yield from _unknown(about, checks, NO_ANSWER)


def _unknown(about: str, checks: Iterable[Check], why: str) -> Iterator[Finding]:
    return (not_known(check, about, why) for check in checks)


def _devpi_section(name: str) -> str:
    return "[devpi]" if name == "default" else f"[devpi:{name}]"
