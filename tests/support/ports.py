"""A Source and a Target in memory, and accidents at every call of a port.

The contract tests hold both to what the real Gitea and devpi adapters do.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from syncer.core.errors import ContentConflict, FileGone, SyncerError, UploadRejected
from syncer.core.metadata import CoreMetadata
from syncer.core.model import EVERYTHING, DistributionFile, Listing, Release, Scope
from syncer.core.names import read_filename
from syncer.core.sides import Shelf
from syncer.ports.source import Filed
from syncer.ports.target import Inheritance, Spend, TargetFacts
from tests.support.dists import Dist

CHUNK = 500


class MemorySource:
    """One owner's registry; ``broken`` is what every call raises instead."""

    def __init__(self, broken: SyncerError | None = None) -> None:
        self.broken = broken
        self.contents: dict[str, bytes] = {}
        self._files: dict[str, DistributionFile] = {}
        self._releases: dict[tuple[str, str], Release] = {}
        self._ids = count(1)
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def publish(
        self, dist: Dist, *, project: str = "", version: str = "", created_at: datetime | None = None
    ) -> DistributionFile:
        """The file is there, under its own project and version unless others are given.

        A new release is dated now, or at ``created_at``: a slow upload is committed late.
        """
        named = read_filename(dist.filename)
        file = DistributionFile(
            project=canonicalize_name(project) or named.project,
            version=version or named.version,
            filename=dist.filename,
            sha256=dist.sha256,
        )
        file = replace(file, locator=f"{file.project}/{file.version}/{file.filename}")
        self._files[file.locator] = file
        self.contents[file.locator] = dist.content
        born = Release(next(self._ids), file.project, created_at or self.clock())
        self._releases.setdefault((file.project, file.version), born)
        return file

    def remove(self, file: DistributionFile) -> None:
        """The file is not there any more."""
        del self._files[file.locator]
        del self.contents[file.locator]
        left = {(other.project, other.version) for other in self._files.values()}
        if (file.project, file.version) not in left:
            del self._releases[file.project, file.version]

    def list(self, scope: Scope = EVERYTHING) -> Listing:
        """Every file within the scope, with the totals of the whole registry."""
        self._check()
        files = [file for file in self._files.values() if scope.covers(file.project, file.version)]
        ordered = tuple(sorted(files, key=lambda file: file.locator))
        return Listing(ordered, len(self._releases), len(self._releases), tuple(self._releases.values()))

    def recent(self, since: datetime) -> Listing:
        """Every file of the projects that have a release since then."""
        whole = self.list()
        young = tuple(release for release in whole.releases if release.created_at >= since)
        projects = {release.project for release in young}
        files = tuple(file for file in whole.files if file.project in projects)
        return Listing(files, whole.stated_releases, len(young), young)

    def address(self, file: DistributionFile) -> str:
        """Where the bytes are kept."""
        return f"memory:{file.locator}"

    def filed(self, file: DistributionFile) -> tuple[Filed, ...]:
        """What is on record of the file's release."""
        self._check()
        release = file.locator.rpartition("/")[0]
        ids = {locator: number for number, locator in enumerate(self._files, 1)}
        there = [each for each in self._files.values() if each.locator.rpartition("/")[0] == release]
        if not there:
            raise FileGone("The release is not there.", "It was deleted.", "Publish it anew.")
        return tuple(
            Filed(ids[each.locator], each.filename, len(self.contents[each.locator]), {"sha256": each.sha256})
            for each in there
        )

    @contextmanager
    def fetch(self, file: DistributionFile) -> Iterator[Iterator[bytes]]:
        """The bytes as they are kept, in chunks."""
        self._check()
        content = self.contents.get(file.locator)
        if content is None:
            raise FileGone(f"{file.filename} is not there.", "It was deleted.", "Publish it anew.")
        yield (content[start : start + CHUNK] for start in range(0, len(content), CHUNK))

    def _check(self) -> None:
        if self.broken is not None:
            raise self.broken


@dataclass(slots=True)
class Held:
    """A file of a MemoryTarget."""

    version: str
    sha256: str


@dataclass(slots=True)
class MemoryTarget:
    """One index, with devpi's manners; ``broken`` is what every call raises instead.

    ``stored`` tells the names of all files in the order in which their bytes were written. ``serial``
    counts every change, and may be raised by a test for a change to another index of the server; one that
    is not ``counting`` names no state.
    """

    volatile: bool = False
    bases: tuple[MemoryTarget, ...] = ()
    broken: SyncerError | None = None
    stored: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    files: dict[tuple[str, str], Held] = field(default_factory=dict)
    requires_python: dict[tuple[str, str], str] = field(default_factory=dict)
    mirrors: dict[str, set[str]] = field(default_factory=dict)
    opened: tuple[tuple[str, str], ...] = ()
    questions: list[tuple[str, str]] = field(default_factory=list)
    neighbours: dict[str, MemoryTarget] = field(default_factory=dict)
    pushed: list[str] = field(default_factory=list)
    counting: bool = True
    serial: int = 0
    contents: dict[str, bytes] = field(default_factory=dict)
    _counted: dict[tuple[str, str], Held] = field(default_factory=dict)

    def inheritance(self) -> Inheritance:
        """What its mirrors let through."""
        self._check()
        return Inheritance(tuple(self.mirrors), self.opened)

    def mirrored(self, mirror: str, project: str) -> bool:
        """Whether the mirror has the project; ``questions`` tells what was asked."""
        self._check()
        self.questions.append((mirror, project))
        return project in self.mirrors[mirror]

    def probe(self) -> TargetFacts:
        """What the index is."""
        self._check()
        bases = tuple(f"base/{number}" for number, _ in enumerate(self.bases))
        return TargetFacts(self.volatile, bases, self._state())

    def _state(self) -> str:
        """Another one after every change, also to ``files`` by a test."""
        if self._counted != self.files:
            self._counted = {key: replace(held) for key, held in self.files.items()}
            self.serial += 1
        return f"memory:{self.serial}" if self.counting else ""

    def list(self, projects: Collection[str]) -> Listing:
        """The index's own files of these projects; what a base holds is not its own."""
        self._check()
        self.asked += sorted(projects)
        return Listing(tuple(file for project in sorted(projects) for file in self._of(project)))

    def upload(
        self, file: DistributionFile, path: Path, metadata: CoreMetadata, spend: Spend | None = None
    ) -> str:
        """The index holds the bytes; devpi keeps one Requires-Python per version, the latest."""
        self._check()
        project, content = canonicalize_name(metadata.name), path.read_bytes()
        if spend is not None:
            spend(len(content))
        _refuse_unless_named_so(file, project, metadata.version)
        sha256, key = hashlib.sha256(content).hexdigest(), (project, file.filename)
        there = self.files.get(key)
        if there is not None and there.sha256 == sha256 and not self.volatile:
            return "Upload of identical file"
        if there is not None and not self.volatile:
            raise ContentConflict(f"{file.filename} already exists.", "It holds other bytes.", "Choose one.")
        self.files[key] = Held(metadata.version, sha256)
        self.contents[sha256] = content
        self.serial += 1
        self.requires_python[project, metadata.version] = metadata.requires_python
        self.stored.append(file.filename)
        return "OK"

    @contextmanager
    def fetch(self, file: DistributionFile) -> Iterator[Iterator[bytes]]:
        """The bytes of a file of its own; devpi forms the address from the digest."""
        self._check()
        held = self.files.get((file.project, file.filename))
        if held is None or held.sha256 != file.sha256 or held.sha256 not in self.contents:
            raise FileGone(f"{file.filename} is not there.", "It was deleted.", "Publish it anew.")
        content = self.contents[held.sha256]
        yield (content[start : start + CHUNK] for start in range(0, len(content), CHUNK))

    def withdraw(self, file: DistributionFile) -> str:
        """The file is gone; devpi removes nothing by itself from an index that is not volatile."""
        self._check()
        if not self.volatile:
            reason = "cannot delete version on non-volatile index"
            raise UploadRejected(f"It was not removed: {reason}.", "It is meant to stay.", "Remove it.", 403)
        held = self.files.get((file.project, file.filename))
        if held is None or held.sha256 != file.sha256:
            raise FileGone(f"{file.filename} is not there.", "It was deleted.", "Nothing is to be done.")
        del self.files[file.project, file.filename]
        self.serial += 1
        return "deleted"

    def push(self, project: str, version: str, index: str) -> str:
        """Another index of the server holds the release; one that has a file of it refuses, as devpi does."""
        self._check()
        other = self.neighbours[index]
        held = {key: held for key, held in self.files.items() if (key[0], held.version) == (project, version)}
        if not other.volatile and held.keys() & other.files.keys():
            raise UploadRejected("It was not copied.", "It is there already.", "Upload it.", 409)
        other.files |= held
        other.contents |= self.contents
        other.requires_python[project, version] = self.requires_python[project, version]
        other.pushed += sorted(name for _, name in held)
        return "copied within the server"

    def survey(self, projects: Collection[str], *, alone: bool = False) -> dict[str, Shelf]:
        """These projects, and all others of its own; its pages are never stale."""
        self._check()
        names = {*projects} if alone else {*projects, *(project for project, _ in self.files)}
        return {
            name: Shelf(
                self._of(name), self._of(name), tuple(file for base in self.bases for file in base._of(name))
            )
            for name in sorted(names)
        }

    def refresh(self, project: str, metadata: CoreMetadata | None) -> str:
        """The release says what the metadata says."""
        self._check()
        if metadata is not None:
            self.requires_python[project, metadata.version] = metadata.requires_python
        return "written anew"

    def read_back(self, project: str) -> Listing:
        """The page that installers read."""
        self._check()
        return Listing(self._of(project))

    def _of(self, project: str) -> tuple[DistributionFile, ...]:
        return tuple(
            DistributionFile(
                of, held.version, name, held.sha256, requires_python=self.requires_python[of, held.version]
            )
            for (of, name), held in sorted(self.files.items(), key=lambda item: item[0])
            if of == project
        )

    def _check(self) -> None:
        if self.broken is not None:
            raise self.broken


def _refuse_unless_named_so(file: DistributionFile, project: str, version: str) -> None:
    named = re.sub(r"[-_.]+", "-", file.filename).lower()
    if not named.startswith(project) or version not in file.filename:
        raise UploadRejected(
            f"{file.filename} does not match {project} {version}.", "It is misnamed.", "Publish it anew.", 400
        )


# Accidents

Accident = Callable[[str], None]


def nothing_happens(_call: str) -> None:
    """No accident."""


class Guarded:
    """A port whose calls are told to an accident: ``target.upload``, afterwards ``target.upload done``."""

    def __init__(self, name: str, port: Any, accident: Accident) -> None:
        self._name = name
        self._port = port
        self._accident = accident

    def __getattr__(self, method: str) -> Callable[..., Any]:
        call, name = getattr(self._port, method), f"{self._name}.{method}"

        def guarded(*args: Any, **options: Any) -> Any:
            self._accident(name)
            result = call(*args, **options)
            self._accident(f"{name} done")
            return result

        return guarded


class Happening:
    """An accident at the first calls of one name: each takes one error, until none is left."""

    def __init__(self, name: str, *errors: BaseException) -> None:
        self._name = name
        self._errors = list(errors)

    def __call__(self, call: str) -> None:
        if call == self._name and self._errors:
            raise self._errors.pop(0)


class Death:
    """The process dies just before one of all calls, counted from 0; ``calls`` tells them until then.

    To die after a call is to die before the next one: what a process only knows is lost with it.
    """

    def __init__(self, at: int) -> None:
        self._at = at
        self.calls: list[str] = []

    def __call__(self, call: str) -> None:
        if call.endswith(" done") or threading.current_thread().name == "leases":
            return  # leases are extended now and then by a thread of their own, which is not who dies
        self.calls.append(call)
        if len(self.calls) - 1 == self._at:
            raise (KeyboardInterrupt if self._at % 2 else SystemExit)
