"""List both sides and decide; nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from syncer.core.model import EVERYTHING, Listing, Mapping, Scope
from syncer.core.plan import Plan, make_plan
from syncer.usecases.services import Services

Asking = Callable[[str], AbstractContextManager[None]]


def compare(
    services: Services,
    mapping: Mapping,
    scope: Scope = EVERYTHING,
    *,
    force: bool = False,
    asking: Asking = lambda _url: nullcontext(),
) -> tuple[Plan, Listing]:
    """The Plan for a Mapping as both sides are now, and the Source's Listing behind it.

    ``asking`` surrounds the requests to each server, which it is given by URL. ``force`` overwrites only
    where the target says that its files may be replaced. Raises Retryable when a side cannot be read
    whole, MappingBroken when it can never be.
    """
    with asking(mapping.source.url):
        source = services.source_of(mapping).list(scope)
    wanted = {file.project for file in source.files if not mapping.selection.refusal(file)}
    target = services.target_of(mapping)
    with asking(mapping.target.url):
        overwrite = target.probe().volatile and force
        held = target.list(sorted(wanted))
    return make_plan(source, held, mapping.selection, overwrite=overwrite), source
