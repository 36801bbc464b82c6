"""Take from a Target what left its Source long enough ago, if nothing speaks against it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from syncer.core.audit import Action, Entry
from syncer.core.deletion import Judgement, Withdrawal, WithdrawalState, judge
from syncer.core.errors import FileGone, FileRefused, MappingBroken, Retryable
from syncer.core.model import DistributionFile, Mapping, OnSourceDelete, Scope
from syncer.core.warning import StandingWarning, WarningKind
from syncer.ports.claims import Worker
from syncer.ports.context import log_context
from syncer.ports.target import Target
from syncer.usecases.circuit import asking
from syncer.usecases.services import Services

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a Withdrawal ended, and why; ``written`` says that the Target was changed just now."""

    one: Withdrawal
    state: WithdrawalState
    reason: str
    written: bool = False


def withdraw_due(services: Services, worker: Worker, names: Iterable[str] | None = None) -> list[Ended]:
    """What may be withdrawn now is withdrawn, or has recorded why not; of these Mappings, or of all.

    A Mapping whose servers do not answer is left for the next time.
    """
    ended: list[Ended] = []
    for name in services.mappings if names is None else names:
        mapping = services.mapping(name)
        if mapping.deletion.action is not OnSourceDelete.WITHDRAW:
            continue
        with log_context(mapping=name):
            try:
                ended.extend(_withdraw(services, mapping, worker))
            except (Retryable, MappingBroken) as error:
                log.warning("nothing is withdrawn: %s", error)
    return ended


def judged(services: Services, mapping: Mapping) -> Judgement:
    """What of the Mapping's open Withdrawals may be carried out now."""
    ledger = services.ledger.withdrawals
    open_ = ledger.open(mapping.name)
    since = min((each.run_id for each in open_ if each.run_id is not None), default=0)
    return judge(mapping.deletion, open_, ledger.scans(mapping, since), ledger.files(mapping.name))


def _withdraw(services: Services, mapping: Mapping, worker: Worker) -> Iterator[Ended]:
    ledger, now = services.ledger.withdrawals, services.clock()
    # What was marked while the Mapping only marked gets its grace from when it began to withdraw.
    without = [each.id for each in ledger.open(mapping.name) if each.due_at is None]
    ledger.put_off(without, now + timedelta(seconds=mapping.deletion.grace))
    judgement = judged(services, mapping)
    ripe = (*judgement.now, *judgement.held)
    ledger.due([each.id for each in ripe if each.state is WithdrawalState.MARKED])
    services.ledger.warnings.replace(
        mapping.name, WarningKind.WITHDRAWALS_HELD, [*_warning(mapping, judgement)], now
    )
    if judgement.held:
        log.warning("%d files are not withdrawn: %s", len(judgement.held), judgement.brake)
    for project, group in groupby(judgement.now, lambda each: each.file.project):
        yield from _of_project(services, mapping, worker, project, list(group))


def _warning(mapping: Mapping, judgement: Judgement) -> Iterator[StandingWarning]:
    if judgement.asks:
        yield StandingWarning(
            WarningKind.WITHDRAWALS_HELD,
            mapping.name,
            f"Nothing is withdrawn from {mapping.target.index}: {judgement.brake}.",
            f"If they may go: `syncer deletions confirm {mapping.name} --reason TEXT`.",
        )


def _of_project(
    services: Services, mapping: Mapping, worker: Worker, project: str, group: list[Withdrawal]
) -> Iterator[Ended]:
    """The Source is asked once more, just before: what it shows again, or shows nothing of at all, stays."""
    with asking(services, mapping.source.url):
        source = services.source_of(mapping).list(Scope(project))
    listed = source.by_key()
    for one in group:
        if services.stopping() or one.file.key in listed or not (source.read_releases or one.is_confirmed):
            log.info("%s is not withdrawn now", one.file.filename)
            continue
        with asking(services, mapping.target.url):
            ended = _remove(services, mapping, one)
        if _recorded(services, mapping, worker, ended):
            log.info("%s is %s: %s", one.file.filename, ended.state, ended.reason)
            yield ended


def _remove(services: Services, mapping: Mapping, one: Withdrawal) -> Ended:
    """The file is gone from the Target, or there is a reason why it stays."""
    there = _held(services.target_of(mapping), one.file)
    if there is None:
        return Ended(one, WithdrawalState.WITHDRAWN, "it was not there any more")
    if there.sha256 != one.file.sha256:
        reason = f"other bytes stand under this name now (sha256 {there.sha256}); they are left alone"
        return Ended(one, WithdrawalState.REFUSED, reason)
    if other := services.ledger.withdrawals.wanted(_sharing(services, mapping), one.file):
        return Ended(one, WithdrawalState.REFUSED, f"mapping {other} brings the same file to this index")
    if not services.ledger.withdrawals.is_open(one):
        return Ended(one, WithdrawalState.UNDONE, "somebody undid it in this moment")
    return _taken_away(services.target_of(mapping), one, there)


def _taken_away(target: Target, one: Withdrawal, there: DistributionFile) -> Ended:
    try:
        answer = target.withdraw(one.file)
    except FileGone:
        return Ended(one, WithdrawalState.WITHDRAWN, "it was not there any more")
    except FileRefused as error:
        return Ended(one, WithdrawalState.REFUSED, str(error))
    if _held(target, one.file) == there:
        return Ended(one, WithdrawalState.REFUSED, f"the target answered {answer!r} and still has the file")
    return Ended(one, WithdrawalState.WITHDRAWN, answer, written=True)


def _held(target: Target, file: DistributionFile) -> DistributionFile | None:
    return target.list([file.project]).by_key().get(file.key)


def _sharing(services: Services, mapping: Mapping) -> list[str]:
    """Other Mappings to the same index, by whatever name the server is configured."""
    here = mapping.target.url, mapping.target.index
    every = services.mappings.values()
    return [each.name for each in every if each != mapping and (each.target.url, each.target.index) == here]


def _recorded(services: Services, mapping: Mapping, worker: Worker, ended: Ended) -> bool:
    """Whether it was this process that ended it; what was written to the Target is audited with it."""
    one, now, ledger = ended.one, services.clock(), services.ledger
    detail = {
        "sha256": one.file.sha256,
        "target": str(mapping.target),
        "run": one.run_id,
        "answer": ended.reason,
    }
    subject = f"{one.file.project}/{one.file.filename}"
    entry = Entry(Action.WITHDRAW, worker.name, mapping.name, subject, detail)
    with ledger.together():
        # What was removed is recorded as that, even where somebody undid it while it was being removed.
        ours = ledger.withdrawals.end(one, ended.state, ended.reason, now, even_ended=ended.written)
        if ours and ended.state is WithdrawalState.WITHDRAWN:
            ledger.audit.append(entry, now)
    return ours
