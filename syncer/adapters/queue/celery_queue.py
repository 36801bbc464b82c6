"""Messages carried by Celery."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from celery import Celery
from kombu import Connection
from kombu.exceptions import OperationalError

from syncer.core.errors import RemoteUnavailable
from syncer.ports.queue import Message

#: Seconds that a message may be held back by the worker that receives it. What is due later stands in
#: the ledger, from which reconcile sends it when its time comes.
LONGEST_COUNTDOWN = 10.0


class CeleryQueue:
    """Sends by name, so that no task module has to be imported; queues come from ``task_routes``."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def send(self, messages: Iterable[Message]) -> None:
        """Every message that is due within moments is at the broker, or RemoteUnavailable is raised."""
        try:
            for message in (each for each in messages if each.delay <= LONGEST_COUNTDOWN):
                self._app.send_task(
                    f"syncer.{message.task}", kwargs=message.ids, countdown=message.delay or None
                )
        except OperationalError as error:
            raise _away("took no message", error) from error

    def waiting(self, task: str) -> bool:
        """Whether the task's queue, which other tasks may share, holds a message; or RemoteUnavailable."""
        queue = self._app.conf.task_routes[f"syncer.{task}"]["queue"]
        try:
            with self._app.connection_or_acquire() as connection, _translated(connection):
                size = connection.default_channel._size  # noqa: SLF001  # the public way fails for an empty list
                return bool(size(queue))
        except OperationalError as error:
            raise _away("did not tell what waits", error) from error


@contextmanager
def _translated(connection: Connection) -> Iterator[None]:
    """The transport's own errors are kombu's."""
    try:
        yield
    except (*connection.connection_errors, *connection.channel_errors) as error:
        raise OperationalError(str(error)) from error


def _away(what: str, error: Exception) -> RemoteUnavailable:
    return RemoteUnavailable(
        f"The broker {what} ({type(error).__name__}).",
        "It is down or restarting.",
        "Nothing is lost: reconcile sends it again from the ledger.",
    )
