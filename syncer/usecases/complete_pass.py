"""One complete pass, now and in this process, with no worker and no broker."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from syncer.core.states import RunOutcome, RunState
from syncer.ports.claims import RunRequest, Worker
from syncer.ports.queue import Message, Queue
from syncer.usecases.discover import discover, request_run
from syncer.usecases.download import download
from syncer.usecases.reconcile import patience, reconcile
from syncer.usecases.services import Services
from syncer.usecases.upload import upload

Handlers = dict[str, tuple[Callable[..., Iterable[Message]], int]]

#: Seconds between two looks at the Runs, and between two looks for work that is due again.
LOOK = 0.1
RECONCILE = 1.0


def handlers(services: Services, worker: Worker, downloads: int, uploads: int) -> Handlers:
    """What each task does here, and in how many threads."""
    return {
        "discover": (lambda run: discover(services, run, worker), 2),
        "download": (lambda sha256: download(services, sha256, worker), downloads),
        "upload": (lambda transfer: upload(services, transfer, worker), uploads),
    }


def complete_pass(
    services: Services, queue: Queue, requests: Sequence[RunRequest], observe: Callable[[list[int]], None]
) -> dict[int, RunOutcome]:
    """Every requested Run has finished; its outcome by Run.

    A Run of another process that is open first is helped to its end. ``observe`` is called with the
    Runs that are not finished yet, several times a second.
    """
    runs = [run for request in requests if (run := request_run(services, request)) is not None]
    queue.send(Message("discover", {"run": run}) for run in runs)
    ended: dict[int, RunOutcome] = {}
    next_look = time.monotonic() + RECONCILE
    while waiting := [run for run in runs if run not in ended]:
        ended.update(_finished(services, waiting))
        observe([run for run in waiting if run not in ended])
        if time.monotonic() >= next_look:
            queue.send(reconcile(services, partial(patience, queue)))
            next_look = time.monotonic() + RECONCILE
        time.sleep(LOOK)
    return ended


def _finished(services: Services, runs: list[int]) -> dict[int, RunOutcome]:
    states = {run: services.ledger.runs.state(run) for run in runs}
    return {
        run: outcome for run, (state, outcome) in states.items() if state is RunState.FINISHED and outcome
    }
