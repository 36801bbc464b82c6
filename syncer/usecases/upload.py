"""Carry ready Transfers to their server, through one of its few lanes."""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta

from syncer.core.errors import (
    CircuitOpen,
    ContentConflict,
    FileRefused,
    MappingBroken,
    Retryable,
    SyncerError,
    Unexpected,
)
from syncer.core.model import Mapping, TargetRef
from syncer.core.retry import delay_after
from syncer.core.states import outcome_of
from syncer.ports.claims import TransferClaim, Worker
from syncer.ports.context import log_context
from syncer.ports.queue import Message
from syncer.ports.target import Target, TargetFacts
from syncer.usecases.circuit import asking
from syncer.usecases.fetch import fetch
from syncer.usecases.leases import LEASE, keeping
from syncer.usecases.services import Services
from syncer.usecases.settle import settle
from syncer.usecases.verify import verify_due

log = logging.getLogger(__name__)

#: Seconds after which a lane hands over to a new task, far below the task's time limit.
LANE_BUDGET = 30.0

#: What each Target said of itself since the lane was taken.
Facts = dict[TargetRef, TargetFacts]


def upload(services: Services, transfer_id: int, worker: Worker) -> list[Message]:
    """The Transfer, and every other one ready for its server, was tried once through a free lane.

    When all lanes are taken nothing happens: whoever holds one takes this Transfer as well.
    """
    server = services.ledger.transfers.server_of(transfer_id)
    if server is None or services.ledger.circuits.paused(server, services.clock()):
        return []
    lanes, clock = services.ledger.lanes, services.clock
    holder = f"{worker.name}/{worker.task_id or uuid.uuid4().hex}"
    lane = lanes.acquire(server, services.lanes_of(server), holder, clock(), LEASE)
    if lane is None:
        return []
    try:
        with keeping(lambda until: lanes.extend(lane, until), clock):
            pause = _work_through(services, server, transfer_id, worker)
            verify_due(services)
    finally:
        lanes.release(lane)
    return [*_wake_next(services, server, pause), *settle(services)]


def _wake_next(services: Services, server: str, pause: float) -> list[Message]:
    """Whatever became ready while the lane was being given back finds a worker again."""
    left = services.ledger.transfers.next_ready(server, services.clock())
    return [Message("upload", {"transfer": left}, pause)] if left is not None else []


def _work_through(services: Services, server: str, first: int, worker: Worker) -> float:
    """Carry out ready Transfers until none is left; the seconds to pause when the server failed."""
    transfers, clock = services.ledger.transfers, services.clock
    until, last = clock() + timedelta(seconds=LANE_BUDGET), ""
    asked: Facts = {}
    while clock() < until and not services.stopping():
        claim = transfers.claim(server, worker, clock(), LEASE, prefer=first, avoid=last)
        if claim is None:
            return 0.0
        with log_context(run=claim.run_id, mapping=claim.mapping, file=claim.file.filename):
            pause = _try(services, claim, asked)
        if pause:
            return pause
        last = claim.file.project
    return 0.0


def _try(services: Services, claim: TransferClaim, asked: Facts) -> float:
    """One Attempt, whose end is recorded whatever it is; the seconds to pause when the server failed."""
    transfers, clock = services.ledger.transfers, services.clock
    try:
        with keeping(lambda until: transfers.extend(claim, until), clock):
            _carry_out(services, claim, asked)
    except FileRefused as error:
        log.warning("refused: %s", error)
        transfers.ended(claim, outcome_of(error), clock(), error)
    except MappingBroken as error:
        _postpone(services, claim, error)  # other mappings of the same server go on
    except CircuitOpen as error:
        now = clock()
        transfers.untried(claim, error, now + timedelta(seconds=error.pause), now)
        return error.pause
    except Retryable as error:
        return _postpone(services, claim, error)
    except Exception as error:
        _postpone(services, claim, Unexpected(error))
        raise
    if services.ledger.blobs.release(claim.file.sha256):
        services.staging.discard(claim.file.sha256)
    return 0.0


def _carry_out(services: Services, claim: TransferClaim, asked: Facts) -> None:
    mapping = services.mapping(claim.mapping)
    target = services.target_of(mapping)
    path, metadata = fetch(services, claim.mapping, claim.file)
    with asking(services, mapping.target.url):
        if mapping.target not in asked:
            asked[mapping.target] = target.probe()
        doubtful = claim.attempt > 1 or asked[mapping.target].volatile
        answer = _found_there(mapping, target, claim) if doubtful else ""
        answer = answer or target.upload(claim.file, path, metadata)
    services.ledger.transfers.uploaded(claim, answer, metadata.requires_python, services.clock())
    log.info("uploaded to %s: %s", mapping.target, answer)


def _found_there(mapping: Mapping, target: Target, claim: TransferClaim) -> str:
    """What the target already holds, where it has to be asked.

    An earlier attempt may have succeeded without its answer being heard; and a volatile index
    replaces bytes without a word.
    """
    there = target.list([claim.file.project]).by_key().get(claim.file.key)
    if there is None:
        return ""
    if there.sha256 == claim.file.sha256:
        return "the same bytes were there already"
    if claim.overwrite:
        return ""
    raise ContentConflict(
        f"{mapping.target} holds other bytes named {claim.file.filename} (sha256 {there.sha256}).",
        "Somebody else uploaded there, or the file was published again with other bytes.",
        "Decide which one is right; nothing is overwritten without `--force` on a volatile index.",
    )


def _postpone(services: Services, claim: TransferClaim, error: SyncerError) -> float:
    delay = delay_after(claim.tries, error.retry_after if isinstance(error, Retryable) else None)
    now = services.clock()
    log.warning("upload %d failed, the next is due in %.0f s: %s", claim.tries, delay, error)
    services.ledger.transfers.postponed(claim, error, now + timedelta(seconds=delay), now)
    return delay
