"""The HTTP of one devpi server: connections and login shared by everything in this process."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import requests
from requests_toolbelt import MultipartEncoder

from syncer.adapters.devpi.answers import (
    Answer,
    classify_upload_answer,
    forbidden,
    index_missing,
    login_refused,
    no_devpi,
    reason_of,
)
from syncer.adapters.devpi.listing import unreadable
from syncer.adapters.devpi.login import Login
from syncer.adapters.http import Session, path_of, refuse_overload, remote_errors, retry_after
from syncer.config.settings import DevpiServer
from syncer.core.errors import RateLimited
from syncer.core.model import DistributionFile
from syncer.core.secret import Secret

JSON = "application/json"
#: Seconds; devpi itself gives up waiting for its write lock after 60 and answers 500.
UPLOAD_PATIENCE = 75.0


class DevpiClient:
    """Speaks to one devpi server; safe to share between threads."""

    def __init__(self, server: DevpiServer) -> None:
        self._server = server
        self._base = server.url.rstrip("/")
        self._login = Login(server, self._buy_token)
        self._session = Session(verify=server.verify, timeout=server.timeout, authorize=self._login.authorize)

    def close(self) -> None:
        """The connections are closed."""
        self._session.close()

    def check_login(self, index: str) -> None:
        """The index exists and devpi accepts these credentials there.

        devpi ignores wrong credentials where it needs none, so a listing proves nothing of them.
        Raises Unauthorized, TargetMissing or Retryable.
        """
        response = self._get(f"{index}/+api", JSON, _is_anonymous)
        if response.status_code == HTTPStatus.NOT_FOUND:
            raise index_missing(self._reason(response))
        self._refuse(response)
        if _is_anonymous(response):
            raise login_refused(self._server.username)

    def get(self, path: str, *, accept: str = JSON, **query: str) -> Any:
        """The JSON at a path below the server's URL, None when there is nothing (404).

        Raises Unauthorized, RateLimited, RemoteUnavailable, or ListingIncomplete when it is no JSON.
        """
        response = self._get(path, accept, _is_unauthorized, **query)
        if response.status_code == HTTPStatus.NOT_FOUND:
            return None
        self._refuse(response)
        return _json(response)

    def has(self, path: str, *, accept: str = JSON) -> bool:
        """Whether there is something at a path; only the status is read, however large the page is.

        Raises Unauthorized, TargetMissing, RateLimited or RemoteUnavailable.
        """
        headers = {"Accept": accept}
        response = self._with_login(
            lambda: self._session.head(self.url(path), headers=headers), _is_unauthorized
        )
        if response.status_code == HTTPStatus.NOT_FOUND:
            return False
        self._refuse(response)
        return True

    def upload(
        self, index: str, form: Sequence[tuple[str, str]], file: DistributionFile, path: Path
    ) -> Answer:
        """Send one multipart form with the file at ``path``; its size does not matter to memory."""
        with path.open("rb") as content:
            response = self._with_login(
                lambda: self._post(index, form, file.filename, content), _is_unauthorized
            )
        answer = classify_upload_answer(response.status_code, self._reason(response), file)
        if isinstance(answer.error, RateLimited):
            answer.error.retry_after = retry_after(response)
        return answer

    def _post(
        self, index: str, form: Sequence[tuple[str, str]], filename: str, content: IO[bytes]
    ) -> requests.Response:
        content.seek(0)
        body = MultipartEncoder([*form, ("content", (filename, content, "application/octet-stream"))])
        return self._session.post(
            self.url(f"{index}/"),
            data=body,
            headers={"Content-Type": body.content_type, "Accept": JSON},
            timeout=(self._server.timeout, max(self._server.timeout, UPLOAD_PATIENCE)),
            allow_redirects=False,
        )

    def _get(
        self, path: str, accept: str, is_refused: Callable[[requests.Response], bool], **query: str
    ) -> requests.Response:
        headers = {"Accept": accept}
        return self._with_login(
            lambda: self._session.get(self.url(path), params=query, headers=headers), is_refused
        )

    def _with_login(
        self, send: Callable[[], requests.Response], is_refused: Callable[[requests.Response], bool]
    ) -> requests.Response:
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

    def url(self, path: str) -> str:
        """The address of a path below the server's URL."""
        return f"{self._base}/{quote(path, safe='/+')}"


_clients: dict[DevpiServer, DevpiClient] = {}


def client_for(server: DevpiServer) -> DevpiClient:
    """The one client of this process for the server; a forked child makes its own."""
    return _clients.get(server) or _clients.setdefault(server, DevpiClient(server))


# Two processes must never share a connection.
os.register_at_fork(after_in_child=_clients.clear)


def _anonymous(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _is_unauthorized(response: requests.Response) -> bool:
    return response.status_code == HTTPStatus.UNAUTHORIZED


def _is_anonymous(response: requests.Response) -> bool:
    """Whether devpi took the request for one without credentials."""
    if response.status_code != HTTPStatus.OK:
        return _is_unauthorized(response)
    try:
        return bool(json.loads(response.content)["result"]["authstatus"][0] != "ok")
    except (ValueError, LookupError, TypeError, RecursionError):
        raise no_devpi(response.url, response.status_code) from None


def _json(response: requests.Response) -> Any:
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError) as error:
        raise unreadable(f"GET {path_of(response.url)}", "no JSON") from error
