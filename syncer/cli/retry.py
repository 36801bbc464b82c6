"""``syncer retry``."""

from __future__ import annotations

from collections.abc import Collection

import click

from syncer.bootstrap.clock import now
from syncer.bootstrap.container import Container
from syncer.bootstrap.logs import printable
from syncer.cli.actor import actor
from syncer.cli.failures import Exit
from syncer.cli.one_pass import one_pass
from syncer.cli.selection import select
from syncer.cli.session import Session
from syncer.cli.status import require_tables
from syncer.cli.wiring import opened, settings_of, warn
from syncer.core.errors import SyncerError
from syncer.core.model import Scope
from syncer.ports.claims import RunRequest
from syncer.queries.files import why
from syncer.queries.overview import MappingState, overview


@click.command("retry")
@click.argument("file", required=False)
@click.option("-m", "--mapping", "names", metavar="NAME", multiple=True, help="Only this mapping.")
@click.pass_context
def command(ctx: click.Context, *, file: str | None, names: tuple[str, ...]) -> None:
    """Try again now what failed, was given up or set aside.

    FILE is a file name, or the first six or more digits of a sha256: its release is looked at anew.
    Without FILE every mapping that is not complete is. Whatever waits for its next attempt is due at
    once, and attempts count from the beginning. Exit code 0 only when everything asked for is then
    provably at its target.
    """
    settings = settings_of(ctx.ensure_object(Session))
    mappings = {mapping.name for mapping in select(settings, (), names, ()).mappings}
    warn(settings)
    with opened(settings) as container:
        require_tables(container.database)
        requests = _of_file(container, file, mappings) if file else _of_mappings(container, mappings)
        if not requests:
            click.echo("Nothing to try again: every selected mapping is complete.")
        done = not requests or one_pass(container, requests)
    ctx.exit(Exit.FINE if done else Exit.FAILED)


def _of_mappings(container: Container, names: Collection[str]) -> list[RunRequest]:
    seen = overview(container.database, container.settings.mappings, now())
    failing = [one.name for one in seen.mappings if one.state != MappingState.COMPLETE]
    return [RunRequest(name, "cli", actor=actor()) for name in failing if name in names]


def _of_file(container: Container, file: str, names: Collection[str]) -> list[RunRequest]:
    found = [each for each in why(container.database, file) if each.current and each.mapping in names]
    if not found:
        raise SyncerError(
            f"No run has found {printable(file)} at the source of a mapping.",
            "Its name is spelt otherwise, or it is not published any more.",
            "`syncer plan` lists the files that the sources hold now.",
        )
    scopes = [(each.mapping, Scope(each.project, each.current.version)) for each in found if each.current]
    return [RunRequest(name, "cli", scope, actor=actor()) for name, scope in dict.fromkeys(scopes)]
