"""The few requests that are made to Gitea, each with its bounds; answers are checked, not yet parsed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

import requests

from syncer.adapters.gitea import refusals
from syncer.adapters.gitea.filed import of_release
from syncer.adapters.http import Session, body_chunks, refuse_overload, remote_errors
from syncer.config.settings import GiteaServer
from syncer.core.errors import FileGone, ListingIncomplete, SourceMissing
from syncer.core.secret import Secret

#: Gitea's own cap ([api] MAX_RESPONSE_ITEMS); a server may clamp lower.
PAGE_SIZE = 50
#: Fifty rows, each with its repository, are about 175 kB.
MAX_LIST_BYTES = 8 * 1024 * 1024
#: About 250 bytes a file: a project of more than a hundred thousand files.
MAX_SIMPLE_BYTES = 32 * 1024 * 1024
#: Seconds. Gitea builds a project's page from several queries per file and cannot page it.
SIMPLE_TIMEOUT = 60.0

_UNSAFE_SEGMENTS = {"", ".", ".."}


@dataclass(frozen=True, slots=True)
class ListPage:
    """One answer of the package list: what X-Total-Count states, and the JSON."""

    total: str | None
    body: bytes


class GiteaClient:
    """Asks one Gitea about one owner; safe to be used by ``connections`` threads at once.

    ``deadline`` is the number of seconds that any one answer may take to its last byte.
    """

    def __init__(
        self, server: GiteaServer, owner: str, token: Secret | None, *, connections: int, deadline: float
    ) -> None:
        self.owner = owner
        self._server = server
        self._token = token
        self._deadline = deadline
        self._session = Session(
            verify=server.verify, timeout=server.timeout, authorize=self._authorize, pool=connections
        )
        # Bytes count as they are: a .tar.gz must not be unpacked on the way.
        self._session.headers["Accept-Encoding"] = "identity"

    def close(self) -> None:
        """Close all kept connections."""
        self._session.close()

    def list_page(self, number: int) -> ListPage:
        """Page ``number`` (from 1) of the owner's releases, newest first.

        Raises Unauthorized, SourceMissing, RemoteUnavailable, RateLimited or ListingIncomplete.
        """
        url = f"{self._url('api/v1/packages')}?type=pypi&page={number}&limit={PAGE_SIZE}"
        with self._open(url) as (response, until):
            self._expect_ok(response, until, refusals.of_listing)
            total = response.headers.get("X-Total-Count")
            return ListPage(total, _body(response, until, MAX_LIST_BYTES))

    def simple_page(self, name: str) -> bytes | None:
        """The HTML of a project, by Gitea's own spelling; None when it has no page (any more).

        Raises as ``list_page`` does.
        """
        url = f"{self._url('api/packages')}/pypi/simple/{_segment(name)}"
        timeout = max(self._server.timeout, SIMPLE_TIMEOUT)
        with self._open(url, read_timeout=timeout) as (response, until):
            if response.status_code == HTTPStatus.NOT_FOUND:
                return None
            self._expect_ok(response, until, refusals.of_simple_page)
            _expect_html(response)
            return _body(response, until, MAX_SIMPLE_BYTES)

    def file_url(self, locator: str) -> str:
        """Where a file's bytes are; raises SourceMissing for an owner that no URL can name."""
        return f"{self._url('api/packages')}/pypi/files/{locator}"

    def release_files(self, locator: str) -> bytes:
        """The JSON of all files of the release that a file lies in; raises FileGone when there is none.

        Raises RemoteUnavailable, RateLimited or Unauthorized as well.
        """
        release = _safe(locator).rpartition("/")[0]
        with self._open(f"{self._url('api/v1/packages')}/pypi/{release}/files") as (response, until):
            self._expect_ok(response, until, of_release)
            return _body(response, until, MAX_LIST_BYTES)

    @contextmanager
    def open_file(self, locator: str) -> Iterator[Iterator[bytes]]:
        """The raw bytes of a file, in chunks.

        Raises FileGone on 404, else as ``list_page`` does; RemoteUnavailable also while chunks are
        read, when the body is cut short or the deadline has passed.
        """
        with self._open(self.file_url(_safe(locator))) as (response, until):
            self._expect_ok(response, until, refusals.of_file)
            yield body_chunks(refusals.SERVER, response, until=until, decode=False)

    @contextmanager
    def _open(
        self, url: str, *, read_timeout: float | None = None
    ) -> Iterator[tuple[requests.Response, float]]:
        """Send the request; the answer's body is still to be read, until the given time."""
        refusals.check_token(self._token, self.owner)
        until = time.monotonic() + self._deadline
        timeout = (self._server.timeout, read_timeout or self._server.timeout)
        with remote_errors(refusals.SERVER, url):
            response = self._session.get(url, stream=True, timeout=timeout)
        with closing(response):
            yield response, until

    def _expect_ok(self, response: requests.Response, until: float, refusal: refusals.Translate) -> None:
        if response.status_code == HTTPStatus.OK:
            return
        refuse_overload(refusals.SERVER, response)
        message = refusals.message_of(response, until, self._token)
        raise refusal(response, self.owner, message)

    def _url(self, api: str) -> str:
        if self.owner in _UNSAFE_SEGMENTS:
            raise SourceMissing(
                f"Gitea has no owner {self.owner!r}.",
                "That is no name of a user or an organization.",
                "Correct organization in the mapping.",
            )
        return f"{self._server.url.rstrip('/')}/{api}/{_segment(self.owner)}"

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = f"token {self._token.reveal()}"
        return request


def _segment(text: str) -> str:
    """One segment of a path, whatever is in the text; ``.`` and ``..`` are refused before."""
    return quote(text, safe="")


def _safe(locator: str) -> str:
    """The locator, which a URL can carry as it is; raises FileGone for one that it cannot."""
    if _UNSAFE_SEGMENTS & set(locator.split("/")):
        raise FileGone(
            f"Gitea cannot serve {locator}.",
            "No URL can carry a name that consists of dots.",
            "Publish the file under another name.",
        )
    return locator


def locator_of(name: str, version: str, filename: str) -> str:
    """Where the registry serves a file, relative to its ``files/``: three escaped segments."""
    return "/".join(_segment(part) for part in (name, version, filename))


def _expect_html(response: requests.Response) -> None:
    """Forgejo from 16 sends two Content-Type headers, which arrive joined by a comma."""
    kind = response.headers.get("Content-Type", "")
    if "html" not in kind.lower():
        raise ListingIncomplete(
            f"Gitea answered {response.request.path_url} with {kind[:80] or 'no type'} instead of HTML.",
            "Something other than Gitea's registry answered.",
            "It is tried again by itself; check [gitea] url and any proxy in front of it if this lasts.",
        )


def _body(response: requests.Response, until: float, limit: int) -> bytes:
    body = bytearray()
    for chunk in body_chunks(refusals.SERVER, response, until=until):
        body += chunk
        if len(body) > limit:
            raise ListingIncomplete(
                f"Gitea's answer to {response.request.path_url} is larger than {limit} bytes.",
                "Something other than Gitea answered, or a project has absurdly many files.",
                "It is tried again by itself; look at that address if this lasts.",
            )
    return bytes(body)
