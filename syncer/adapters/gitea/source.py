"""Everything that one Gitea owner publishes for pip, provably complete."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime

from packaging.utils import canonicalize_name

from syncer.adapters.gitea.client import GiteaClient, locator_of
from syncer.adapters.gitea.filed import parse_filed
from syncer.adapters.gitea.rows import Row
from syncer.adapters.gitea.scan import Scan, Shifted, scan_recent, scan_releases
from syncer.adapters.gitea.simple_page import Anchor, parse_simple_page
from syncer.config.settings import GiteaServer
from syncer.core.errors import ListingIncomplete
from syncer.core.model import EVERYTHING, DistributionFile, Listing, Release, Scope
from syncer.core.secret import Secret
from syncer.ports.source import Filed

#: How often the registry is read when it changes while it is being read.
SCANS = 3
#: Project pages that are read at once.
READERS = 8


class GiteaSource:
    """The Source port over one owner's PyPI registry.

    At most ``readers`` project pages are read at once, fewer while ``width`` says so; ``deadline`` is the
    number of seconds that one file, or any other answer, may take to its last byte.
    """

    def __init__(
        self,
        server: GiteaServer,
        owner: str,
        token: Secret | None,
        *,
        readers: int = READERS,
        width: Callable[[], int] = lambda: READERS,
        deadline: float = 500.0,
    ) -> None:
        self._client = GiteaClient(server, owner, token, connections=readers, deadline=deadline)
        self._readers = readers
        self._width = width

    def close(self) -> None:
        """Close all kept connections."""
        self._client.close()

    def list(self, scope: Scope = EVERYTHING) -> Listing:
        """Every file of the owner within the scope.

        It costs one request per 50 releases and one per project: files that are added to an existing
        version show on the project's page alone. Complete means: all pages state the same total, as
        many distinct releases were read, and each of them has a file on its project's page.

        Raises ListingIncomplete when that cannot be shown in three readings, Unauthorized,
        SourceMissing, RemoteUnavailable or RateLimited.
        """
        return self._settled(lambda: self._read(scan_releases(self._client), scope))

    def recent(self, since: datetime) -> Listing:
        """Every file of every project with a release dated since then, at one request per project.

        Gitea lists the newest first, so that the first page mostly is enough. Raises as ``list`` does.
        """
        return self._settled(lambda: self._read(scan_recent(self._client, since), EVERYTHING))

    def address(self, file: DistributionFile) -> str:
        """The URL of the file's bytes, built from the configured one; Gitea's links carry its root URL."""
        return self._client.file_url(file.locator)

    def filed(self, file: DistributionFile) -> tuple[Filed, ...]:
        """What Gitea has on record of every file of the file's release.

        Raises FileGone, Unauthorized, RemoteUnavailable or RateLimited.
        """
        return parse_filed(self._client.release_files(file.locator))

    def _settled(self, read: Callable[[], Listing]) -> Listing:
        reason = ""
        for _ in range(SCANS):
            try:
                return read()
            except Shifted as shifted:
                reason = str(shifted)
        raise ListingIncomplete(
            f"Gitea's packages of {self._client.owner} do not add up in {SCANS} readings: {reason}.",
            "Packages are being published or deleted right now, or something on the way cuts pages.",
            "It is tried again by itself; compare Gitea's package page with these numbers if this lasts.",
        )

    def fetch(self, file: DistributionFile) -> AbstractContextManager[Iterator[bytes]]:
        """The file's bytes as Gitea sends them, in chunks of at most 256 KiB; nothing is checked.

        Raises FileGone, RemoteUnavailable, RateLimited or Unauthorized.
        """
        return self._client.open_file(file.locator)

    def _read(self, scan: Scan, scope: Scope) -> Listing:
        projects = _by_name(scan, scope)
        with ThreadPoolExecutor(max_workers=min(self._readers, self._width())) as pool:
            pages = pool.map(self._page, projects, projects.values())
            files = [file for page in pages for file in page if scope.covers(file.project, file.version)]
        releases = tuple(Release(row.id, canonicalize_name(row.name), row.created) for row in scan.rows)
        return Listing(tuple(sorted(files, key=_order)), scan.total, len(scan.rows), releases)

    def _page(self, name: str, rows: Iterable[Row]) -> tuple[DistributionFile, ...]:
        """The files of one project; Shifted when a listed release is not among them."""
        page = self._client.simple_page(name)
        anchors = () if page is None else parse_simple_page(page, name)
        missing = sorted({row.version for row in rows} - {anchor.version for anchor in anchors})
        if missing:
            raise Shifted(
                f"project {name} is listed with version {missing[0]}, but its page has no such file"
            )
        by_version = {row.version: row for row in rows}
        anyone = next(iter(rows))
        return tuple(_file(name, anchor, by_version.get(anchor.version), anyone) for anchor in anchors)


def _by_name(scan: Scan, scope: Scope) -> Mapping[str, Iterable[Row]]:
    """The rows of each project in the scope, by Gitea's own spelling in lower case.

    Two such names can be one project by PEP 503 (``foo--bar`` and ``foo-bar``); each has its own page.
    """
    projects: dict[str, list[Row]] = {}
    for row in scan.rows:
        if scope.covers_project(canonicalize_name(row.name)):
            projects.setdefault(row.name.lower(), []).append(row)
    return projects


def _file(name: str, anchor: Anchor, release: Row | None, row: Row) -> DistributionFile:
    """``row`` is any of the project's: Gitea links whole packages to repositories."""
    return DistributionFile(
        project=canonicalize_name(name),
        version=anchor.version,
        filename=anchor.filename,
        sha256=anchor.sha256,
        requires_python=anchor.requires_python,
        locator=locator_of(name, anchor.version, anchor.filename),
        repository=row.repository,
        archived=row.archived,
        release_id=release.id if release else None,
    )


def _order(file: DistributionFile) -> tuple[str, str, str, str]:
    return (*file.key, file.version, file.locator)
