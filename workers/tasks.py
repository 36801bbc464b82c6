"""The tasks: each calls one use case and sends what that returned."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial
from typing import Any

from celery import Task, shared_task

from syncer.adapters.queue.celery_queue import CeleryQueue
from syncer.bootstrap.ping import ping_if_complete
from syncer.core.errors import MappingBroken, RemoteUnavailable
from syncer.ports.claims import RunRequest, Worker
from syncer.ports.queue import Message
from syncer.usecases.discover import discover as discover_run
from syncer.usecases.discover import request_run
from syncer.usecases.download import download as download_blob
from syncer.usecases.leases import recover
from syncer.usecases.namesakes import look_for_namesakes
from syncer.usecases.recheck import recheck as recheck_files
from syncer.usecases.reconcile import patience
from syncer.usecases.reconcile import reconcile as reconcile_all
from syncer.usecases.releases import watch_releases
from syncer.usecases.resync import RequestRefused, read_resync
from syncer.usecases.services import Services
from syncer.usecases.tidy import tidy as forget_history
from syncer.usecases.upload import upload as upload_transfer
from syncer.usecases.withdraw import withdraw_due
from workers import process

log = logging.getLogger(__name__)


@shared_task(name="syncer.discover", bind=True, throws=(MappingBroken,))
def discover(self: Task[Any, Any], mapping: str = "", run: int | None = None) -> dict[str, Any]:
    """Plan the given Run, or a new scheduled one of the Mapping unless one is unfinished."""
    services = _recovered(self)
    if run is None:
        services.mapping(mapping)
        run = request_run(services, RunRequest(mapping, task_id=str(self.request.id)))
    if run is None:
        return {"mapping": mapping, "skipped": "a run of this mapping is not finished yet"}
    _send(self, discover_run(services, run, _worker(self)))
    return {"run": run}


class _AnyArguments(Task):  # type: ignore[type-arg]  # cannot be subscripted at run time
    """Takes even an argument named ``self``, at which Celery's own ``__call__`` fails."""

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """The task is carried out."""
        return self.run(*args, **kwargs)


@shared_task(name="syncer.resync", bind=True, base=_AnyArguments, throws=(RequestRefused,))
def resync(self: Task[Any, Any], /, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """Request a Run as an operator asked for it; wrong arguments are a recorded refusal."""
    services = _services()
    run = request_run(services, read_resync(args, kwargs, services.mappings, str(self.request.id)))
    _send(self, [Message("discover", {"run": run})] if run is not None else [])
    return {"run": run}


@shared_task(name="syncer.download", bind=True)
def download(self: Task[Any, Any], sha256: str) -> dict[str, Any]:
    """Stage one Blob."""
    _send(self, download_blob(_recovered(self), sha256, _worker(self)))
    return {"sha256": sha256}


@shared_task(name="syncer.upload", bind=True)
def upload(self: Task[Any, Any], transfer: int) -> dict[str, Any]:
    """Carry one Transfer, and what else is ready for its server, through a free lane."""
    _send(self, upload_transfer(_recovered(self), transfer, _worker(self)))
    return {"transfer": transfer}


@shared_task(name="syncer.reconcile", bind=True, ignore_result=True)
def reconcile(self: Task[Any, Any]) -> dict[str, Any]:
    """Send again what was lost, free what expired, settle what is done."""
    messages = reconcile_all(_services(), partial(patience, CeleryQueue(self.app)))
    _send(self, messages)
    return {"sent": len(messages)}


@shared_task(name="syncer.namesakes", ignore_result=True)
def namesakes(mapping: str) -> None:
    """Look whether mirrors have projects of the names that the Mapping syncs."""
    look_for_namesakes(_services(), mapping)


@shared_task(name="syncer.withdraw", bind=True)
def withdraw(self: Task[Any, Any]) -> dict[str, Any]:
    """Take from the Targets what left its Source long enough ago."""
    return {"ended": len(withdraw_due(_services(), _worker(self)))}


@shared_task(name="syncer.releases", ignore_result=True)
def releases(mapping: str) -> None:
    """Look whether versions of the Mapping lack files that their projects usually have."""
    watch_releases(_services(), mapping)


@shared_task(name="syncer.recheck", bind=True, ignore_result=True)
def recheck(self: Task[Any, Any]) -> None:
    """Fetch some files back from their targets and hash them."""
    _send(self, recheck_files(_recovered(self), process.settings().recheck_bytes, _worker(self)))


@shared_task(name="syncer.ping", ignore_result=True)
def ping() -> None:
    """Let a monitor elsewhere know that everything is complete; it alarms when it hears nothing."""
    ping_if_complete(process.container())


@shared_task(name="syncer.tidy")
def tidy() -> dict[str, Any]:
    """Forget old history."""
    return {"forgotten": forget_history(_services(), process.settings().history)}


def _recovered(task: Task[Any, Any]) -> Services:
    """Where this very task was begun before, whoever did so is gone, and what it held is free."""
    services = _services()
    if (task.request.delivery_info or {}).get("redelivered"):
        recover(services, _worker(task))
    return services


def _services() -> Services:
    return process.container().services


def _worker(task: Task[Any, Any]) -> Worker:
    return Worker(str(task.request.hostname or ""), str(task.request.id or ""))


def _send(task: Task[Any, Any], messages: Iterable[Message]) -> None:
    """Each is sent as soon as it comes; one that cannot be sent is found in the ledger by reconcile."""
    queue = CeleryQueue(task.app)
    for message in messages:
        try:
            queue.send([message])
        except RemoteUnavailable as error:
            log.warning("%s", error)
