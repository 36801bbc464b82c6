"""What mends the differences of two sides: Runs, pages written anew, and what only a person does; pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from syncer.core.drift import Finding
from syncer.core.drift_kinds import Cause, Remedy
from syncer.core.model import EVERYTHING, Mapping, Scope

#: More projects are copied by one Run of the whole Mapping, as each Run reads Gitea's whole list.
MANY = 5
#: What the syncer carries out.
OURS = frozenset({Remedy.COPY, Remedy.REPLACE, Remedy.REFRESH})

_BY_HAND = {
    Cause.NO_DISTRIBUTION: "publish it again under the name that its build tool gives it, or set file_deny",
    Cause.MIXED_PYTHON: "publish the files of the release with one Requires-Python",
    Cause.TWICE_AT_SOURCE: "delete one of the two packages at the source",
}


@dataclass(frozen=True, slots=True)
class Repairs:
    """What is to be done: each Run's Scope and whether it replaces bytes, and a Finding for each release."""

    runs: tuple[tuple[Scope, bool], ...] = ()
    refreshes: tuple[Finding, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.runs or self.refreshes)


def repairs_of(findings: Iterable[Finding], scope: Scope = EVERYTHING) -> Repairs:
    """What the syncer itself can do about them, where ``scope`` is what was compared.

    Bytes are replaced by a Run of the release alone, so that no other file of the project is forced.
    """
    found = tuple(findings)
    copies = list(dict.fromkeys((Scope(each.project), False) for each in found if each.remedy is Remedy.COPY))
    if len(copies) > MANY and scope == EVERYTHING:
        copies = [(EVERYTHING, False)]
    forced = [(Scope(each.project, each.version), True) for each in found if each.remedy is Remedy.REPLACE]
    pages = {(each.project, each.version): each for each in found if each.remedy is Remedy.REFRESH}
    return Repairs(tuple(dict.fromkeys([*copies, *forced])), tuple(pages.values()))


def instruction(finding: Finding, mapping: Mapping, *, volatile: bool) -> str:
    """The command that mends it, or in words what a person has to do; empty when there is nothing."""
    which = f"-m {shlex.quote(mapping.name)} -p {shlex.quote(finding.project)}"
    if finding.remedy in OURS:
        with_bytes = " --bytes" if finding.cause in (Cause.SPOILT, Cause.NO_BYTES) else ""
        return f"syncer repair {which}{with_bytes}"
    if finding.remedy is Remedy.AGAIN:
        return f"syncer verify {which}{' --bytes' if finding.cause is Cause.NO_DIGEST else ''}"
    if finding.remedy is Remedy.NOTHING:
        return ""
    if finding.cause in _BY_HAND:
        return _BY_HAND[finding.cause]
    if finding.cause is Cause.WITHDRAWN:
        return f"syncer conflicts show {shlex.quote(mapping.name)} {shlex.quote(finding.filename)}"
    force = "" if volatile else "--force "
    remove = f"devpi remove {force}--index {shlex.quote(mapping.target.index)} {shlex.quote(finding.locator)}"
    return remove if finding.cause is Cause.GONE_AT_SOURCE else f"{remove} && syncer repair {which}"
