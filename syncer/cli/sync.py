"""``syncer sync``."""

from __future__ import annotations

import click

from syncer.bootstrap.database import prepare_database
from syncer.cli.actor import actor
from syncer.cli.failures import Exit
from syncer.cli.one_pass import one_pass
from syncer.cli.plan import show_plans
from syncer.cli.selection import Selected, select, selection_options
from syncer.cli.session import Session
from syncer.cli.wiring import opened, settings_of, warn
from syncer.ports.claims import RunRequest


@click.command("sync")
@selection_options
@click.option("--dry-run", is_flag=True, help="Show the plan instead; upload nothing and record nothing.")
@click.option("--force", is_flag=True, help="Overwrite other bytes, where an index is volatile.")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    orgs: tuple[str, ...],
    names: tuple[str, ...],
    projects: tuple[str, ...],
    dry_run: bool,
    force: bool,
) -> None:
    """Make one complete pass now, in this process, with no worker or broker.

    It is safe beside a running `syncer up`: both take their work from the same database. Exit code 0
    only when everything selected is provably at its target; a conflict, a refused file or anything
    unknown gives 1. Ctrl-C lets the files under way end, a second one does not wait; nothing is lost.
    """
    settings = settings_of(ctx.ensure_object(Session))
    selected = select(settings, orgs, names, projects)
    warn(settings)
    with opened(settings) as container:
        if dry_run:
            done = show_plans(container.services, selected, force=force)
        else:
            prepare_database(settings, container.database)
            done = one_pass(container, _requests(selected, force=force))
    ctx.exit(Exit.FINE if done else Exit.FAILED)


def _requests(selected: Selected, *, force: bool) -> list[RunRequest]:
    who = actor()
    return [
        RunRequest(mapping.name, "cli", scope, force, actor=who)
        for mapping in selected.mappings
        for scope in selected.scopes
    ]
