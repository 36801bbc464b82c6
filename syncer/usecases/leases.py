"""Holding a claim for as long as its work takes."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from syncer.core.errors import Retryable
from syncer.ports.claims import Worker
from syncer.usecases.services import Services

#: Seconds that a claim outlives its worker where nothing tells that it is gone: short enough for a quick
#: recovery, long enough for a slow database and for clocks that differ.
LEASE = 30.0

log = logging.getLogger(__name__)

Extend = Callable[[datetime], bool]
Clock = Callable[[], datetime]


class _Keeper:
    """Extends what this process holds, from one thread that dies with the process."""

    def __init__(self) -> None:
        self.held: dict[object, tuple[Extend, Clock]] = {}
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def start(self) -> None:
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="leases", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        while True:
            time.sleep(LEASE / 3)
            for claim, (extend, clock) in list(self.held.items()):
                try:
                    if not extend(clock() + timedelta(seconds=LEASE)):
                        self.held.pop(claim, None)  # it was lost; its work can no longer be written
                except Retryable:
                    continue  # the database is away for a moment; the next turn tries again
                except Exception:
                    log.exception("A lease was not extended.")  # the other claims must not suffer for it


_keeper = _Keeper()


def _begin_anew() -> None:
    global _keeper  # noqa: PLW0603  # a forked child has neither the thread nor the claims
    _keeper = _Keeper()


os.register_at_fork(after_in_child=_begin_anew)


@contextmanager
def keeping(extend: Extend, clock: Clock) -> Iterator[None]:
    """The claim is extended for as long as the block runs and the process lives."""
    keeper, claim = _keeper, object()
    keeper.held[claim] = (extend, clock)
    keeper.start()
    try:
        yield
    finally:
        keeper.held.pop(claim, None)


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
