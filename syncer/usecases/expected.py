"""A Plan that was made before is carried out exactly, or not at all."""

from __future__ import annotations

from syncer.core.errors import PlanMoved
from syncer.core.look import rule_of
from syncer.core.model import Mapping
from syncer.core.plan import Plan
from syncer.core.planfile import Movement, Part, Side, digest_of_plan, movements
from syncer.ports.claims import RunClaim
from syncer.usecases.compare import compare
from syncer.usecases.services import Services


def moved(services: Services, part: Part) -> tuple[Movement, ...]:
    """What is not as the Plan has it: both sides are compared anew, and nothing is written.

    Raises Retryable when a side cannot be read whole, MappingBroken when it can never be.
    """
    mapping = services.mappings.get(part.mapping)
    if mapping is None:
        return (_configured(part, "no mapping of this name is configured any more"),)
    if rule_of(mapping) != part.rule:
        return (_configured(part, f"the rule was {part.rule} and is {rule_of(mapping)}"),)
    plan, _ = compare(services, mapping, part.scope, force=part.force)
    return movements(part.plan, plan)


def _configured(part: Part, text: str) -> Movement:
    return Movement(Side.CONFIGURATION, "", f"mapping {part.mapping}: {text}")


def require_expected(claim: RunClaim, mapping: Mapping, plan: Plan) -> None:
    """Raise PlanMoved when the Run is to carry out one Plan alone, and this is another one.

    Whichever process plans the Run finds the Plan's digest with it.
    """
    if not claim.expects:
        return
    found = digest_of_plan(rule_of(mapping), claim.scope, plan, force=claim.force)
    if found != claim.expects:
        raise PlanMoved(
            "What would be done now is not what the plan says, so nothing was done.",
            "Something changed at one side while the plan was being applied.",
            "Make a new one with `syncer plan --out FILE`, and look at it.",
        )
