"""Holding a claim for as long as its work takes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from syncer.core.errors import Retryable

#: Seconds that a claim outlives its worker: short enough for a quick recovery, long enough for a
#: slow database.
LEASE = 60.0


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
