"""One login per process and server; a password is sent once, then only tokens."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable

import requests

from syncer.config.settings import DevpiServer
from syncer.core.secret import Secret

AUTHORIZATION = "Authorization"


class Login:
    """The credentials that go with every request, shared by all threads.

    devpi checks a password by argon2 (about 100 ms, for uploads inside its global write lock), a
    token in 2 ms: so a password buys one login token, which lasts 10 hours or until a devpi without
    a secret file restarts. A token from the configuration is sent as it is; ``user:token`` in Basic
    is the one spelling that devpi takes for login tokens and devpi-tokens alike.
    """

    def __init__(self, server: DevpiServer, buy: Callable[[Secret], Secret]) -> None:
        self._server = server
        self._buy = buy
        self._token = server.token
        self._lock = threading.Lock()

    def authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request carries a token; the first one of the process logs in."""
        request.headers[AUTHORIZATION] = self._header()
        return request

    def renew(self, refused: requests.PreparedRequest) -> bool:
        """Another token than that of the refused request is there; False when none can be had.

        Of all threads whose requests were refused with one token, one logs in again.
        """
        if self._server.password is None:
            return False
        with self._lock:
            if refused.headers.get(AUTHORIZATION) == self._basic(self._token):
                self._token = self._buy(self._server.password)
        return True

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What a server may have been told, and might repeat in its answers."""
        return tuple(secret for secret in (self._server.password, self._token) if secret is not None)

    def _header(self) -> str:
        with self._lock:
            if self._token is None and self._server.password is not None:
                self._token = self._buy(self._server.password)
            return self._basic(self._token)

    def _basic(self, token: Secret | None) -> str:
        pair = f"{self._server.username}:{token.reveal() if token else ''}"
        return "Basic " + base64.b64encode(pair.encode()).decode()
