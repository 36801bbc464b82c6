"""The stand-in Gitea as tests and the demo use it."""

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

from . import routes
from .exchange import Request, Response
from .faults import Faults
from .loading import read_metadata
from .model import Account, AccountKind, File, Package, Token, Visibility
from .names import stored_name
from .store import Limits, Store, Upload
from .wire import Wire

_SECRETS = {"authorization", "cookie", "x-gitea-otp"}


@dataclass
class RecordedRequest:
    """A request that arrived; `status` is 0 until it is answered. Secrets are not kept."""

    method: str
    path: str
    """The raw path with its query, in which tokens are replaced by `***`."""
    status: int
    headers: dict[str, str]
    had_authorization: bool


class StandinGitea:
    """A Gitea 1.27 package registry in memory, served over real HTTP on 127.0.0.1.

    As a context manager it is started and stopped. `root_url` is what the administrator
    configured (default: the address it really has); simple hrefs and Link headers follow it.
    `latency` is the seconds that every answer takes at least. `clock` tells the time.
    """

    def __init__(
        self,
        root_url: str | None = None,
        max_response_items: int = 50,
        default_paging_num: int = 30,
        latency: float = 0.0,
        *,
        port: int = 0,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.limits = Limits(max_response_items, default_paging_num)
        self.store = Store(self.limits, clock)
        self.faults = Faults()
        self.latency = latency
        self._root_url = root_url
        self._port = port
        self._wire: Wire | None = None
        self._requests: list[RecordedRequest] = []
        self._log_lock = threading.Lock()

    # the server

    def start(self) -> Self:
        """Listens; after `stop()` on the same port again, with the same state."""
        self._wire = Wire(self._port, self._answer)
        self._port = self._wire.port
        self._wire.start()
        return self

    def stop(self) -> None:
        """Closes the port and cuts every connection; the state stays."""
        if self._wire is not None:
            self._wire.stop()
            self._wire = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where it answers, without a last slash."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def root_url(self) -> str:
        """ROOT_URL without its last slash."""
        return (self._root_url or self.url).rstrip("/")

    @property
    def requests(self) -> list[RecordedRequest]:
        """The requests so far, in the order of their arrival."""
        with self._log_lock:
            return list(self._requests)

    def clear_requests(self) -> None:
        """Forgets the requests so far."""
        with self._log_lock:
            self._requests.clear()

    def _answer(self, request: Request) -> Response:
        record = _record(request)
        with self._log_lock:
            self._requests.append(record)
        if self.latency:
            request.pause(self.latency)
        response = self.faults.wrap(request, self._true_answer)(request)
        record.status = response.status
        return response

    def _true_answer(self, request: Request) -> Response:
        with self.store.lock:
            return routes.answer(self.store, self.root_url, request)

    # the state

    def add_owner(
        self,
        name: str,
        visibility: Visibility = "public",
        kind: AccountKind = "organization",
        members: Iterable[str] = ("alice",),
        readers: Iterable[str] = (),
    ) -> Account:
        """Creates an owner of packages: `members` own the organization, `readers` may only read."""
        with self.store.lock:
            people = members if kind == "organization" else ()
            return self.store.add_account(name, kind, visibility, people, readers)

    def add_token(
        self, token: str, user: str = "alice", scopes: Iterable[str] = ("read:package",), name: str = ""
    ) -> Token:
        """Makes `token` valid for `user`, who is created when new."""
        with self.store.lock:
            return self.store.add_token(token, user, scopes, name)

    def publish(
        self,
        owner: str,
        filename: str,
        content: bytes,
        name: str | None = None,
        version: str | None = None,
        requires_python: str | None = None,
        *,
        created_at: datetime | None = None,
    ) -> File:
        """Uploads a file past all access checks, or raises `Refused` where Gitea refuses it.

        What is None is read from the file's metadata or name; `requires_python=""` is a form
        that lacks it. `created_at` in the past is a slow upload that is committed late.
        """
        known = read_metadata(filename, content)
        if known is None and (name is None or version is None):
            raise ValueError(f"{filename} does not tell its name and version; pass both")
        upload = Upload(
            name=known.name if name is None and known else name or "",
            version=known.version if version is None and known else version or "",
            filename=filename,
            content=content,
            requires_python=known.requires_python
            if requires_python is None and known
            else requires_python or "",
        )
        with self.store.lock:
            account = self.store.owner(owner)
            creator = account if account.kind == "user" else self.store.user("alice")
            return self.store.add_file(account, creator, upload, created_at)

    def delete_version(self, owner: str, name: str, version: str) -> None:
        """Deletes a version with its files."""
        with self.store.lock:
            self.store.delete_version(self.store.version(self.store.owner(owner), _key(name), version))

    def delete_package(self, owner: str, name: str) -> None:
        """Deletes a package with all its versions."""
        with self.store.lock:
            self.store.delete_package(self._package(owner, name))

    def link(
        self, owner: str, name: str, repository: str, *, archived: bool = False, private: bool = False
    ) -> None:
        """Links a package to a repository, which is created when new and takes these flags."""
        with self.store.lock:
            found = self.store.ensure_repository(self.store.owner(owner), repository)
            found.private = private
            self.store.archive(found, archived=archived)
            self._package(owner, name).repository = found

    def unlink(self, owner: str, name: str) -> None:
        """Takes the link back."""
        with self.store.lock:
            self._package(owner, name).repository = None

    def rename_owner(self, old: str, new: str) -> None:
        """Renames an owner; the old name answers 307 from now on."""
        with self.store.lock:
            self.store.rename(old, new)

    def set_visibility(self, owner: str, visibility: Visibility) -> None:
        """Shows or hides an owner."""
        with self.store.lock:
            self.store.owner(owner).visibility = visibility

    def _package(self, owner: str, name: str) -> Package:
        return self.store.package(self.store.owner(owner), _key(name))


def _key(name: str) -> str:
    return stored_name(name).lower()


def _record(request: Request) -> RecordedRequest:
    shown = {name: value for name, value in request.headers.items() if name.lower() not in _SECRETS}
    path = re.sub(r"([?&](?:access_)?token=)[^&]*", r"\1***", request.target)
    return RecordedRequest(request.method, path, 0, shown, "Authorization" in request.headers)
