"""What a worker or beat does when it starts, forks, lives and ends."""

from __future__ import annotations

import logging
import math
import sys
import time
from typing import Any

from celery import signals

from syncer.adapters.database.revision import WrongRevision
from syncer.bootstrap.clock import now
from syncer.bootstrap.database import prepare_database
from syncer.bootstrap.logs import configure_logging, hide_secrets
from syncer.core.errors import Retryable
from syncer.ports.claims import Worker
from syncer.usecases.leases import recover
from syncer.usecases.reconcile import keep_house
from workers import process

log = logging.getLogger(__name__)

#: Seconds between two signs of life in the ledger.
HEARTBEAT = 10.0

_last_beat = {"at": 0.0}


def connect() -> None:
    """The signal handlers below are in place; connecting twice changes nothing."""
    signals.setup_logging.connect(_logging, weak=False)
    signals.worker_init.connect(_check_revision, weak=False)
    signals.beat_init.connect(_check_revision, weak=False)
    signals.worker_init.connect(_recover, weak=False)
    signals.worker_init.connect(_tidy_staging, weak=False)
    signals.worker_ready.connect(_warn, weak=False)
    signals.worker_process_init.connect(_after_fork, weak=False)
    signals.heartbeat_sent.connect(_alive, weak=False)
    signals.worker_shutting_down.connect(_stopping, weak=False)


def sign_of_life(name: str, about: str = "") -> None:
    """The ledger knows that this process lives; a database that is away is no reason to end."""
    if time.monotonic() - _last_beat["at"] < HEARTBEAT:
        return
    _last_beat["at"] = time.monotonic()
    try:
        process.container().services.ledger.heartbeats.beat(name, now(), about)
    except Retryable as error:
        log.warning("No sign of life could be recorded: %s", error)


def _logging(**_signal: Any) -> None:
    configure_logging(1)
    hide_secrets(process.settings())


def _check_revision(**_signal: Any) -> None:
    """Refuse to work on tables that are not this version's; celery swallows all but SystemExit."""
    try:
        prepare_database(process.settings(), process.container().database)
    except WrongRevision as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from error


def _recover(sender: Any, **_signal: Any) -> None:
    """What a former worker of this name held when it was killed need not wait for its leases to expire."""
    try:
        recover(process.container().services, Worker(str(sender.hostname)))
    except Retryable as error:
        log.warning("The claims of a former worker of this name could not be freed: %s", error)


def _tidy_staging(**_signal: Any) -> None:
    """Each host tidies its own staging, as no other host can see it."""
    keep_house(process.container().services)


def _warn(**_signal: Any) -> None:
    for warning in process.settings().warnings:
        log.warning("%s", warning)


def _after_fork(**_signal: Any) -> None:
    process.forget()


def _alive(sender: Any, **_signal: Any) -> None:
    consumer_app = sender.eventer.app
    queues = ",".join(sorted(consumer_app.amqp.queues.consume_from))
    sign_of_life(f"worker:{sender.eventer.hostname}", queues)


def _stopping(sender: Any, **_signal: Any) -> None:
    _last_beat["at"] = math.inf  # while what is under way ends, no further sign of life is given
    try:
        process.container().services.ledger.heartbeats.gone(f"worker:{sender}")
    except Retryable as error:
        log.warning("The end of this worker could not be recorded: %s", error)
