"""``syncer up``: everything on this machine, until a signal ends it."""

import json
import shlex
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import click

from syncer.config.settings import Settings, WebSettings
from syncer.core.errors import SyncerError
from syncer.launch.broker import EmbeddedBroker
from syncer.launch.guard import Guard
from syncer.launch.lock import LauncherLock
from syncer.launch.programs import build_programs, local_address
from syncer.launch.supervisor import Supervisor


def echo(line: str) -> None:
    """The line is on the terminal; when the terminal is gone, work goes on without it."""
    with suppress(OSError):
        click.echo(line)


def up(
    settings: Settings, say: Callable[[str], None] = echo, prepare: Callable[[], None] = lambda: None
) -> int:
    """Broker, workers, beat, status view and Flower run until SIGINT, SIGTERM or SIGHUP; returns 0.

    ``prepare`` is called once no other launcher can be at work and before anything is started.
    SyncerError when another launcher uses the state directory, a port is taken, or the embedded
    broker cannot be started. Nothing is left running, even when this process is killed.
    """
    state_dir = settings.state_dir.absolute()
    log_dir = _make_directories(state_dir)
    with ExitStack() as stack:
        lock = stack.enter_context(LauncherLock(state_dir))
        _refuse_taken_ports(settings.web)
        prepare()
        broker = None if settings.broker_url else stack.enter_context(EmbeddedBroker(state_dir))
        guard = stack.enter_context(Guard(keep_open=(lock.fd,)))
        for line in _where_to_look(settings, log_dir):
            say(line)
        Supervisor(build_programs(settings, broker), guard, log_dir, say).run()
    say("Stopped.")
    return 0


def _make_directories(state_dir: Path) -> Path:
    log_dir = state_dir / "logs"
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        log_dir.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise SyncerError(
            f"The state directory {state_dir} cannot be used.",
            f"{error.strerror}: {error.filename}.",
            "Set [runtime] state_dir to a directory that this user may write to.",
        ) from error
    return log_dir


def _refuse_taken_ports(web: WebSettings) -> None:
    wanted = {"[web] port": (web.host, web.port), "[web] flower_port": (web.host, web.flower_port)}
    problems = [
        f"{option}: {host}:{port} ({reason})"
        for option, (host, port) in wanted.items()
        if (reason := _why_not_free(host, port))
    ]
    if problems:
        raise SyncerError(
            f"Cannot listen on {', '.join(problems)}.",
            "Another program may use the address.",
            "Stop that program or configure another port.",
        )


def _why_not_free(host: str, port: int) -> str:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # As the servers do: an address that only waits for its last packets is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _where_to_look(settings: Settings, log_dir: Path) -> list[str]:
    web = settings.web
    host = local_address(web.host)
    bracketed = f"[{host}]" if ":" in host else host
    return [
        f"Status view  {web.url or f'http://{bracketed}:{web.port}/'}",
        f"Flower       {web.flower_url or f'http://{bracketed}:{web.flower_port}/'}",
        f"Logs         {log_dir}",
        f"By hand      {_example_call(settings)}",
        "Ctrl-C stops everything.",
    ]


def _example_call(settings: Settings) -> str:
    config = f"SYNCER_CONFIG={shlex.quote(str(settings.path.absolute()))} " if settings.path else ""
    celery = shlex.quote(str(Path(sys.executable).with_name("celery")))
    arguments = shlex.quote(json.dumps({"mapping": next(iter(settings.mappings), "NAME")}))
    return f"{config}{celery} -A workers call syncer.resync --kwargs {arguments}"
