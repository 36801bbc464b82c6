"""The checked configuration as values; nothing here reads a file or the environment."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path

from syncer.core.model import Mapping
from syncer.core.secret import Secret
from syncer.core.timetable import Timetable
from syncer.core.warning import StandingWarning


@dataclass(frozen=True, slots=True)
class GiteaServer:
    """The Gitea instance; ``verify`` is a bool or the path of a CA bundle, ``timeout`` in seconds."""

    url: str
    verify: bool | str = True
    timeout: float = 10.0
    downloads_in_flight: int = 8


@dataclass(frozen=True, slots=True)
class DevpiServer:
    """One devpi server; exactly one of ``password`` and ``token`` is set."""

    name: str
    url: str
    username: str
    password: Secret | None = None
    token: Secret | None = None
    verify: bool | str = True
    timeout: float = 30.0
    uploads_in_flight: int = 2


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Where the status view and Flower listen, who may look, and where people reach them.

    There is a password wherever ``host`` is not loopback.
    """

    host: str = "127.0.0.1"
    username: str = "syncer"
    password: Secret | None = None
    port: int = 8080
    flower_port: int = 5555
    url: str = ""
    flower_url: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the file and the environment say, checked.

    ``gitea_tokens`` holds the token that wins for each mapping (mapping, organization, global); a
    mapping without one is missing there and fails alone. ``broker_url`` and ``database_url`` are
    empty when the embedded ones are to be used. ``history`` is in seconds, ``recheck_bytes`` is what may
    be fetched back from Targets in a day. Times of day in ``bandwidth`` are those of ``bandwidth_zone``.
    ``warnings`` are said wherever somebody looks.
    """

    gitea: GiteaServer
    devpi: Dict[str, DevpiServer]
    mappings: Dict[str, Mapping]
    state_dir: Path
    staging_dir: Path
    signing_key: Path = Path("signing-key.pem")
    gitea_tokens: Dict[str, Secret] = field(default_factory=dict)
    broker_url: Secret | None = None
    database_url: Secret | None = None
    web: WebSettings = field(default_factory=WebSettings)
    download_workers: int = 4
    upload_workers: int = 2
    reconcile_interval: float = 15.0
    file_deadline: float = 500.0
    history: float = 30 * 86400.0
    recheck_bytes: int = 20 * 2**30
    ping_url: Secret | None = None
    bandwidth: Timetable = field(default_factory=Timetable)
    bandwidth_zone: tzinfo = UTC
    path: Path | None = None
    warnings: tuple[StandingWarning, ...] = ()
