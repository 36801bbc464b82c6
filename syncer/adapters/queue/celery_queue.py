"""Messages carried by Celery."""

from __future__ import annotations

from collections.abc import Iterable

from celery import Celery
from kombu.exceptions import OperationalError

from syncer.core.errors import RemoteUnavailable
from syncer.ports.queue import Message


class CeleryQueue:
    """Sends by name, so that no task module has to be imported; queues come from ``task_routes``."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def send(self, messages: Iterable[Message]) -> None:
        """Every message is at the broker, or RemoteUnavailable is raised."""
        try:
            for message in messages:
                self._app.send_task(
                    f"syncer.{message.task}", kwargs=message.ids, countdown=message.delay or None
                )
        except OperationalError as error:
            raise RemoteUnavailable(
                f"The broker took no message ({type(error).__name__}).",
                "It is down or restarting.",
                "Nothing is lost: reconcile sends it again from the ledger.",
            ) from error
