"""Messages carried out by threads of this process, for a pass that needs no broker."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from threading import Lock
from types import TracebackType

from syncer.ports.queue import Message

log = logging.getLogger(__name__)

Handler = Callable[..., Iterable[Message]]


class LocalQueue(AbstractContextManager["LocalQueue"]):
    """Each task has its own few threads; what a handler returns is sent on.

    A delayed message is dropped: the pass looks for due work itself, every second.
    """

    def __init__(self, handlers: Mapping[str, tuple[Handler, int]]) -> None:
        self._handlers = {task: handler for task, (handler, _) in handlers.items()}
        self._waiting: Counter[str] = Counter()
        self._counting = Lock()
        self._pools = {
            task: ThreadPoolExecutor(threads, thread_name_prefix=task)
            for task, (_, threads) in handlers.items()
        }

    def send(self, messages: Iterable[Message]) -> None:
        """Every message without a delay is waiting for a thread."""
        for message in messages:
            if message.delay:
                continue
            self._count(message.task, 1)
            future = self._pools[message.task].submit(self._carry_out, message)
            future.add_done_callback(_report)

    def waiting(self, task: str) -> bool:
        """Whether messages of the task wait for a thread."""
        return self._waiting[task] > 0

    def _carry_out(self, message: Message) -> None:
        """Each message that the task leads to is sent as soon as there is reason, not when it has ended."""
        self._count(message.task, -1)
        for next_one in self._handlers[message.task](**message.ids):
            try:
                self.send([next_one])
            except RuntimeError:
                log.debug("The pass is over; what is left waits in the ledger.")

    def _count(self, task: str, change: int) -> None:
        with self._counting:
            self._waiting[task] += change

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)


def _report(future: Future[None]) -> None:
    if not future.cancelled() and (error := future.exception()):
        log.error("A task of this pass failed: %s", error, exc_info=error)
