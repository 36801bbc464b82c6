"""One devpi server's connections and login, shared by everything in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import requests
from requests_toolbelt import MultipartEncoder

from syncer.adapters.devpi.answers import forbidden, login_refused, no_devpi, reason_of
from syncer.adapters.devpi.login import Login
from syncer.adapters.http import Session, refuse_overload, remote_errors
from syncer.config.settings import DevpiServer
from syncer.core.secret import Secret

JSON = "application/json"
#: Seconds; devpi itself gives up waiting for its write lock after 60 and answers 500.
UPLOAD_PATIENCE = 75.0

Refused = Callable[[requests.Response], bool]


class Connection:
    """Sends requests with the login, and once more after a new one; safe to share between threads."""

    def __init__(self, server: DevpiServer) -> None:
        self._server = server
        self._base = server.url.rstrip("/")
        self._login = Login(server, self._buy_token)
        self._session = Session(verify=server.verify, timeout=server.timeout, authorize=self._login.authorize)

    def close(self) -> None:
        """The connections are closed."""
        self._session.close()

    def url(self, path: str) -> str:
        """The address of a path below the server's URL."""
        return f"{self._base}/{quote(path, safe='/+')}"

    def _send_form(self, index: str, fields: Sequence[tuple[str, Any]]) -> requests.Response:
        body = MultipartEncoder(list(fields))
        return self._session.post(
            self.url(f"{index}/"),
            data=body,
            headers={"Content-Type": body.content_type, "Accept": JSON},
            timeout=(self._server.timeout, max(self._server.timeout, UPLOAD_PATIENCE)),
            allow_redirects=False,
        )

    def _get(self, path: str, accept: str, is_refused: Refused, **query: str) -> requests.Response:
        headers = {"Accept": accept}
        return self._with_login(
            lambda: self._session.get(self.url(path), params=query, headers=headers), is_refused
        )

    def _with_login(self, send: Callable[[], requests.Response], is_refused: Refused) -> requests.Response:
        """Send, and once more after a new login when the token was refused."""
        with remote_errors("devpi", self._base):
            response = send()
            if is_refused(response) and self._login.renew(response.request):
                response = send()
        return response

    def _buy_token(self, password: Secret) -> Secret:
        body = {"user": self._server.username, "password": password.reveal()}
        with remote_errors("devpi", self._base):
            response = self._session.post(
                self.url("+login"),
                json=body,
                auth=_anonymous,
                headers={"Accept": JSON},
                allow_redirects=False,
            )
        self._refuse(response)
        try:
            token = json.loads(response.content)["result"]["password"]
        except (ValueError, LookupError, TypeError, RecursionError):
            token = None
        if not (isinstance(token, str) and token.isascii() and token.isprintable()):
            raise no_devpi(self._base, response.status_code)
        return Secret(token)

    def _reason(self, response: requests.Response) -> str:
        return reason_of(response.reason or "", response.content, self._login.secrets)

    def _refuse(self, response: requests.Response) -> None:
        """Raise unless the answer is a plain success."""
        refuse_overload("devpi", response)
        if response.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED}:
            raise login_refused(self._server.username)
        if response.status_code == HTTPStatus.FORBIDDEN:
            raise forbidden(self._reason(response))
        if response.status_code != HTTPStatus.OK:
            raise no_devpi(self._base, response.status_code)


def _anonymous(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def is_unauthorized(response: requests.Response) -> bool:
    """Whether the server did not take the login."""
    return response.status_code == HTTPStatus.UNAUTHORIZED
