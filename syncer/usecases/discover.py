"""Open a Run, compare both sides, record what is to be done, and ask for it."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import replace

from syncer.core.audit import Action, Entry
from syncer.core.errors import ListingIncomplete, NothingThere, SyncerError, Unexpected
from syncer.core.look import Depth, rule_of
from syncer.core.model import Mapping
from syncer.core.plan import Plan
from syncer.ports.claims import RunClaim, RunRequest, Seen, Worker
from syncer.ports.context import log_context
from syncer.ports.queue import Message
from syncer.usecases.expected import require_expected
from syncer.usecases.lane import wake
from syncer.usecases.leases import LEASE, keeping
from syncer.usecases.look import Sight, look
from syncer.usecases.services import Services
from syncer.usecases.settle import settle

log = logging.getLogger(__name__)


def request_run(services: Services, request: RunRequest) -> int | None:
    """A Run is requested; None when a scheduled one is not needed as one is unfinished."""
    mapping = services.mappings.get(request.mapping)
    if mapping is not None:
        request = replace(request, source=str(mapping.source), target=str(mapping.target))
    if not request.actor:
        return services.ledger.runs.request(request, services.clock())
    with services.ledger.together():
        run = services.ledger.runs.request(request, services.clock())
        services.ledger.audit.append(_asked(request, run), services.clock())
    return run


def _asked(request: RunRequest, run: int | None) -> Entry:
    """What the audit keeps of a person's wish."""
    detail = {"trigger": request.trigger, "force": request.force, "dry_run": request.dry_run, "run": run}
    if request.expects:
        detail["plan"] = request.expects
    action = Action.APPLY if request.expects else Action.SYNC
    return Entry(action, request.actor, request.mapping, str(request.scope), detail)


def discover(services: Services, run_id: int, worker: Worker) -> list[Message]:
    """The Run is planned, or finished as failed; the messages that carry it on.

    Nothing happens when another worker plans it or another Run of its Mapping is open.
    """
    claim = services.ledger.runs.claim(run_id, worker, services.clock(), LEASE)
    if claim is None:
        return []
    with log_context(run=claim.id, mapping=claim.mapping):
        messages = _plan_or_fail(services, claim)
    return [*messages, *settle(services)]


def _plan_or_fail(services: Services, claim: RunClaim) -> list[Message]:
    log.info("planning, try %d", claim.attempt)
    try:
        return _plan(services, claim)
    except SyncerError as error:
        log.warning("the run failed: %s", error)
        services.ledger.runs.fail(claim, error, services.clock())
        return []
    except Exception as error:
        services.ledger.runs.fail(claim, Unexpected(error), services.clock())
        raise


def _plan(services: Services, claim: RunClaim) -> list[Message]:
    mapping = services.mapping(claim.mapping)
    runs = services.ledger.runs
    with keeping(lambda until: runs.extend(claim, until), services.clock):
        sight = look(services, mapping, claim)
        _require_something(claim, sight.plan, mapping)
        _doubt_emptiness(services, claim, sight, mapping)
        require_expected(claim, mapping, sight.plan)
        work = runs.record(claim, sight.plan, _seen(sight, mapping), services.clock())
    if work is None:
        return []
    log.info("planned, %s: %s", sight.depth, _counts(sight.plan))
    downloads = (Message("download", {"sha256": sha256}) for sha256 in work.blobs)
    uploads = (Message("upload", {"transfer": transfer}) for transfer in work.transfers)
    source, target = mapping.source.url, mapping.target.url
    return [*wake(services, source, downloads), *wake(services, target, uploads)]


def _seen(sight: Sight, mapping: Mapping) -> Seen:
    ends = mapping.source.url, mapping.target.url
    rule = rule_of(mapping)
    return Seen(
        sight.listing,
        *ends,
        scope=sight.scope,
        depth=sight.depth,
        rule=rule,
        look=sight.look,
        deletion=mapping.deletion,
    )


def _require_something(claim: RunClaim, plan: Plan, mapping: Mapping) -> None:
    """Raise NothingThere rather than call complete what does not exist; whole Runs tell of withdrawals."""
    if claim.scope.project and not plan.decisions:
        raise NothingThere(
            f"{mapping.source} has no file of {claim.scope}.",
            "The name or version is misspelt, or nothing of it was published yet.",
            "Compare it with the package's page in Gitea.",
        )


def _doubt_emptiness(services: Services, claim: RunClaim, sight: Sight, mapping: Mapping) -> None:
    """Raise ListingIncomplete when all files are gone at once, which only a person may believe.

    A registry that is just being restored, or hides what a token may no longer see, says so too.
    """
    empty = sight.depth is Depth.FULL and not sight.listing.files
    if empty and not claim.by_person and services.ledger.runs.knows(claim.mapping):
        raise ListingIncomplete(
            f"{mapping.source} suddenly has no file at all.",
            "Gitea is being restored or hides its packages, or everything was deleted.",
            f"Look at its packages in Gitea; if they were deleted, say so: `syncer sync -m {claim.mapping}`.",
        )


def _counts(plan: Plan) -> str:
    kinds = Counter(decision.kind for decision in plan.decisions)
    return ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items())) or "no files"
