"""Let devpi copy a release from one of its indexes to another, where that gives exactly the same."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

from syncer.core.audit import Action
from syncer.core.errors import FileRefused
from syncer.core.model import DistributionFile, Mapping
from syncer.ports.claims import TransferClaim, Worker
from syncer.ports.siblings import Sibling
from syncer.usecases.audit import record_write
from syncer.usecases.circuit import asking
from syncer.usecases.leases import LEASE, keeping
from syncer.usecases.services import Services

log = logging.getLogger(__name__)

#: Seconds between two looks whether the other index has the files, and how long that is waited for.
LOOK_AGAIN, PATIENCE = 5.0, 60.0

#: The names and digests of a release's files.
Content = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Leader:
    """Another Mapping to the same server, and how its Transfers of one project stand."""

    mapping: Mapping
    siblings: dict[tuple[str, str], Sibling]


def pushed(services: Services, claim: TransferClaim, worker: Worker) -> bool:
    """The claim needs no upload here: devpi copied its release, or is about to have what to copy.

    Mappings to several indexes of one server take turns as they are configured: the first one uploads,
    and the others let devpi copy what was read back there. A copy takes all files that a release has on
    one index to another; so it is asked for only where both sides are listed and that is exactly what is
    wanted. What was copied is read back like every upload. Where anything is different, False.
    """
    leader = _leader(services, claim)
    if leader is None:
        return False
    sibling = leader.siblings[_key(claim.file)]
    now = services.clock()
    if sibling.is_there:
        return _push(services, leader, claim, worker)
    if sibling.is_coming and now - sibling.created_at < timedelta(seconds=PATIENCE):
        services.ledger.siblings.put_back(claim, now + timedelta(seconds=LOOK_AGAIN), now)
        return True
    return False


def wake_followers(services: Services, mapping_name: str, project: str) -> None:
    """Mappings that waited for the project on this one's index go on with it."""
    mapping = services.mappings.get(mapping_name)
    if mapping is not None and len(_neighbours(services, mapping)) > 1:
        services.ledger.siblings.hurry(mapping.target.url, project, services.clock())


def _neighbours(services: Services, mapping: Mapping) -> list[Mapping]:
    """The Mappings to the same server, in their order."""
    return [each for each in services.mappings.values() if each.target.url == mapping.target.url]


def _leader(services: Services, claim: TransferClaim) -> Leader | None:
    """The first Mapping before this one that copies the same bytes to another index of the server."""
    mapping = services.mapping(claim.mapping)
    if claim.overwrite:
        return None
    for other in _neighbours(services, mapping):
        if other.name == mapping.name:
            return None
        if other.target.index != mapping.target.index:
            siblings = services.ledger.siblings.of_project(other.name, claim.file.project)
            if _key(claim.file) in siblings:
                return Leader(other, siblings)
    return None


def _push(services: Services, leader: Leader, claim: TransferClaim, worker: Worker) -> bool:
    """Every release of the project that can be copied is; whether the claim's own one was."""
    siblings, clock = services.ledger.siblings, services.clock
    claims = [claim, *siblings.claim_project(claim, worker, clock(), LEASE)]
    left = {each.id: each for each in claims}
    with ExitStack() as stack:
        for each in claims:
            stack.enter_context(keeping(_extending(services, each), clock))
        try:
            for copied, answer in _copy(services, leader, claim, claims):
                for each in copied:
                    _record(services, leader, left.pop(each.id), worker, answer)
        finally:
            for each in left.values():
                if each is not claim:
                    siblings.put_back(each, clock(), clock())
    return claim.id not in left


def _extending(services: Services, claim: TransferClaim) -> Callable[..., bool]:
    return lambda until: services.ledger.transfers.extend(claim, until)


def _copy(
    services: Services, leader: Leader, claim: TransferClaim, claims: list[TransferClaim]
) -> Iterable[tuple[list[TransferClaim], str]]:
    """Each release that devpi has copied: the Transfers that this carried out, and its answer."""
    mapping = services.mapping(claim.mapping)
    source, target = services.target_of(leader.mapping), services.target_of(mapping)
    with asking(services, mapping.target.url):
        there = _releases(source.list([claim.file.project]).files)
        taken = {file.version for file in target.list([claim.file.project]).files}
        for version, copied in _exact(there, claims, leader).items():
            if version not in taken:
                try:
                    yield copied, source.push(claim.file.project, version, mapping.target.index)
                except FileRefused as error:
                    log.info("not copied from %s: %s", leader.mapping.target, error)


def _releases(files: Iterable[DistributionFile]) -> dict[str, Content]:
    found: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for file in files:
        found[file.version].add(_key(file))
    return {version: frozenset(content) for version, content in found.items()}


def _exact(
    there: dict[str, Content], claims: list[TransferClaim], leader: Leader
) -> dict[str, list[TransferClaim]]:
    """The versions of which the other index has these files and no others, each read back."""
    proved = {
        _key(each.file): each
        for each in claims
        if not each.overwrite and (known := leader.siblings.get(_key(each.file))) and known.is_there
    }
    return {
        version: [proved[key] for key in sorted(content)]
        for version, content in there.items()
        if content and content <= proved.keys()
    }


def _record(services: Services, leader: Leader, claim: TransferClaim, worker: Worker, answer: str) -> None:
    requires_python = leader.siblings[_key(claim.file)].requires_python
    with services.ledger.together():
        services.ledger.transfers.uploaded(claim, answer, requires_python, services.clock())
        needless = services.ledger.blobs.release(claim.file.sha256)
        record_write(services, Action.PUSH, claim, worker, answer)
    log.info("copied within the server from %s: %s", leader.mapping.target, answer)
    if needless:
        services.staging.discard(claim.file.sha256)


def _key(file: DistributionFile) -> tuple[str, str]:
    return file.filename, file.sha256
