"""Asking a server only while it answers, so that a dead one costs the others nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from syncer.core.errors import CircuitOpen, RateLimited, RemoteUnavailable, SyncerError
from syncer.usecases.services import Services


@contextmanager
def asking(services: Services, server: str, lanes: str = "") -> Iterator[None]:
    """The block asks the server with that URL, and nobody else while it does not answer.

    An overloaded one gets fewer lanes, those of the URL ``lanes`` if that is another.

    Raises CircuitOpen instead of asking a server that failed several times in a row. Nothing but
    requests to this server belongs inside: any other RemoteUnavailable would be held against it.
    """
    circuits, clock = services.ledger.circuits, services.clock
    if wait := circuits.wait(server, clock()):
        raise CircuitOpen(
            f"{server} is left alone for {wait:.0f} s.",
            "It failed several times in a row.",
            "It is asked again by itself; look at the server if this lasts.",
            pause=wait,
        )
    try:
        yield
    except (RemoteUnavailable, RateLimited) as error:
        circuits.failed(server, error, clock())
        services.ledger.lanes.narrow(lanes or server, services.lanes_of(lanes or server), clock())
        raise
    except SyncerError:
        circuits.answered(server, clock())
        raise
    circuits.answered(server, clock())
