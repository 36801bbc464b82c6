"""List both sides and decide; nothing is written."""

from __future__ import annotations

from syncer.core.model import EVERYTHING, Listing, Mapping, Scope
from syncer.core.plan import Plan, make_plan
from syncer.usecases.services import Services


def compare(
    services: Services, mapping: Mapping, scope: Scope = EVERYTHING, *, force: bool = False
) -> tuple[Plan, Listing]:
    """The Plan for a Mapping as both sides are now, and the Source's Listing behind it.

    ``force`` overwrites only where the target says that its files may be replaced. Raises Retryable
    when a side cannot be read whole, MappingBroken when it can never be.
    """
    source = services.source_of(mapping).list(scope)
    target = services.target_of(mapping)
    overwrite = target.probe().volatile and force
    wanted = {file.project for file in source.files if not mapping.selection.refusal(file)}
    return make_plan(source, target.list(sorted(wanted)), mapping.selection, overwrite=overwrite), source
