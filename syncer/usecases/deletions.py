"""What a person says to files that left their Source: they stay, or they may go."""

from __future__ import annotations

import logging

from syncer.core.audit import Action, Entry
from syncer.core.deletion import Withdrawal, WithdrawalState
from syncer.core.model import OnSourceDelete
from syncer.core.warning import WarningKind
from syncer.usecases.reasons import DecisionRefused, stated
from syncer.usecases.services import Services

log = logging.getLogger(__name__)

#: How many files the audit names of one confirmation; their number is told in any case.
NAMED = 1000


def undo(services: Services, one: Withdrawal, reason: str, actor: str) -> None:
    """The file stays at the Target, and this is audited; raises DecisionRefused when it is too late."""
    reason, now, ledger = stated(reason), services.clock(), services.ledger
    subject, detail = f"{one.file.project}/{one.file.filename}", {"sha256": one.file.sha256, "reason": reason}
    with ledger.together():
        if not ledger.withdrawals.end(one, WithdrawalState.UNDONE, f"by {actor}: {reason}", now):
            raise DecisionRefused(
                f"{one.file.filename} is not marked any more, so there is nothing to undo.",
                "It was withdrawn in this moment, or is at the source again.",
                "`syncer deletions` says which; what was withdrawn comes back when it is published again.",
            )
        ledger.audit.append(Entry(Action.UNDO, actor, one.mapping, subject, detail), now)
    log.info("%s: %s stays: %s", one.mapping, one.file.filename, reason)


def confirm(services: Services, mapping: str, reason: str, actor: str) -> int:
    """What waits to be withdrawn may go whatever the cap says, after its grace; how many files it is.

    Raises DecisionRefused without a reason, or where nothing waits.
    """
    reason, now, ledger = stated(reason), services.clock(), services.ledger
    open_ = [each for each in ledger.withdrawals.open(mapping) if not each.is_confirmed]
    if services.mapping(mapping).deletion.action is not OnSourceDelete.WITHDRAW or not open_:
        raise DecisionRefused(
            f"Nothing of mapping {mapping} waits to be withdrawn, so there is nothing to confirm.",
            "No file has left its source, or its on_source_delete is not withdraw.",
            "`syncer deletions` lists what is marked.",
        )
    files = [f"{each.file.project}/{each.file.filename}" for each in open_]
    detail = {"reason": reason, "files": files[:NAMED]}
    subject = f"withdrawal of {len(open_)} files"
    with ledger.together():
        confirmed = ledger.withdrawals.confirm([each.id for each in open_], now)
        ledger.warnings.replace(mapping, WarningKind.WITHDRAWALS_HELD, [], now)
        ledger.audit.append(Entry(Action.APPROVE, actor, mapping, subject, detail), now)
    log.info("%s: %d files may be withdrawn: %s", mapping, confirmed, reason)
    return confirmed
