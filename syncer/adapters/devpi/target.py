"""One devpi index as a Target."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from packaging.utils import canonicalize_name

from syncer.adapters.devpi.answers import index_missing
from syncer.adapters.devpi.client import DevpiClient, client_for
from syncer.adapters.devpi.files import open_file
from syncer.adapters.devpi.inheritance import inherited, read_index
from syncer.adapters.devpi.listing import read_facts, read_project, read_projects, read_simple
from syncer.adapters.devpi.refresh import refresh_release
from syncer.adapters.devpi.removal import remove_file
from syncer.adapters.devpi.survey import SIMPLE_JSON, surveyor
from syncer.config.settings import DevpiServer
from syncer.core.metadata import CoreMetadata
from syncer.core.model import DistributionFile, Listing
from syncer.core.sides import Shelf
from syncer.ports.target import Inheritance, Spend, TargetFacts

#: devpi answers most listings a second at four connections; more only wait.
LISTING_THREADS = 4
#: An index with more bases than this, of bases included, is looked at in part.
MOST_INDEXES = 50

_In = TypeVar("_In")
_Out = TypeVar("_Out")


class DevpiTarget:
    """The index ``user/name`` on one devpi server; connections and login are those of the process."""

    def __init__(self, server: DevpiServer, index: str, client: DevpiClient | None = None) -> None:
        self._index = index
        self._client = client or client_for(server)

    def probe(self) -> TargetFacts:
        """The index takes uploads and devpi knows the user; both are asked.

        Raises TargetMissing, Unauthorized or Retryable.
        """
        self._client.check_login(self._index)
        answer, state = self._client.get_with_state(self._index, no_projects="")
        if answer is None:
            raise index_missing(f"{self._index} was not found")
        return replace(read_facts(self._index, answer), state=state)

    def inheritance(self) -> Inheritance:
        """What its bases are and let through, by one request for each.

        Raises Retryable or MappingBroken.
        """
        indexes = {self._index: read_index(self._index, self._ask_index(no_projects=""))}
        waiting, asked = deque(indexes[self._index].bases), {self._index}
        while waiting and len(asked) < MOST_INDEXES:
            base = waiting.popleft()
            answer = None if base in asked else self._client.get(base, no_projects="")
            asked.add(base)
            if answer is not None:  # devpi passes over a base that does not exist
                indexes[base] = read_index(base, answer)
                waiting.extend(indexes[base].bases)
        return inherited(indexes)

    def mirrored(self, mirror: str, project: str) -> bool:
        """Whether the mirror has the project; devpi asks its upstream for the list of names, or for this one.

        Raises Retryable or MappingBroken. While the upstream is away, devpi denies what it never fetched.
        """
        return self._client.has(f"{mirror}/+simple/{canonicalize_name(project)}/", accept=SIMPLE_JSON)

    def list(self, projects: Collection[str]) -> Listing:
        """The index's own files (nothing inherited) of the named projects, each asked at most once.

        Raises ListingIncomplete when an answer has another shape than devpi's.
        """
        wanted = {canonicalize_name(project) for project in projects}
        own = read_projects(self._index, self._ask_index()) if wanted else frozenset()
        found = _in_parallel(self._files, sorted(wanted & own))
        return Listing(tuple(file for files in found for file in files))

    def upload(
        self, file: DistributionFile, path: Path, metadata: CoreMetadata, spend: Spend | None = None
    ) -> str:
        """The index holds the file; returns devpi's answer in one line.

        Identical bytes are welcome again. Raises ContentConflict, UploadRejected, Retryable or
        MappingBroken. devpi replaces the release's metadata even when it refuses the file, and a
        volatile index replaces the file silently: so compare digests before.
        """
        form = [(":action", "file_upload"), *metadata.form]
        answer = self._client.upload(self._index, form, file, path, spend)
        if answer.error is not None:
            raise answer.error
        return answer.text

    def fetch(self, file: DistributionFile) -> AbstractContextManager[Iterator[bytes]]:
        """The bytes that the index itself serves for the file, in chunks; nothing is checked.

        Raises FileGone, Retryable or MappingBroken, on opening and while chunks are read.
        """
        return open_file(self._client, self._index, file)

    def withdraw(self, file: DistributionFile) -> str:
        """The index no longer serves the file; devpi removes the release with its last file.

        The address is made of the digest, so other bytes under the name stay. Raises FileGone, Retryable
        or MappingBroken, and UploadRejected on an index that is not volatile, which is never forced.
        """
        return remove_file(self._client, self._index, file)

    def push(self, project: str, version: str, index: str) -> str:
        """The index ``user/name`` of this server holds the release as this one does; devpi's answer.

        Raises UploadRejected where devpi refuses, Retryable or MappingBroken. A volatile index replaces
        its own files silently, one that is not refuses even identical ones.
        """
        return self._client.push(self._index, project, version, index)

    def survey(self, projects: Collection[str], *, alone: bool = False) -> dict[str, Shelf]:
        """What the index says of these projects, and of all others of its own unless ``alone``.

        Raises Retryable or MappingBroken; a single project that could not be read says so itself.
        """
        own = read_projects(self._index, self._ask_index())
        named = {canonicalize_name(project) for project in projects}
        names = sorted(named if alone else named | own)
        shelves = _in_parallel(surveyor(self._client, self._index, own), names)
        return dict(zip(names, shelves, strict=True))

    def refresh(self, project: str, metadata: CoreMetadata | None) -> str:
        """The page that installers read says what the releases say, and one of them what the metadata says.

        No byte is touched. Returns what was done, in one line.

        Raises UploadRejected, Retryable or MappingBroken.
        """
        return refresh_release(self._client, self._index, canonicalize_name(project), metadata)

    def read_back(self, project: str) -> Listing:
        """The project's own files as an installer sees them: sha256 and requires-python."""
        name = canonicalize_name(project)
        place = f"{self._index}/+simple/{name}/"
        page = self._client.get(place, accept=SIMPLE_JSON)
        if page is None:
            return Listing()
        return Listing(tuple(read_simple(place, self._client.url(place), self._index, name, page)))

    def _ask_index(self, **query: str) -> Any:
        answer = self._client.get(self._index, **query)
        if answer is None:
            raise index_missing(f"{self._index} was not found")
        return answer

    def _files(self, project: str) -> tuple[DistributionFile, ...]:
        place = f"{self._index}/{project}"
        answer = self._client.get(place, ignore_bases="")
        return () if answer is None else tuple(read_project(place, project, answer))


def _in_parallel(ask: Callable[[_In], _Out], items: Iterable[_In]) -> list[_Out]:
    """The answers in the order of the items; the first error ends it and what had not begun."""
    with ThreadPoolExecutor(LISTING_THREADS, thread_name_prefix="devpi") as pool:
        futures = [pool.submit(ask, item) for item in items]
        try:
            return [future.result() for future in futures]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
