"""Compares what was published with what the target and the ledger say; pure, so that it can be tested."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet

from syncer.core.plan import DecisionKind
from syncer.core.states import AT_TARGET, TransferState
from tests.chaos.findings import Finding, Ill
from tests.chaos.target import Shelf
from tests.chaos.truth import Publication


@dataclass(frozen=True, slots=True)
class Entry:
    """A current decision of the ledger, and its Transfer where it has one."""

    project: str
    filename: str
    sha256: str
    kind: str
    state: str | None = None
    outcome: str | None = None

    @property
    def at_target(self) -> bool:
        """Whether the ledger says that the file is at its target."""
        ended = self.state == TransferState.ENDED and self.outcome in AT_TARGET
        return self.kind == DecisionKind.ALREADY_THERE or (self.kind == DecisionKind.COPY and ended)


def judge_shelf(index: str, shelf: Shelf, ever: Iterable[Publication]) -> list[Finding]:
    """The index holds each file of the project once, as it was published, and nothing else.

    ``ever`` is every publication of the project, withdrawn ones too: those stay at the target.
    """
    published = {each.dist.filename: each for each in ever}
    where = f"{index} {shelf.project}"
    found = [
        Finding(Ill.LOST, f"{where}: {name} is not there") for name in sorted(published.keys() - shelf.files)
    ]
    found += [
        Finding(Ill.EXTRA, f"{where}: nobody published {name}") for name in shelf.files.keys() - published
    ]
    for name in sorted(shelf.files.keys() & published):
        found += [Finding(Ill.WRONG, f"{where}: {name} {text}") for text in _wrong(shelf, published[name])]
    return found


def _wrong(shelf: Shelf, publication: Publication) -> list[str]:
    held, wanted = shelf.files[publication.dist.filename], publication.dist.sha256
    texts = []
    if held.sha256 != wanted or held.served not in ("", wanted):
        texts.append(f"has sha256 {held.sha256} and serves {held.served or '?'} instead of {wanted}")
    if SpecifierSet(held.requires_python) != SpecifierSet(publication.requires_python):
        texts.append(f"requires {held.requires_python!r} instead of {publication.requires_python!r}")
    if (times := shelf.times[held.filename]) != 1:
        texts.append(f"is listed {times} times")
    return texts


def judge_projects(index: str, held: set[str], ever: Iterable[Publication]) -> list[Finding]:
    """No project is on the index that nobody published."""
    strangers = held - {each.project for each in ever}
    return [Finding(Ill.EXTRA, f"{index}: nobody published project {name}") for name in sorted(strangers)]


def judge_ledger(mapping: str, entries: Iterable[Entry], now: Iterable[Publication]) -> list[Finding]:
    """The current decisions are about exactly the files that the source holds, and all are at the target."""
    known = {(entry.project, entry.filename): entry for entry in entries}
    wanted = {each.key: each for each in now}
    texts = [f"{key} was published and is not decided" for key in sorted(wanted.keys() - known)]
    texts += [f"{key} is decided and was never published" for key in sorted(known.keys() - wanted)]
    for key in sorted(wanted.keys() & known):
        entry = known[key]
        if entry.sha256 != wanted[key].dist.sha256:
            texts.append(f"{key} is decided with sha256 {entry.sha256}")
        if not entry.at_target:
            texts.append(f"{key} is {entry.kind}, its transfer {entry.state} {entry.outcome}")
    return [Finding(Ill.LEDGER, f"{mapping}: {text}") for text in texts]


def judge_claims(mapping: str, claimed: Iterable[Entry], shelves: Mapping[str, Shelf]) -> list[Finding]:
    """No Transfer ended as copied or already there that is not at the target."""
    found = []
    for entry in claimed:
        if not entry.at_target or entry.project not in shelves:
            continue
        held = shelves[entry.project].files.get(entry.filename)
        if held is None or held.sha256 != entry.sha256:
            shown = held.sha256 if held else "nothing"
            text = f"{mapping}: {entry.filename} is {entry.outcome} in the ledger, the target has {shown}"
            found.append(Finding(Ill.LEDGER, text))
    return found


@dataclass(frozen=True, slots=True)
class Green:
    """Somebody said at the time ``seen`` that the Mapping's Run ``run`` proved everything to be there.

    ``sure_until`` is the time up to which the word may have been given: what began to arrive later was
    not there when it was said.
    """

    who: str
    mapping: str
    run: int
    sure_until: float


def judge_green(green: Green, listed: Iterable[tuple[Publication, float | None]]) -> list[Finding]:
    """A green word was true of every file that its Run must have listed.

    ``listed`` are those files, each with the time at which its arrival at the target began.
    """
    late = [each.dist.filename for each, began in listed if began is None or began > green.sure_until]
    text = f"{green.who} said {green.mapping} is complete by run {green.run}, but not there yet: "
    return [Finding(Ill.FALSE_GREEN, text + ", ".join(late))] if late else []
