"""Flower behind the same door as the status view, whatever its command line says."""

from __future__ import annotations

import sys
from typing import Any

import flower.command
from flower.app import Flower
from flower.views import BaseHandler
from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

from syncer.config.settings import WebSettings
from syncer.core.hosts import is_loopback
from syncer.web.access import Access, Refusal
from syncer.web.security import HEADERS

#: It says OK and nothing else, to whoever watches the process.
OPEN_TO_ALL = "/healthcheck"
#: Flower's pages have a script and styles inside; whatever they load or send to is Flower itself.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def install(web: WebSettings) -> None:
    """The Flower that is about to start in this process answers nobody else than the status view does."""
    GuardedFlower.web = web
    flower.command.Flower = GuardedFlower
    # Flower's own would let every page of the browser read its API as long as there is no password.
    BaseHandler.set_default_headers = _set_headers
    # It has its API closed without a password of its own; whoever comes this far may read it.
    BaseHandler.unauthenticated_api = True


def _set_headers(handler: RequestHandler) -> None:
    for name, value in {**HEADERS, "Content-Security-Policy": POLICY}.items():
        handler.set_header(name, value)


class GuardedFlower(Flower):  # type: ignore[misc]  # Flower has no types
    """A Flower that refuses before it looks for a page, so that none is forgotten."""

    web = WebSettings()

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._access = Access.of(self.web, self.web.flower_url)

    def find_handler(self, request: HTTPServerRequest, **options: Any) -> Any:
        """The page, or the refusal."""
        refusal = None
        if request.path != OPEN_TO_ALL:
            authorization = request.headers.get("Authorization", "")
            refusal = self._access.refusal(request.headers.get_list("Host"), authorization)
        if refusal is None:
            return super().find_handler(request, **options)
        return self.get_handler_delegate(request, Refused, {"refusal": refusal})

    def start_http_server(self) -> Any:
        """Flower listens; the process ends with 2 instead of being open to the network."""
        address, given = self.options.address, (self.options.basic_auth, self.options.auth)
        if not any(given) and not self.options.unix_socket and not is_loopback(address):
            sys.stderr.write(
                f"Flower would listen on {address or 'every address'}, and no password is given: everybody "
                "on the network could look.\nWrite password_env = VARIABLE below [web], or leave out "
                "--address.\n"
            )
            raise SystemExit(2)
        return super().start_http_server()


class Refused(RequestHandler):
    """The answer to who gets no page, whatever was asked."""

    def initialize(self, refusal: Refusal) -> None:
        """Know what to say."""
        self._refusal = refusal

    def set_default_headers(self) -> None:
        """As every page."""
        _set_headers(self)

    def check_xsrf_cookie(self) -> None:
        """Who is refused anyway need not show a cookie."""

    def prepare(self) -> None:
        """Everything is said before anything is done."""
        self.set_status(self._refusal.status)
        for name, value in self._refusal.headers.items():
            self.set_header(name, value)
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        self.finish(self._refusal.text)
