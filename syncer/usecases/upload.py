"""Carry ready Transfers to their server, through one of its few lanes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from syncer.core.audit import Action
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
from syncer.usecases.audit import record_write
from syncer.usecases.circuit import asking
from syncer.usecases.fetch import fetch
from syncer.usecases.lane import Piece, through_lane
from syncer.usecases.leases import LEASE, keeping
from syncer.usecases.push import pushed
from syncer.usecases.services import Services
from syncer.usecases.verify import verify, verify_due

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Memory:
    """What was learnt since the lane was taken: of Targets, and of projects that had to be uploaded."""

    facts: dict[TargetRef, TargetFacts] = field(default_factory=dict)
    uploaded: set[tuple[str, str]] = field(default_factory=set)


def upload(services: Services, transfer_id: int, worker: Worker) -> Iterator[Message]:
    """The Transfer, if it is ready, and every other one of its server, was tried once through a free lane."""
    transfers, clock = services.ledger.transfers, services.clock
    server = transfers.server_of(transfer_id)
    if server is None or transfers.next_ready(server, clock()) is None:
        return
    memory, asked_for = _Memory(), [transfer_id]

    def work() -> Piece | None:
        first = asked_for.pop() if asked_for else 0
        claim = transfers.claim(server, worker, clock(), LEASE, prefer=first)
        if claim is None:
            verify_due(services)
            return None
        with log_context(run=claim.run_id, mapping=claim.mapping, file=claim.file.filename):
            pause = _try(services, claim, worker, memory)
        if not pause and not transfers.is_coming(claim.mapping, claim.file.project, clock()):
            verify(services, claim.mapping, claim.file.project)
        return Piece(pause=pause)

    def left() -> Message | None:
        found = transfers.next_ready(server, clock())
        return Message("upload", {"transfer": found}) if found else None

    yield from through_lane(services, server, worker, work, left)


def _try(services: Services, claim: TransferClaim, worker: Worker, memory: _Memory) -> float:
    """One Attempt, whose end is recorded whatever it is; the seconds to pause when the server failed."""
    transfers, clock = services.ledger.transfers, services.clock
    try:
        with keeping(lambda until: transfers.extend(claim, until), clock):
            if _is_pushed(services, claim, worker, memory):
                return 0.0
            needless = _carry_out(services, claim, worker, memory.facts)
    except FileRefused as error:
        log.warning("refused: %s", error)
        with services.ledger.together():
            transfers.ended(claim, outcome_of(error), clock(), error)
            needless = services.ledger.blobs.release(claim.file.sha256)
    except MappingBroken as error:
        _postpone(services, claim, error)  # other mappings of the same server go on
        needless = services.ledger.blobs.release(claim.file.sha256)
    except CircuitOpen as error:
        now = clock()
        transfers.untried(claim, error, now + timedelta(seconds=error.pause), now)
        return error.pause
    except Retryable as error:
        return _postpone(services, claim, error)
    except Exception as error:
        _postpone(services, claim, Unexpected(error))
        raise
    if needless:
        services.staging.discard(claim.file.sha256)
    return 0.0


def _is_pushed(services: Services, claim: TransferClaim, worker: Worker, memory: _Memory) -> bool:
    """Whether the server itself copies the file; what it did not copy once is not asked for again."""
    project = claim.mapping, claim.file.project
    if project in memory.uploaded:
        return False
    if pushed(services, claim, worker):
        return True
    memory.uploaded.add(project)
    return False


def _carry_out(
    services: Services, claim: TransferClaim, worker: Worker, asked: dict[TargetRef, TargetFacts]
) -> bool:
    """The file is uploaded; whether nobody needs its bytes here any more."""
    mapping = services.mapping(claim.mapping)
    target = services.target_of(mapping)
    path, metadata = fetch(services, claim.mapping, claim.file)
    with asking(services, mapping.target.url):
        if mapping.target not in asked:
            asked[mapping.target] = target.probe()
        doubtful = claim.attempt > 1 or asked[mapping.target].volatile
        answer = _found_there(mapping, target, claim) if doubtful else ""
        answer = answer or target.upload(claim.file, path, metadata, services.spending())
    with services.ledger.together():
        services.ledger.transfers.uploaded(claim, answer, metadata.requires_python, services.clock())
        needless = services.ledger.blobs.release(claim.file.sha256)
        record_write(services, Action.UPLOAD, claim, worker, answer)
    log.info("uploaded to %s: %s", mapping.target, answer)
    return needless


def _found_there(mapping: Mapping, target: Target, claim: TransferClaim) -> str:
    """What the target already holds, where it has to be asked.

    An earlier attempt may have succeeded without its answer being heard; and a volatile index
    replaces bytes without a word, also others than those that a person let be replaced.
    """
    there = target.list([claim.file.project]).by_key().get(claim.file.key)
    if there is None:
        return ""
    if claim.overwrite and there.sha256 in (claim.replaces, claim.file.sha256):
        return ""
    if there.sha256 == claim.file.sha256:
        return "the same bytes were there already"
    raise ContentConflict(
        f"{mapping.target} holds other bytes named {claim.file.filename} (sha256 {there.sha256}).",
        "Somebody else uploaded there, or the file was published again with other bytes.",
        "Decide which one is right: `syncer conflicts` compares both; nothing is overwritten before that.",
    )


def _postpone(services: Services, claim: TransferClaim, error: SyncerError) -> float:
    delay = delay_after(claim.tries, error.retry_after if isinstance(error, Retryable) else None)
    now = services.clock()
    log.warning("upload %d failed, the next is due in %.0f s: %s", claim.tries, delay, error)
    services.ledger.transfers.postponed(claim, error, now + timedelta(seconds=delay), now)
    return delay
