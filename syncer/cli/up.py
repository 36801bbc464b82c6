"""``syncer up``."""

from __future__ import annotations

import click

from syncer.bootstrap.database import prepare_database
from syncer.cli.session import Session
from syncer.cli.wiring import opened, settings_of, warn
from syncer.launch import up


@click.command("up")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Run everything on this machine until Ctrl-C.

    Broker, workers, beat, status view and Flower; the embedded broker and database are used unless
    [broker] url and [database] url name servers. The embedded database is prepared first; that of a
    server by `syncer db upgrade`.
    """
    session = ctx.ensure_object(Session)
    settings = settings_of(session)
    warn(settings)

    def prepare() -> None:
        with opened(settings) as container:
            prepare_database(settings, container.database)

    ctx.exit(up(settings, prepare=prepare))
