"""Holding a claim for as long as its work takes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from syncer.core.errors import Retryable
from syncer.ports.claims import Worker
from syncer.usecases.services import Services

#: Seconds that a claim outlives its worker where nothing tells that it is gone: short enough for a quick
#: recovery, long enough for a slow database and for clocks that differ.
LEASE = 30.0


@contextmanager
def keeping(extend: Callable[[datetime], bool], clock: Callable[[], datetime]) -> Iterator[None]:
    """The claim is extended for as long as the block runs, from a thread that dies with the process."""
    stop = threading.Event()
    thread = threading.Thread(target=_extend_until, args=(stop, extend, clock), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _extend_until(
    stop: threading.Event, extend: Callable[[datetime], bool], clock: Callable[[], datetime]
) -> None:
    while not stop.wait(LEASE / 3):
        try:
            if not extend(clock() + timedelta(seconds=LEASE)):
                return  # the claim was lost; its work can no longer be written
        except Retryable:
            continue  # the database is away for a moment; the next turn tries again


def recover(services: Services, gone: Worker) -> None:
    """What a worker left behind, or one of its tasks if one is named, can be claimed by others at once.

    Celery delivers a task again only when the process that had it is gone; and a worker that starts
    has none of the claims that a former one of its name left.
    """
    services.ledger.recovery.expire(gone, services.clock())
    free_expired(services)


def free_expired(services: Services) -> None:
    """Work whose lease has expired can be claimed; what killed its workers too often is set aside."""
    services.ledger.blobs.free_expired(services.clock())
    services.ledger.transfers.free_expired(services.clock())
