"""List both sides and decide; nothing is written."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection

from syncer.core.errors import RemoteUnavailable
from syncer.core.known import NOTHING_KNOWN, Known
from syncer.core.model import EVERYTHING, DistributionFile, Listing, Mapping, Scope
from syncer.core.plan import USUAL, Plan, Terms, make_plan
from syncer.ports.target import Target
from syncer.usecases.services import Services

log = logging.getLogger(__name__)

#: Files by project, file name and sha256.
Held = Collection[tuple[str, str, str]]


def compare(
    services: Services,
    mapping: Mapping,
    scope: Scope = EVERYTHING,
    *,
    force: bool = False,
) -> tuple[Plan, Listing]:
    """The Plan for a Mapping as both sides are now, and the Source's Listing behind it.

    ``force`` overwrites only where the target says that its files may be replaced. Raises Retryable when
    a side cannot be read whole, MappingBroken when it can never be.
    """
    source = services.source_of(mapping).list(scope)
    target = services.target_of(mapping)
    terms = Terms(force, target.probe().volatile, _known(services, mapping))
    return decide(target, source, mapping, terms), source


def decide(
    target: Target, source: Listing, mapping: Mapping, terms: Terms = USUAL, *, held: Held = ()
) -> Plan:
    """The Plan for what the Source lists; projects all of whose files are ``held`` need not be asked for."""
    wanted: defaultdict[str, list[DistributionFile]] = defaultdict(list)
    for file in source.files:
        if not mapping.selection.refusal(file):
            wanted[file.project].append(file)
    known = {project for project, files in wanted.items() if all(_key(file) in held for file in files)}
    there = [file for project in known for file in wanted[project]]
    asked = target.list(sorted(wanted.keys() - known))
    return make_plan(source, Listing((*asked.files, *there)), mapping.selection, terms)


def _known(services: Services, mapping: Mapping) -> Known:
    """Who only looks needs no database: where none was made, nobody has decided anything either."""
    try:
        return services.ledger.rulings.known(mapping.name)
    except RemoteUnavailable as error:
        log.info("nothing is known of earlier decisions: %s", error)
        return NOTHING_KNOWN


def _key(file: DistributionFile) -> tuple[str, str, str]:
    return file.project, file.filename, file.sha256
