"""Carry out what a Report of both sides says, under the name of the person who asked for it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from syncer.core.audit import Action, Entry
from syncer.core.drift import Finding
from syncer.core.errors import FileRefused, MappingBroken, Retryable, SyncerError
from syncer.core.metadata import CoreMetadata
from syncer.core.repair import OURS, repairs_of
from syncer.ports.claims import RunRequest
from syncer.usecases.circuit import asking
from syncer.usecases.drift import Report
from syncer.usecases.fetch import fetch
from syncer.usecases.services import Services

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A release whose page was written anew: the target's answer, or why it was not."""

    finding: Finding
    answer: str = ""
    error: SyncerError | None = None


def repair(
    services: Services, report: Report, actor: str, trigger: str
) -> tuple[list[RunRequest], list[Refreshed]]:
    """Pages were written anew, and the audit holds what else is to be done; the Runs that do it."""
    repairs = repairs_of(report.findings, report.scope)
    name, now = report.mapping.name, services.clock()
    with services.ledger.together():
        for finding in report.findings:
            if finding.remedy in OURS:
                services.ledger.audit.append(_entry(Action.REPAIR, actor, name, finding), now)
    refreshed = [_refresh(services, report, finding, actor) for finding in repairs.refreshes]
    return [RunRequest(name, trigger, scope, force) for scope, force in repairs.runs], refreshed


def _refresh(services: Services, report: Report, finding: Finding, actor: str) -> Refreshed:
    mapping = report.mapping
    try:
        metadata = _metadata(services, report, finding)
        with asking(services, mapping.target.url):
            answer = services.target_of(mapping).refresh(finding.project, metadata)
    except (FileRefused, Retryable, MappingBroken) as error:
        log.warning("%s was not written anew: %s", finding.project, error)
        return Refreshed(finding, error=error)
    entry = _entry(Action.REFRESH, actor, mapping.name, finding, answer=answer)
    services.ledger.audit.append(entry, services.clock())
    return Refreshed(finding, answer)


def _metadata(services: Services, report: Report, finding: Finding) -> CoreMetadata | None:
    """What the file itself says, under the version that the target knows it by; None when there is none."""
    file = report.source.by_key().get((finding.project, finding.filename)) if report.source else None
    if file is None:
        return None
    metadata = fetch(services, report.mapping.name, file)[1]
    version = finding.target_version or metadata.version
    form = tuple((field, version if field == "version" else value) for field, value in metadata.form)
    return replace(metadata, version=version, form=form)


def _entry(action: Action, actor: str, mapping: str, finding: Finding, **more: str) -> Entry:
    detail = {
        "cause": finding.cause,
        "remedy": finding.remedy,
        "sha256": finding.sha256,
        "target_sha256": finding.target_sha256,
        **more,
    }
    return Entry(action, actor, mapping, f"{finding.project}/{finding.filename}", detail)
