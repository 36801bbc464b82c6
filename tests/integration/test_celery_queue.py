"""What the Celery queue says of a real broker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery

from syncer.adapters.queue.celery_queue import LONGEST_COUNTDOWN, CeleryQueue
from syncer.core.errors import RemoteUnavailable
from syncer.ports.queue import Message
from syncer.usecases.reconcile import LOST_AFTER, LOST_FROM_EMPTY_QUEUE_AFTER, patience
from tests.support.broker import Broker


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "broker") as running:
        yield running


@pytest.fixture
def queue(broker: Broker) -> Iterator[CeleryQueue]:
    app = Celery(broker=broker.url, set_as_current=False)
    app.conf.task_routes = {f"syncer.{task}": {"queue": task} for task in ("download", "upload")}
    app.conf.broker_transport_options = {"socket_connect_timeout": 1, "max_retries": 0}
    app.conf.task_publish_retry = False
    yield CeleryQueue(app)
    app.close()


def test_a_message_waits_until_it_is_taken(broker: Broker, queue: CeleryQueue) -> None:
    assert not queue.waiting("download")
    queue.send([Message("download", {"sha256": "a" * 64})])
    assert (queue.waiting("download"), queue.waiting("upload")) == (True, False)
    assert broker.client().lpop("download")
    assert not queue.waiting("download")


def test_what_is_due_much_later_stays_in_the_ledger(queue: CeleryQueue) -> None:
    """A long countdown would fill the memory of whichever worker receives it."""
    queue.send([Message("upload", {"transfer": 1}, delay=LONGEST_COUNTDOWN + 1)])
    assert not queue.waiting("upload")
    queue.send([Message("upload", {"transfer": 1}, delay=LONGEST_COUNTDOWN)])
    assert queue.waiting("upload")


def test_messages_count_as_lost_sooner_where_none_is_standing_in_line(queue: CeleryQueue) -> None:
    assert patience(queue, "upload") == LOST_FROM_EMPTY_QUEUE_AFTER
    queue.send([Message("upload", {"transfer": 1})])
    assert patience(queue, "upload") == LOST_AFTER


def test_a_broker_that_is_away_says_so_and_nothing_counts_as_lost_early(
    broker: Broker, queue: CeleryQueue
) -> None:
    broker.kill()
    with pytest.raises(RemoteUnavailable, match="did not tell what waits"):
        queue.waiting("download")
    assert patience(queue, "download") == LOST_AFTER
