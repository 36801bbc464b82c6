"""Decide about a file whose name has other bytes at the Target."""

from __future__ import annotations

import logging
from dataclasses import replace

from syncer.core.audit import Action, Entry
from syncer.core.known import Contest, Ruling, Verdict
from syncer.core.model import Scope
from syncer.ports.claims import RunRequest
from syncer.usecases.reasons import DecisionRefused, stated
from syncer.usecases.services import Services

log = logging.getLogger(__name__)

_ACTIONS = {Verdict.APPROVED: Action.APPROVE, Verdict.REJECTED: Action.REJECT}


def rule(services: Services, mapping: str, contest: Contest, ruling: Ruling, trigger: str) -> RunRequest:
    """It is decided about exactly these two contents, and audited; the Run that follows the decision.

    Raises DecisionRefused without a reason, or where one of both contents is not known.
    """
    project, filename, source_sha256, target_sha256 = contest
    if not (source_sha256 and target_sha256):
        raise DecisionRefused(
            f"It is not known which bytes named {filename} the target holds, so nothing was done.",
            "The conflict was found when the file was uploaded, and no run has looked since.",
            f"Run `syncer sync -m {mapping} -p {project}`, look at the conflict, and decide then.",
        )
    ruling = replace(ruling, reason=stated(ruling.reason))
    detail = {"source_sha256": source_sha256, "target_sha256": target_sha256, "reason": ruling.reason}
    entry = Entry(_ACTIONS[ruling.verdict], ruling.actor, mapping, f"{project}/{filename}", detail)
    with services.ledger.together():
        services.ledger.rulings.rule(mapping, contest, ruling, services.clock())
        services.ledger.audit.append(entry, services.clock())
    log.info("%s: %s %s", mapping, filename, ruling)
    return RunRequest(mapping, trigger, Scope(project), actor=ruling.actor)
