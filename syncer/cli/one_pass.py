"""Carry out Runs in this process, and say what has come of them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from threading import Event

import click

from syncer.adapters.queue.local import LocalQueue
from syncer.bootstrap.container import Container, this_process
from syncer.bootstrap.logs import printable
from syncer.cli.progress import Watch
from syncer.cli.stopping import Stopped, stoppable
from syncer.cli.summary import read_results, show_results
from syncer.core.model import EVERYTHING
from syncer.core.states import RunOutcome
from syncer.ports.claims import RunRequest
from syncer.usecases.complete_pass import complete_pass, handlers
from syncer.usecases.namesakes import look_for_namesakes
from syncer.usecases.releases import watch_releases
from syncer.usecases.services import Services
from syncer.usecases.tidy import tidy
from syncer.usecases.withdraw import withdraw_due


def one_pass(container: Container, requests: list[RunRequest]) -> bool:
    """The Runs were requested and have finished, and the summary is printed; whether all is complete.

    Ctrl-C lets the files under way end and exits; old history is forgotten in passing.
    """
    settings, stop = container.settings, Event()
    services = replace(container.services, stopping=stop.is_set)
    work = handlers(services, this_process(), settings.download_workers, settings.upload_workers)
    try:
        with stoppable(), LocalQueue(work) as queue, ExitStack() as stack:
            stack.callback(stop.set)
            ended = _watched(container, services, queue, requests)
            done = show_results(read_results(container.database, ended))
            _look_around(services, requests)
            _withdraw(services, requests)
            tidy(services, settings.history)
    except Stopped as stopped:
        click.echo("Stopped. What was not copied yet waits in the database: `syncer sync` goes on with it.")
        click.get_current_context().exit(stopped.code)
    return done


def _look_around(services: Services, requests: list[RunRequest]) -> None:
    for name in dict.fromkeys(request.mapping for request in requests if request.scope == EVERYTHING):
        look_for_namesakes(services, name)
        watch_releases(services, name)


def _withdraw(services: Services, requests: list[RunRequest]) -> None:
    """What left a Source long enough ago is withdrawn, and said; only where a Mapping is to withdraw.

    A plan that is applied says nothing of withdrawals, and nothing but what it says is done.
    """
    names = dict.fromkeys(each.mapping for each in requests if not each.expects)
    for ended in withdraw_due(services, this_process(), names):
        one = ended.one
        told = f"{ended.state} {printable(one.file.filename)}: {printable(ended.reason)}"
        click.echo(f"{printable(one.mapping)}: {told}")


def _watched(
    container: Container, services: Services, queue: LocalQueue, requests: list[RunRequest]
) -> dict[int, RunOutcome]:
    try:
        with Watch(container.database) as watch:
            return complete_pass(services, queue, requests, watch)
    except Stopped:
        click.echo("Stopping when the files under way are done; a second Ctrl-C does not wait.", err=True)
        raise
