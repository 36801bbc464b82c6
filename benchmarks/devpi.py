"""What a real devpi-server was asked, by its own log, and what it holds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

from benchmarks.accounts import PASSWORD, USER
from tests.support.devpi import DevpiServer

_ASKED = re.compile(r"\[req\d+\] (GET|HEAD|POST|PUT|PATCH|DELETE) (/\S*)$", re.MULTILINE)


class Asked:
    """The requests since this was made."""

    def __init__(self, server: DevpiServer) -> None:
        self._log = server.log
        self._from = server.log.stat().st_size

    def requests(self) -> list[str]:
        """Method and path of each."""
        with self._log.open("rb") as log:
            log.seek(self._from)
            return [
                " ".join(found.groups()) for found in _ASKED.finditer(log.read().decode(errors="replace"))
            ]

    def kinds(self) -> dict[str, int]:
        """How many there were of each kind."""
        return dict(Counter(_kind(request) for request in self.requests()))


def _kind(request: str) -> str:
    method, path = request.split(" ")
    if method != "GET":
        return f"{method} {'login' if path == '/+login' else 'index'}"
    if "+simple" in path:
        return "GET simple"
    return {1: "GET root", 2: "GET index", 3: "GET project"}.get(len(path.strip("/").split("/")), "GET other")


def pid_of(server: DevpiServer) -> int:
    """Its process."""
    if server._process is None:  # noqa: SLF001  # the test support has no name for it
        raise RuntimeError("devpi does not run")
    return server._process.pid  # noqa: SLF001


def fresh_index(server: DevpiServer, name: str, *, volatile: bool = False) -> str:
    """An empty index of the benchmark's own user, who is created with the first; its full name."""
    with suppress(RuntimeError):
        server.create_user(USER, PASSWORD)
    server.create_index(f"{USER}/{name}", volatile=volatile)
    return f"{USER}/{name}"


def writes(server: DevpiServer, index: str) -> Iterator[str]:
    """For each file of the index how it came there: ``upload`` or ``push``, by devpi's own record."""
    for project in server.call("GET", index)["result"]["projects"]:
        versions = server.call("GET", f"{index}/{project}?ignore_bases")["result"].values()
        for link in (link for version in versions for link in version.get("+links", [])):
            yield link["log"][-1]["what"]


def require_files(server: DevpiServer, index: str, number: int) -> None:
    """RuntimeError unless the index has so many files."""
    found = sum(1 for _ in writes(server, index))
    if found != number:
        raise RuntimeError(f"{found} of {number} files are on {index}")
