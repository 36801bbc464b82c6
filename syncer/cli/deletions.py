"""``syncer deletions``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import click

from syncer.bootstrap.logs import printable
from syncer.cli.actor import actor
from syncer.cli.failures import Exit
from syncer.cli.named import named
from syncer.cli.selection import select
from syncer.cli.session import Session
from syncer.cli.status import require_tables
from syncer.cli.text import echo_json, numbered
from syncer.cli.wiring import opened, reading, settings_of
from syncer.core.errors import SyncerError
from syncer.core.model import OnSourceDelete
from syncer.queries.deletions import Deletion, Deletions, deletions, open_deletion
from syncer.usecases.deletions import confirm as confirm_all
from syncer.usecases.deletions import undo as undo_one

JSON = click.option("--json", "as_json", is_flag=True, help="Print a JSON document instead.")
REASON = click.option("--reason", metavar="TEXT", required=True, help="Why; it is kept and shown.")
#: How many that have ended are printed; ``--json`` has more.
ENDED_SHOWN = 20


@click.group("deletions", invoke_without_command=True)
@JSON
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """List what left Gitea and is still at devpi, and decide what becomes of it."""
    if ctx.invoked_subcommand is None:
        _list(ctx, as_json=as_json)


@command.command("list")
@JSON
@click.pass_context
def show_list(ctx: click.Context, *, as_json: bool) -> None:
    """List what is marked, due or ended; exit code 1 while a person is asked to confirm."""
    _list(ctx, as_json=as_json)


@command.command("undo")
@click.argument("mapping")
@click.argument("file")
@REASON
@click.pass_context
def undo(ctx: click.Context, *, mapping: str, file: str, reason: str) -> None:
    """Let a marked file stay at devpi although Gitea no longer has it."""
    settings = settings_of(ctx.ensure_object(Session))
    name = named(settings, mapping, file)
    with opened(settings) as container:
        require_tables(container.database)
        found = open_deletion(container.database, mapping, name.project, name.filename)
        if found is None:
            raise SyncerError(
                f"No file {printable(name.filename)} of mapping {printable(mapping)} is marked.",
                "It was withdrawn already, is at the source again, or its name is spelt otherwise.",
                "`syncer deletions` lists what is marked, and how the others ended.",
            )
        undo_one(container.services, found, reason, actor())
    click.echo(f"{printable(found.file.filename)} stays at the target of {printable(mapping)}.")


@command.command("confirm")
@click.argument("mapping")
@REASON
@click.pass_context
def confirm(ctx: click.Context, *, mapping: str, reason: str) -> None:
    """Lift the cap for what is listed now: it may go, each file after its grace."""
    settings = settings_of(ctx.ensure_object(Session))
    select(settings, (), (mapping,), ())
    with opened(settings) as container:
        require_tables(container.database)
        number = confirm_all(container.services, mapping, reason, actor())
    click.echo(f"{numbered(number, 'file')} of {printable(mapping)} may be withdrawn, each after its grace.")


def _list(ctx: click.Context, *, as_json: bool) -> None:
    settings = settings_of(ctx.ensure_object(Session))
    with reading(settings) as database:
        require_tables(database)
        seen = deletions(database, settings.mappings)
    if as_json:
        echo_json(asdict(seen))
    else:
        click.echo("\n".join(_lines(seen)))
    ctx.exit(Exit.FAILED if seen.held else Exit.FINE)


def _lines(seen: Deletions) -> Iterator[str]:
    for mapping, policy in seen.policies.items():
        if policy == OnSourceDelete.KEEP:
            yield f"{printable(mapping)}: keep, so nothing is marked"
    for warning in seen.held:
        yield printable(str(warning))
    for each in seen.open:
        yield _open(each)
    for each in seen.ended[:ENDED_SHOWN]:
        yield f"{_file(each)}: {printable(each.reason)} ({each.ended_at:%Y-%m-%d %H:%M} UTC)"
    if not seen.open:
        yield "No file waits to be withdrawn."


def _open(each: Deletion) -> str:
    one = each.one
    due = f"withdrawn after {one.due_at:%Y-%m-%d %H:%M} UTC" if one.due_at else "it stays"
    confirmed = ", confirmed" if one.is_confirmed else ""
    return f"{_file(each)}: gone since {one.gone_at:%Y-%m-%d %H:%M} UTC, {due}{confirmed}"


def _file(each: Deletion) -> str:
    one = each.one
    return f"{printable(one.mapping)}: {one.state:9} {printable(one.file.filename)}"
