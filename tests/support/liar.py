"""Somebody between the syncer and a server, who answers otherwise than the server does."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import urllib3


@dataclass(frozen=True)
class Said:
    """An answer: what the server said, or what is said instead."""

    status: int
    headers: dict[str, str]
    body: bytes


#: The answer that is given instead of one.
Lie = Callable[[Said], Said]
#: What the server never hears, and what is answered all the same.
Silence = Callable[[], Said]


class Liar:
    """Passes every request on, but for those that ``tells`` or ``keeps_back`` is about."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._pool = urllib3.PoolManager(retries=False)
        self._lies: list[tuple[str, str, Lie]] = []
        self._silences: list[tuple[str, str, Silence]] = []
        handler = type("Handler", (_Handler,), {"liar": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def tells(self, lie: Lie, path: str, method: str = "GET") -> None:
        """The answers to such requests are other ones from now on."""
        self._lies.append((method, path, lie))

    def keeps_back(self, answer: Said, path: str, method: str) -> None:
        """Such requests never reach the server, and are answered so."""
        self._silences.append((method, path, lambda: answer))

    def is_honest(self) -> None:
        """No request is answered otherwise any more."""
        self._lies.clear()
        self._silences.clear()

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Said:
        """What is answered to one request."""
        for its, where, silence in self._silences:
            if its == method and re.search(where, path):
                return silence()
        said = self._ask(method, path, headers, body)
        for its, where, lie in self._lies:
            if its == method and re.search(where, path):
                said = lie(said)
        return said

    def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Said:
        found = self._pool.request(method, self._upstream + path, body=body, headers=headers, redirect=False)
        kept = {name: value for name, value in found.headers.items() if name.lower() not in _OF_THE_WAY}
        return Said(found.status, kept, found.data)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._pool.clear()


def with_body(body: bytes) -> Lie:
    """The same answer with another body."""
    return lambda said: replace(said, body=body)


def with_text(old: str, new: str) -> Lie:
    """The same answer, in which one text stands for another."""
    return lambda said: replace(said, body=said.body.replace(old.encode(), new.encode()))


_OF_THE_WAY = {"connection", "content-length", "transfer-encoding", "keep-alive", "date", "server"}


class _Handler(BaseHTTPRequestHandler):
    liar: Liar
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """A test's output is no place for it."""

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_THE_WAY}
        said = self.liar.answer(self.command, self.path, headers, body)
        self.send_response(said.status)
        for name, value in said.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(said.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(said.body)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _pass_on  # noqa: N815  # the base class's names
