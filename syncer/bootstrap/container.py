"""Settings become Services."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

from syncer.adapters.archive import inspect
from syncer.adapters.broker_url import find_broker_url
from syncer.adapters.database.engine import Database
from syncer.adapters.database.ledger import open_ledger
from syncer.adapters.devpi import DevpiTarget
from syncer.adapters.gitea import GiteaSource
from syncer.adapters.signing import find_signer
from syncer.adapters.staging import DirectoryStaging
from syncer.bootstrap.clock import now
from syncer.bootstrap.database import open_database
from syncer.config.settings import DevpiServer, Settings
from syncer.core.errors import SyncerError
from syncer.core.model import Mapping
from syncer.ports.claims import Worker
from syncer.ports.ledger import Ledger
from syncer.ports.source import Source
from syncer.ports.target import Target
from syncer.usecases.bandwidth import Meter
from syncer.usecases.services import Services


@dataclass(frozen=True, slots=True)
class Container:
    """Everything one process needs, built once and not shared over a fork."""

    settings: Settings
    database: Database
    services: Services


def build(settings: Settings) -> Container:
    """A Container on the configured database; nothing is asked of any server yet."""
    database = open_database(settings)
    ledger = open_ledger(database)
    services = Services(
        mappings=settings.mappings,
        ledger=ledger,
        staging=DirectoryStaging(settings.staging_dir),
        inspect=inspect,
        source_of=_sources(settings, ledger),
        target_of=_targets(settings),
        lanes_of=_lanes(settings),
        clock=now,
        meter=_meter(settings, ledger),
        signer=partial(find_signer, settings.signing_key),
    )
    return Container(settings, database, services)


def _meter(settings: Settings, ledger: Ledger) -> Meter | None:
    """Where there is never a limit nothing is counted."""
    if settings.bandwidth.slowest is None:
        return None
    return Meter(ledger.budgets, settings.bandwidth, settings.bandwidth_zone, settings.file_deadline, now)


def this_process(task_id: str = "") -> Worker:
    """Who does something when no Celery worker does."""
    return Worker(f"{socket.gethostname()}/{os.getpid()}", task_id)


def broker_url(settings: Settings) -> str | None:
    """The configured broker, or the embedded one if `syncer up` runs; None when there is none."""
    if settings.broker_url is not None:
        return settings.broker_url.reveal()
    return find_broker_url(settings.state_dir)


def _sources(settings: Settings, ledger: Ledger) -> Callable[[Mapping], Source]:
    """Sources keep their connections for as long as the process lives."""

    @cache
    def source(mapping: str) -> Source:
        owner = settings.mappings[mapping].source.owner
        token = settings.gitea_tokens.get(mapping)
        return GiteaSource(settings.gitea, owner, token, width=width, deadline=settings.file_deadline)

    def width() -> int:
        most = settings.gitea.downloads_in_flight
        try:
            return ledger.lanes.width(settings.gitea.url, most, now())
        except SyncerError:
            return most  # who only looks, as `syncer plan` does, needs no database

    return lambda mapping: source(mapping.name)


def _targets(settings: Settings) -> Callable[[Mapping], Target]:
    """Targets of one server share the adapter's client, so that a process logs in once."""

    @cache
    def target(server: str, index: str) -> Target:
        return DevpiTarget(settings.devpi[server], index)

    return lambda mapping: target(mapping.target.server, mapping.target.index)


def _lanes(settings: Settings) -> Callable[[str], int]:
    """Two names of one server share its lanes; the narrower setting counts."""

    def lanes_of(url: str) -> int:
        if url == settings.gitea.url:
            return settings.gitea.downloads_in_flight
        named: list[DevpiServer] = [server for server in settings.devpi.values() if server.url == url]
        return min((server.uploads_in_flight for server in named), default=1)

    return lanes_of
