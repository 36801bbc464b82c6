"""``syncer sync``."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from threading import Event

import click

from syncer.adapters.queue.local import LocalQueue
from syncer.bootstrap.container import Container, this_process
from syncer.bootstrap.database import prepare_database
from syncer.cli.failures import Exit
from syncer.cli.plan import show_plans
from syncer.cli.progress import Watch
from syncer.cli.selection import Selected, select, selection_options
from syncer.cli.session import Session
from syncer.cli.stopping import Stopped, stoppable
from syncer.cli.summary import read_results, show_results
from syncer.cli.wiring import opened, settings_of
from syncer.core.states import RunOutcome
from syncer.ports.claims import RunRequest
from syncer.usecases.complete_pass import complete_pass, handlers
from syncer.usecases.services import Services


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
    with opened(settings) as container:
        if dry_run:
            done = show_plans(container.services, selected, force=force)
        else:
            prepare_database(settings, container.database)
            done = _pass(container, _requests(selected, force=force))
    ctx.exit(Exit.FINE if done else Exit.FAILED)


def _requests(selected: Selected, *, force: bool) -> list[RunRequest]:
    return [
        RunRequest(mapping.name, "cli", scope, force)
        for mapping in selected.mappings
        for scope in selected.scopes
    ]


def _pass(container: Container, requests: list[RunRequest]) -> bool:
    settings, stop = container.settings, Event()
    services = replace(container.services, stopping=stop.is_set)
    work = handlers(services, this_process(), settings.download_workers, settings.upload_workers)
    try:
        with stoppable(), LocalQueue(work) as queue, ExitStack() as stack:
            stack.callback(stop.set)
            ended = _watched(container, services, queue, requests)
    except Stopped as stopped:
        click.echo("Stopped. What was not copied yet waits in the database: `syncer sync` goes on with it.")
        click.get_current_context().exit(stopped.code)
    return show_results(read_results(container.database, ended))


def _watched(
    container: Container, services: Services, queue: LocalQueue, requests: list[RunRequest]
) -> dict[int, RunOutcome]:
    try:
        with Watch(container.database) as watch:
            return complete_pass(services, queue, requests, watch)
    except Stopped:
        click.echo("Stopping when the files under way are done; a second Ctrl-C does not wait.", err=True)
        raise
