"""Things that are done in the same moment, by threads or by processes."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from syncer.adapters.database.engine import Database
from syncer.adapters.database.ledger import open_ledger
from syncer.ports.claims import Worker
from tests.support.databases import closing
from tests.support.ledgers import SERVER, START

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
#: Long after everything that a test has planned became due.
LATER = START + timedelta(hours=1)


def at_once(count: int, do: Callable[[int], T]) -> list[T]:
    """What each of ``count`` threads got that began in one moment."""
    start = threading.Barrier(count)

    def begin(number: int) -> T:
        start.wait(10)
        return do(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


@contextmanager
def meanwhile(do: Callable[[], T]) -> Iterator[Future[T]]:
    """It has been begun in a thread, and is over when the block has ended."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(do)


def is_waiting(future: Future[Any]) -> bool:
    """Whether it has not ended, given time to."""
    return not wait([future], timeout=0.3).done


def processes_that_claim(url: str, count: int) -> list[list[int]]:
    """The Transfers that each of so many processes claimed, all at work at the same time."""
    command = [sys.executable, "-m", "tests.ledger.together", url]
    started = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [[int(word) for word in process.communicate(timeout=60)[0].split()] for process in started]


def claim_until_nothing_is_left(url: str) -> list[int]:
    """The ready Transfers that this process got."""
    claimed = []
    with closing(Database(url)) as database:
        ledger = open_ledger(database)
        while claim := ledger.transfers.claim(SERVER, Worker("process"), LATER, 60):
            claimed.append(claim.id)
    return claimed


if __name__ == "__main__":
    print("ready", flush=True)  # noqa: T201  # how the parent knows
    sys.stdin.readline()
    print(*claim_until_nothing_is_left(sys.argv[1]))  # noqa: T201  # the answer
