"""Fetch one Blob, once, for every Transfer that waits for it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from syncer.core.errors import (
    CircuitOpen,
    DigestMismatch,
    FileRefused,
    MappingBroken,
    Retryable,
    StagingUnavailable,
    SyncerError,
    Unexpected,
)
from syncer.core.model import DistributionFile
from syncer.core.retry import delay_after
from syncer.core.states import outcome_of
from syncer.ports.claims import BlobClaim, Worker
from syncer.ports.context import log_context
from syncer.ports.queue import Message
from syncer.usecases.fetch import fetch
from syncer.usecases.lane import Piece, through_lane, wake
from syncer.usecases.leases import LEASE, keeping
from syncer.usecases.services import Services
from syncer.usecases.settle import settle

log = logging.getLogger(__name__)

Offers = tuple[tuple[str, DistributionFile], ...]

#: A proxy can spoil a body once; a file that is wrong this often is wrong at its source.
CORRUPT_TRIES = 3


def download(services: Services, sha256: str, worker: Worker) -> Iterator[Message]:
    """The Blob, if it is wanted, and every other one of its server, was tried once through a free lane.

    Each is staged, refused, or wanted again later; the messages carry them on.
    """
    blobs, clock = services.ledger.blobs, services.clock
    server = blobs.server_of(sha256)
    if server is None or blobs.next_wanted(server, clock()) is None:
        return
    asked_for = [sha256]

    def work() -> Piece | None:
        claim = blobs.claim(asked_for.pop(), worker, clock(), LEASE) if asked_for else None
        claim = claim or blobs.claim_next(server, worker, clock(), LEASE)
        return Piece(_try(services, claim)) if claim else None

    def left() -> Message | None:
        found = blobs.next_wanted(server, clock())
        return Message("download", {"sha256": found}) if found else None

    yield from through_lane(services, server, worker, work, left)


def _try(services: Services, claim: BlobClaim) -> Iterator[Message]:
    turn = (claim.attempt - 1) % len(claim.offers)
    offers = claim.offers[turn:] + claim.offers[:turn]
    mapping, file = offers[0]
    with log_context(mapping=mapping, file=file.filename):
        return _stage(services, claim, offers)


def _stage(services: Services, claim: BlobClaim, offers: Offers) -> Iterator[Message]:
    blobs = services.ledger.blobs
    try:
        with keeping(lambda until: blobs.extend(claim, until), services.clock):
            size = _size(_fetch(services, offers))
    except (FileRefused, Retryable, MappingBroken) as error:
        return iter(_failed(services, claim, error))
    except Exception as error:
        _failed(services, claim, Unexpected(error))
        raise
    ready = blobs.staged(claim, size, services.clock())
    log.info("staged: %d bytes, sha256 %s", size, claim.sha256)
    return _wake(services, ready)


def _wake(services: Services, ready: dict[int, str]) -> Iterator[Message]:
    for server in sorted(set(ready.values())):
        waiting = (transfer for transfer, its in ready.items() if its == server)
        yield from wake(services, server, (Message("upload", {"transfer": each}) for each in waiting))


def _size(path: Path) -> int:
    """Bytes of a staged file; raises StagingUnavailable when it is gone already."""
    try:
        return path.stat().st_size
    except OSError as error:
        raise StagingUnavailable(
            f"What was just staged cannot be read ({type(error).__name__}).",
            "Somebody emptied the staging directory, or its disk failed.",
            "It is fetched again by itself; keep other programs out of [staging] dir.",
        ) from error


def _fetch(services: Services, offers: Offers) -> Path:
    """The staged bytes, from the first offer that serves them under a name which they bear.

    What one Source lost, spoilt or misnamed must not keep another Mapping from copying it.
    """
    for mapping, file in offers[:-1]:
        with suppress(FileRefused):
            return fetch(services, mapping, file)[0]
    mapping, file = offers[-1]
    return fetch(services, mapping, file)[0]


def _failed(services: Services, claim: BlobClaim, error: SyncerError) -> list[Message]:
    now = services.clock()
    if isinstance(error, CircuitOpen):
        services.ledger.blobs.untried(claim, error, now + timedelta(seconds=error.pause), now)
        return settle(services)
    if isinstance(error, FileRefused) and not _may_pass(claim, error):
        log.warning("refused: %s", error)
        services.staging.discard(claim.sha256)
        services.ledger.blobs.refused(claim, outcome_of(error), error, now)
        return settle(services)
    delay = delay_after(claim.tries, error.retry_after if isinstance(error, Retryable) else None)
    log.warning("download %d failed, the next is due in %.0f s: %s", claim.tries, delay, error)
    services.ledger.blobs.postponed(claim, error, now + timedelta(seconds=delay), now)
    return [Message("download", {"sha256": claim.sha256}, delay), *settle(services)]


def _may_pass(claim: BlobClaim, error: FileRefused) -> bool:
    return isinstance(error, DigestMismatch) and claim.tries < CORRUPT_TRIES
