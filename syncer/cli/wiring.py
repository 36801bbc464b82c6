"""From the options before a command to what the command works with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from syncer.bootstrap.container import Container, build
from syncer.bootstrap.logs import configure_logging, hide_secrets, printable
from syncer.cli.session import Session
from syncer.config import Settings, load


def settings_of(session: Session) -> Settings:
    """The checked configuration; from here on logs are written, without its secrets."""
    configure_logging(session.verbosity, tracebacks=session.verbosity > 1)
    settings = load(session.config)
    hide_secrets(settings)
    return settings


def warn(settings: Settings) -> None:
    """The standing warnings of the configuration are on stderr."""
    for warning in settings.warnings:
        click.secho(f"Warning: {printable(str(warning))}", fg="yellow", err=True)


@contextmanager
def opened(settings: Settings) -> Iterator[Container]:
    """A Container whose database connections are closed at the end."""
    container = build(settings)
    try:
        yield container
    finally:
        container.database.dispose()
