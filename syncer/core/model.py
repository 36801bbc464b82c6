"""The values that the whole project speaks in; the words are explained in docs/how-it-works.md."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from math import ceil

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version


class FileKind(StrEnum):
    """What an installer can do with a file."""

    WHEEL = "wheel"
    SDIST = "sdist"


@dataclass(frozen=True, slots=True)
class DistributionFile:
    """One wheel or sdist as one side lists it.

    ``project`` is PEP 503 normalized, ``version`` is spelt as that side spells it, ``sha256`` is
    lower-case hex, ``locator`` is opaque to everybody but the Source that gave it. ``release_id`` is the
    Source's own number of the release, new when it was published anew, None where it names none.
    """

    project: str
    version: str
    filename: str
    sha256: str
    size: int | None = None
    requires_python: str = ""
    locator: str = ""
    repository: str = ""
    archived: bool = False
    release_id: int | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Two files with one key cannot both be on one index."""
        return (self.project, self.filename)


@dataclass(frozen=True, slots=True)
class Release:
    """One version of a project as the Source lists it; ``id`` is new when it was published anew."""

    id: int
    project: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Listing:
    """What one side holds at one moment.

    A Source's Listing is provably complete for the Scope asked: an adapter that cannot prove it
    raises ListingIncomplete. ``stated_releases`` is the total the server states, ``read_releases``
    the number of distinct releases read. ``releases`` are those that were listed.
    """

    files: tuple[DistributionFile, ...] = ()
    stated_releases: int | None = None
    read_releases: int | None = None
    releases: tuple[Release, ...] = ()

    def by_key(self) -> dict[tuple[str, str], DistributionFile]:
        """File by key; of two files with one key the first stands."""
        found: dict[tuple[str, str], DistributionFile] = {}
        for file in self.files:
            found.setdefault(file.key, file)
        return found

    def projects(self) -> frozenset[str]:
        """The normalized names of all projects in the Listing."""
        return frozenset(file.project for file in self.files)


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of a Mapping that a Run looks at; empty strings, and None, mean everything."""

    project: str = ""
    version: str = ""
    projects: frozenset[str] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "project", canonicalize_name(self.project) if self.project else "")

    def __str__(self) -> str:
        return f"{self.project} {self.version}".strip() or "everything"

    def covers(self, project: str, version: str) -> bool:
        """Whether a release, spelt as the source spells it, lies within the Scope."""
        return self.covers_project(project) and (not self.version or same_version(version, self.version))

    def covers_project(self, project: str) -> bool:
        """Whether a PEP 503 normalized project lies within the Scope."""
        return (not self.project or project == self.project) and (
            self.projects is None or project in self.projects
        )


EVERYTHING = Scope()


def same_version(left: str, right: str) -> bool:
    """Whether two spellings name one PEP 440 version; spellings that are none compare as text."""
    try:
        return Version(left) == Version(right)
    except InvalidVersion:
        return left == right


def same_specifier(left: str, right: str) -> bool:
    """Whether two Requires-Python texts mean the same; what cannot be parsed compares as text."""
    try:
        return SpecifierSet(left) == SpecifierSet(right)
    except InvalidSpecifier:
        return left.strip() == right.strip()


@dataclass(frozen=True, slots=True)
class Selection:
    """Which files of a Source a Mapping wants; every refusal has a reason.

    ``repositories`` are ``name`` or ``owner/name`` in lower case, None allows all; the patterns are
    shell globs, over PEP 503 names (``projects``) or over file names.
    """

    repositories: frozenset[str] | None = None
    include_archived: bool = False
    project_allow: tuple[str, ...] = ()
    project_deny: tuple[str, ...] = ()
    file_deny: tuple[str, ...] = ()

    def refusal(self, file: DistributionFile) -> str:
        """Why the file is not wanted; empty when it is."""
        return self._by_repository(file) or self._by_project(file) or self._by_name(file)

    def _by_repository(self, file: DistributionFile) -> str:
        if file.archived and not self.include_archived:
            return f"its repository {file.repository} is archived and include_archived is off"
        if self.repositories is None:
            return ""
        if not file.repository:
            return "it is linked to no repository that the token can see, and repositories is set"
        name = file.repository.lower()
        if name in self.repositories or name.rpartition("/")[2] in self.repositories:
            return ""
        return f"its repository {file.repository} is not in repositories"

    def _by_project(self, file: DistributionFile) -> str:
        if self.project_allow and not _matches(file.project, self.project_allow):
            return f"project {file.project} is not in project_allow"
        if _matches(file.project, self.project_deny):
            return f"project {file.project} is in project_deny"
        return ""

    def _by_name(self, file: DistributionFile) -> str:
        return f"{file.filename} matches file_deny" if _matches(file.filename, self.file_deny) else ""


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


@dataclass(frozen=True, slots=True)
class SourceRef:
    """Where files come from: one owner's registry on one server."""

    url: str
    owner: str
    kind: str = "gitea"

    def __str__(self) -> str:
        return f"{self.kind}:{self.url}/{self.owner}"


@dataclass(frozen=True, slots=True)
class TargetRef:
    """Where files go: one index on one server; ``server`` is the name of its section."""

    url: str
    index: str
    server: str = "default"
    kind: str = "devpi"

    def __str__(self) -> str:
        return f"{self.kind}:{self.url}/{self.index}"


class OnSourceDelete(StrEnum):
    """What becomes of a file at the Target when the Source no longer has it."""

    KEEP = "keep"
    MARK = "mark"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Deletion:
    """What a Mapping does about files that its Source no longer has.

    Only where ``action`` is withdraw anything is ever removed: after ``grace`` seconds, and as long as not
    more files wait for it than ``cap_files`` and ``cap_percent`` of all; else a person is asked first.
    """

    action: OnSourceDelete = OnSourceDelete.KEEP
    grace: float = 72 * 3600.0
    cap_files: int = 10
    cap_percent: float = 5.0

    def cap(self, files: int) -> int:
        """How many of so many files may go without a person: the smaller cap; percent are rounded up."""
        return min(self.cap_files, ceil(files * self.cap_percent / 100))


@dataclass(frozen=True, slots=True)
class Mapping:
    """A named rule: one Source feeds one Target, with a Selection.

    It is looked at every ``interval`` seconds, and as a whole every ``full_interval`` seconds, and is stale
    when it was not complete for ``stale_intervals`` of the first. A release is to have its files after
    ``release_settle`` seconds, and every file is read back within ``recheck`` seconds; 0 turns these off.
    """

    name: str
    source: SourceRef
    target: TargetRef
    selection: Selection = field(default_factory=Selection)
    interval: float = 300.0
    full_interval: float = 900.0
    stale_intervals: int = 3
    release_settle: float = 3600.0
    recheck: float = 30 * 86400.0
    deletion: Deletion = field(default_factory=Deletion)
