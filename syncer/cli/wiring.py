"""From the options before a command to what the command works with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from syncer.adapters.database.engine import Database
from syncer.bootstrap.database import open_database
from syncer.bootstrap.logs import configure_logging, hide_secrets, printable
from syncer.cli.session import Session
from syncer.config import Settings, load

if TYPE_CHECKING:
    from syncer.bootstrap.container import Container


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
    from syncer.bootstrap.container import build  # noqa: PLC0415  # commands that only read need not wait for it

    container = build(settings)
    try:
        yield container
    finally:
        container.database.dispose()


@contextmanager
def reading(settings: Settings) -> Iterator[Database]:
    """The database alone, for what asks no server."""
    database = open_database(settings)
    try:
        yield database
    finally:
        database.dispose()
