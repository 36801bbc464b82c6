"""How both sides of a Mapping differ now, one finding per file, each with its cause and remedy; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from syncer.core.drift_kinds import KINDS, Cause, Remedy, Symbol
from syncer.core.known import Key
from syncer.core.model import DistributionFile, Listing, same_specifier, same_version
from syncer.core.names import read_filename
from syncer.core.plan import Decision, DecisionKind, make_plan
from syncer.core.sides import Shelf, Sides, by_key


@dataclass(frozen=True, slots=True)
class Finding:
    """How one file stands; ``detail`` is particular to it, ``locator`` is where the target has it."""

    symbol: Symbol
    cause: Cause
    remedy: Remedy
    project: str
    version: str
    filename: str
    sha256: str = ""
    target_sha256: str = ""
    target_version: str = ""
    detail: str = ""
    locator: str = ""

    @property
    def fine(self) -> bool:
        """Whether nobody has to do anything about it."""
        return self.symbol in (Symbol.SAME, Symbol.EXCLUDED) or self.cause is Cause.FOREIGN

    @property
    def why(self) -> str:
        """The cause in words."""
        meaning = KINDS[self.cause].meaning
        return f"{meaning} ({self.detail})" if self.detail else meaning


def find_drift(sides: Sides) -> tuple[Finding, ...]:
    """Every file of either side exactly once, by project, version and name."""
    own, page = sides.own(), sides.page()
    known = by_key(sides.source.files) if sides.source else {}
    found = [*_of_source(sides, own, page)]
    found += [_of_target(sides, own.get(key), page.get(key)) for key in {**own, **page} if key not in known]
    return tuple(sorted(found, key=lambda each: (each.project, each.version, each.filename)))


def doubtful(sides: Sides) -> tuple[DistributionFile, ...]:
    """The files at the source whose own Requires-Python decides: target and source state different ones."""
    own, page = sides.own(), sides.page()
    return tuple(
        file
        for key, file in (by_key(sides.source.files) if sides.source else {}).items()
        if key in own and key in page and own[key].sha256 == file.sha256
        if file.sha256 not in sides.requires_python
        and not (
            same_specifier(page[key].requires_python, file.requires_python)
            and same_specifier(own[key].requires_python, file.requires_python)
        )
    )


def _of_source(
    sides: Sides, own: Mapping[Key, DistributionFile], page: Mapping[Key, DistributionFile]
) -> Iterator[Finding]:
    if sides.source is None:
        return
    plan = make_plan(sides.source, Listing(tuple(own.values())), sides.selection, sides.terms)
    first = by_key(sides.source.files)
    twice = {file.key for file in sides.source.files if file.sha256 != first[file.key].sha256}
    for decision in plan.decisions:
        key = decision.file.key
        cause, detail = _cause(sides, decision, own.get(key), page.get(key), twice=key in twice)
        yield _finding(sides, cause, decision.file, own.get(key), detail)


def _cause(
    sides: Sides,
    decision: Decision,
    own: DistributionFile | None,
    page: DistributionFile | None,
    *,
    twice: bool,
) -> tuple[Cause, str]:
    """The first of the things that can be wrong with a file of the source."""
    file = decision.file
    if decision.kind is DecisionKind.EXCLUDED:
        return Cause.EXCLUDED, decision.reason
    if decision.kind is DecisionKind.NOT_A_DISTRIBUTION:
        return Cause.NO_DISTRIBUTION, decision.reason
    if twice:
        return Cause.TWICE_AT_SOURCE, f"also sha256 {decision.target_sha256}"
    shelf = _shelf(sides, file.project)
    if shelf is None or shelf.error:
        return Cause.TARGET_UNREAD, shelf.error if shelf else ""
    if own is None:
        return _absent(decision, shelf)
    return _bytes(sides, file, own) or _metadata(sides, file, own, page) or (Cause.SAME, "")


def _shelf(sides: Sides, project: str) -> Shelf | None:
    return None if sides.shelves is None else sides.shelves.get(project, Shelf())


def _absent(decision: Decision, shelf: Shelf) -> tuple[Cause, str]:
    file = decision.file
    if decision.kind is DecisionKind.CONFLICT:
        return Cause.WITHDRAWN, f"sha256 {decision.target_sha256}"
    base = next((each for each in shelf.inherited if each.filename == file.filename), None)
    if base is not None:
        same = "the same bytes" if base.sha256 == file.sha256 else f"other bytes, sha256 {base.sha256 or '?'}"
        return Cause.INHERITED, f"{base.repository or 'the base'} has {same}"
    if not shelf.files:
        return Cause.PROJECT_MISSING, ""
    version = expected_version(file)
    has_release = any(same_version(each.version, version) for each in shelf.files)
    return (Cause.FILE_MISSING if has_release else Cause.RELEASE_MISSING), ""


def _bytes(sides: Sides, file: DistributionFile, own: DistributionFile) -> tuple[Cause, str] | None:
    served = sides.served.get(file.key)
    stated = own.sha256 or (served.sha256 if served else "")
    if not stated:
        return Cause.NO_DIGEST, ""
    if stated != file.sha256:
        return Cause.OTHER_BYTES, f"sha256 {stated}"
    if served is None:
        return _as_last_fetched(sides.terms.known.served(file))
    if served.error:
        return Cause.NOT_FETCHED, served.error
    if not served.sha256:
        return Cause.NO_BYTES, ""
    return None if served.sha256 == file.sha256 else (Cause.SPOILT, f"sha256 {served.sha256}")


def _as_last_fetched(served: str | None) -> tuple[Cause, str] | None:
    if served is None:
        return None
    when = "when it was last fetched"
    return (Cause.SPOILT, f"sha256 {served}, {when}") if served else (Cause.NO_BYTES, when)


def _metadata(
    sides: Sides, file: DistributionFile, own: DistributionFile, page: DistributionFile | None
) -> tuple[Cause, str] | None:
    if page is None:
        return Cause.STALE_PAGE, "it is not on that page"
    if page.sha256 != own.sha256:
        return Cause.STALE_PAGE, f"that page says sha256 {page.sha256 or '?'}"
    if not same_specifier(page.requires_python, own.requires_python):
        return Cause.STALE_PAGE, _pythons("the release", own.requires_python, page.requires_python)
    stated = sides.requires_python.get(file.sha256, file.requires_python)
    if not same_specifier(page.requires_python, stated):
        cause = Cause.MIXED_PYTHON if _is_mixed(sides, file, stated) else Cause.REQUIRES_PYTHON
        return cause, _pythons("the file", stated, page.requires_python)
    if not same_version(own.version, expected_version(file)):
        return Cause.OTHER_VERSION, f"{own.version} instead of {expected_version(file)}"
    return None


def _is_mixed(sides: Sides, file: DistributionFile, stated: str) -> bool:
    """Whether another file of the release, opened as well, states another Requires-Python."""
    version, known = expected_version(file), sides.requires_python
    return any(
        not same_specifier(known[other.sha256], stated)
        for other in (sides.source.files if sides.source else ())
        if other.project == file.project and other.sha256 in known
        if same_version(expected_version(other), version)
    )


def _pythons(who: str, stated: str, shown: str) -> str:
    return f"{who} says {stated or 'nothing'}, that page says {shown or 'nothing'}"


def expected_version(file: DistributionFile) -> str:
    """The version that the file's own name says, the source's where it says none."""
    return read_filename(file.filename).version or file.version


def _of_target(sides: Sides, own: DistributionFile | None, page: DistributionFile | None) -> Finding:
    """A file that the source does not list; one of both stands at the target."""
    file = own or page
    if file is None:
        raise ValueError("a file of the target stands somewhere there")
    if sides.source is None:
        return _finding(sides, Cause.SOURCE_UNREAD, None, file, "")
    if own is None:
        return _finding(sides, Cause.PAGE_ONLY, None, file, "")
    ours = (*file.key, file.sha256) in sides.brought
    return _finding(sides, Cause.GONE_AT_SOURCE if ours else Cause.FOREIGN, None, file, "")


def _finding(
    sides: Sides,
    cause: Cause,
    file: DistributionFile | None,
    there: DistributionFile | None,
    detail: str,
) -> Finding:
    either = file or there
    if either is None:
        raise ValueError("a finding is about a file")
    kind = KINDS[cause]
    only_a_person = kind.remedy is Remedy.REPLACE and not sides.terms.volatile
    return Finding(
        symbol=kind.symbol,
        cause=cause,
        remedy=Remedy.PERSON if only_a_person else kind.remedy,
        project=either.project,
        version=either.version,
        filename=either.filename,
        sha256=file.sha256 if file else "",
        target_sha256=there.sha256 if there else "",
        target_version=there.version if there else "",
        detail=detail,
        locator=there.locator if there else "",
    )
