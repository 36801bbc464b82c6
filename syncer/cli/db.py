"""``syncer db``."""

from __future__ import annotations

import click

from syncer.adapters.database import migrate
from syncer.adapters.database.revision import HEAD, require_head
from syncer.adapters.database.revision import current as current_revision
from syncer.cli.session import Session
from syncer.cli.wiring import opened, settings_of


@click.group("db")
def command() -> None:
    """Prepare or inspect the database.

    `syncer up` and `syncer sync` prepare the embedded database by themselves.
    """


@command.command("upgrade")
@click.pass_obj
def upgrade(session: Session) -> None:
    """Bring the tables to the revision of this version; running it again changes nothing."""
    with opened(settings_of(session)) as container:
        before = current_revision(container.database)
        after = migrate.upgrade(container.database)
    click.echo(f"The database was at revision {before or 'none'} and is at {after}.")


@command.command("current")
@click.pass_obj
def current(session: Session) -> None:
    """Show the revision that the database has, and the one that this version needs."""
    with opened(settings_of(session)) as container:
        found = current_revision(container.database)
    click.echo(f"database: {found or 'none'}\nneeded:   {HEAD}")


@command.command("check")
@click.pass_obj
def check(session: Session) -> None:
    """Say whether the database is at the revision of this version; exit code 1 when it is not."""
    with opened(settings_of(session)) as container:
        require_head(container.database)
    click.echo(f"The database is at revision {HEAD}, as this version needs.")
