"""Work through what is ready for one server, in one of its few lanes."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from syncer.ports.claims import Lane, Worker
from syncer.ports.queue import Message
from syncer.usecases.leases import LEASE, keeping
from syncer.usecases.services import Services
from syncer.usecases.settle import settle

#: Seconds after which a lane hands over to a new task: far below the task's time limit, and soon enough
#: that a worker of all queues, whose processes are all downloading, comes to upload.
LANE_BUDGET = 5.0
#: Seconds between two looks at what the work of a lane has led to.
LOOK = 1.0


@dataclass(frozen=True, slots=True)
class Piece:
    """What one piece of work leads to: messages, and seconds to leave a server alone that failed."""

    messages: Iterable[Message] = ()
    pause: float = 0.0


def through_lane(
    services: Services,
    server: str,
    worker: Worker,
    work: Callable[[], Piece | None],
    left: Callable[[], Message | None],
) -> Iterator[Message]:
    """``work`` is done through a free lane until it finds nothing ready, its server fails or time is up.

    When all lanes are taken nothing happens: whoever holds one does this work as well. ``left`` is asked
    for what became ready while the lane was being given back. Messages come as soon as there is reason.
    """
    lanes, clock = services.ledger.lanes, services.clock
    if services.ledger.circuits.paused(server, clock()):
        return
    holder = f"{worker.name}/{worker.task_id or uuid.uuid4().hex}"
    lane = lanes.acquire(server, width_of(services, server), holder, clock(), LEASE)
    if lane is None:
        return
    try:
        with keeping(lambda until: lanes.extend(lane, until), clock):
            pause = yield from _work_through(services, lane, work)
    finally:
        lanes.release(lane)
    if message := left():
        yield Message(message.task, message.ids, pause)
    yield from settle(services)


def _work_through(
    services: Services, lane: Lane, work: Callable[[], Piece | None]
) -> Generator[Message, None, float]:
    """The seconds to pause when the server failed."""
    clock = services.clock
    until, look = clock() + timedelta(seconds=LANE_BUDGET), clock() + timedelta(seconds=LOOK)
    while clock() < until and not services.stopping():
        piece = work()
        if piece is None:
            break
        yield from piece.messages
        if piece.pause:
            return piece.pause
        if clock() >= look:
            yield from settle(services)
            if lane.slot >= width_of(services, lane.server):
                break
            look = clock() + timedelta(seconds=LOOK)
    return 0.0


def wake(services: Services, server: str, messages: Iterable[Message]) -> Iterator[Message]:
    """As many messages as the server has free lanes: whoever holds one needs none to find its work.

    It has to be asked after the work stands in the ledger. Then a lane that is being given back in this
    moment is either free here, or its holder sees the work when it looks for what is left.
    """
    free = services.ledger.lanes.free(server, services.lanes_of(server), services.clock())
    return (message for message, _ in zip(messages, range(free), strict=False))


def width_of(services: Services, server: str) -> int:
    """How many lanes the server has now: the configured ones, or fewer while it is overloaded."""
    return services.ledger.lanes.width(server, services.lanes_of(server), services.clock())
