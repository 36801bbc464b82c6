"""Look at both sides of a Mapping as deeply as a Run has to, and decide."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syncer.core.look import YOUNG, Depth, Look, digest_of, rule_of
from syncer.core.model import EVERYTHING, Listing, Mapping, Release, Scope
from syncer.core.plan import Plan, Terms
from syncer.ports.claims import RunClaim
from syncer.ports.target import TargetFacts
from syncer.usecases.circuit import asking
from syncer.usecases.compare import decide
from syncer.usecases.services import Services

#: More projects with young releases than this are read with all others.
MOST_RECENT = 500


@dataclass(frozen=True, slots=True)
class Sight:
    """What a Run saw and decided; ``look`` is what the next one may begin from."""

    plan: Plan
    listing: Listing
    scope: Scope
    depth: Depth
    look: Look | None


def look(services: Services, mapping: Mapping, claim: RunClaim) -> Sight:
    """Everything is compared, or what is new since the last look where that proves as much.

    Raises Retryable when a side cannot be read whole, MappingBroken when it can never be.
    """
    began = services.clock()
    last = _last(services, mapping)
    with asking(services, mapping.target.url):
        facts = services.target_of(mapping).probe()
    unchanged = last is not None and last.tells_of(facts.state, began)
    if last is not None and claim.is_scheduled and not _is_due(services, mapping, last, unchanged=unchanged):
        terms = Terms(volatile=facts.volatile, known=services.ledger.rulings.known(mapping.name))
        sight = _recent(services, mapping, last, began, terms)
        if sight is not None:
            return sight
    return _full(services, mapping, claim, facts, began, relies_on=last if unchanged else None)


def _last(services: Services, mapping: Mapping) -> Look | None:
    last = services.ledger.runs.look(mapping.name)
    return last if last is not None and last.rule == rule_of(mapping) else None


def _is_due(services: Services, mapping: Mapping, last: Look, *, unchanged: bool) -> bool:
    """Whether a whole look is due: a changed target, or files that are not there, bring it forward."""
    doubted = not unchanged or not services.ledger.runs.is_whole(mapping.name)
    return last.full_is_due(services.clock(), mapping.full_interval, doubted=doubted)


def _recent(services: Services, mapping: Mapping, last: Look, began: datetime, terms: Terms) -> Sight | None:
    """What is new, None where what Gitea counts shows that this is not all that happened."""
    with asking(services, mapping.source.url):
        listing = services.source_of(mapping).recent(last.seen_at - timedelta(seconds=YOUNG))
    ids = {release.id for release in listing.releases}
    fresh, gone = ids - last.recent, last.recent - ids
    adds_up = listing.stated_releases == last.stated + len(fresh) and not gone
    if not adds_up or len(listing.projects()) > MOST_RECENT:
        return None
    with asking(services, mapping.target.url):
        plan = decide(services.target_of(mapping), listing, mapping, terms)
    seen = replace(
        last,
        seen_at=began,
        stated=last.stated + len(fresh),
        recent=_young(listing.releases, began),
    )
    read = replace(listing, read_releases=listing.stated_releases)  # now or by an earlier look
    return Sight(plan, read, Scope(projects=listing.projects()), Depth.RECENT, seen)


def _full(
    services: Services,
    mapping: Mapping,
    claim: RunClaim,
    facts: TargetFacts,
    began: datetime,
    *,
    relies_on: Look | None,
) -> Sight:
    """Everything within the Run's Scope; of an unchanged target only what is not known is asked for."""
    with asking(services, mapping.source.url):
        listing = services.source_of(mapping).list(claim.scope)
    held = services.ledger.runs.held(mapping.name) if relies_on else frozenset()
    if relies_on and digest_of(held) != relies_on.held:
        relies_on, held = None, frozenset()  # the ledger does not say any more what was listed then
    with asking(services, mapping.target.url):
        terms = Terms(claim.force, facts.volatile, services.ledger.rulings.known(mapping.name))
        plan = decide(services.target_of(mapping), listing, mapping, terms, held=held)
    whole = claim.scope == EVERYTHING and not claim.dry_run
    seen = _seen(mapping, listing, facts, began, services.clock()) if whole else None
    if seen and relies_on:
        seen = replace(seen, proved_at=relies_on.proved_at, held=relies_on.held)
    return Sight(plan, listing, claim.scope, Depth.FULL, seen)


def _seen(mapping: Mapping, listing: Listing, facts: TargetFacts, began: datetime, now: datetime) -> Look:
    return Look(
        rule=rule_of(mapping),
        full_at=began,
        full_seconds=(now - began).total_seconds(),
        seen_at=began,
        stated=listing.stated_releases or 0,
        recent=_young(listing.releases, began),
        target_state=facts.state,
        proved_at=began,
    )


def _young(releases: Iterable[Release], now: datetime) -> frozenset[int]:
    """Those that the next look at what is new comes by again."""
    since = now - timedelta(seconds=YOUNG)
    return frozenset(release.id for release in releases if release.created_at >= since)
