"""What one devpi server can be asked over HTTP."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any

import requests

from syncer.adapters.devpi.answers import (
    Answer,
    classify_upload_answer,
    index_missing,
    login_refused,
    no_devpi,
    push_refused,
)
from syncer.adapters.devpi.connection import JSON, UPLOAD_PATIENCE, Connection, is_unauthorized
from syncer.adapters.devpi.listing import unreadable
from syncer.adapters.http import path_of, refuse_overload, retry_after
from syncer.config.settings import DevpiServer
from syncer.core.errors import RateLimited
from syncer.core.model import DistributionFile
from syncer.ports.target import Spend


class DevpiClient(Connection):
    """Speaks to one devpi server; safe to share between threads."""

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
        return self.get_with_state(path, accept=accept, **query)[0]

    def get_with_state(self, path: str, *, accept: str = JSON, **query: str) -> tuple[Any, str]:
        """The same, and what names the state of the whole server then, empty where nothing does.

        devpi counts every change in a serial and sends it with every answer. A replica lags behind, and
        what it shows may be older than what another one says.
        """
        response = self._get(path, accept, is_unauthorized, **query)
        if response.status_code == HTTPStatus.NOT_FOUND:
            return None, ""
        self._refuse(response)
        return _json(response), _state(response)

    def open(self, path: str) -> requests.Response:
        """The answer at a path, whose body is still to be read and which is to be closed."""
        return self._with_login(
            lambda: self._session.get(self.url(path), stream=True, timeout=self._server.timeout),
            is_unauthorized,
        )

    def has(self, path: str, *, accept: str = JSON) -> bool:
        """Whether there is something at a path; only the status is read, however large the page is.

        Raises Unauthorized, TargetMissing, RateLimited or RemoteUnavailable.
        """
        headers = {"Accept": accept}
        response = self._with_login(
            lambda: self._session.head(self.url(path), headers=headers), is_unauthorized
        )
        if response.status_code == HTTPStatus.NOT_FOUND:
            return False
        self._refuse(response)
        return True

    def upload(
        self,
        index: str,
        form: Sequence[tuple[str, str]],
        file: DistributionFile,
        path: Path,
        spend: Spend | None = None,
    ) -> Answer:
        """Send one multipart form with the file at ``path``; its size does not matter to memory."""
        with path.open("rb") if spend is None else _Spending(path, spend) as content:
            response = self._with_login(
                lambda: self._post(index, form, file.filename, content), is_unauthorized
            )
        answer = classify_upload_answer(response.status_code, self._reason(response), file)
        if isinstance(answer.error, RateLimited):
            answer.error.retry_after = retry_after(response)
        return answer

    def submit(self, index: str, form: Sequence[tuple[str, str]]) -> None:
        """The release is registered with these fields; no file is sent.

        Raises UploadRejected, Unauthorized, TargetMissing or Retryable.
        """
        fields = [(":action", "submit"), *form]
        response = self._with_login(lambda: self._send_form(index, fields), is_unauthorized)
        refuse_overload("devpi", response)
        metadata = DistributionFile(dict(form)["name"], dict(form)["version"], "the release's metadata", "")
        answer = classify_upload_answer(response.status_code, self._reason(response), metadata)
        if answer.error is not None:
            raise answer.error

    def delete(self, path: str, **query: str) -> tuple[int, str]:
        """What devpi answers to a DELETE of a path, and its reason; only a query ``force`` forces it.

        Raises Unauthorized when the login is not taken, RateLimited or RemoteUnavailable.
        """
        response = self._with_login(
            lambda: self._session.delete(
                self.url(path),
                params=query,
                headers={"Accept": JSON},
                timeout=self._server.timeout,
                allow_redirects=False,
            ),
            is_unauthorized,
        )
        refuse_overload("devpi", response)
        if response.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED}:
            raise login_refused(self._server.username)
        return response.status_code, self._reason(response)

    def push(self, index: str, project: str, version: str, to: str) -> str:
        """Devpi has copied the release to another of its indexes."""
        body = {"name": project, "version": version, "targetindex": to}
        patience = (self._server.timeout, max(self._server.timeout, UPLOAD_PATIENCE))
        response = self._with_login(
            lambda: self._session.post(
                self.url(index), json=body, headers={"Accept": JSON}, timeout=patience, allow_redirects=False
            ),
            is_unauthorized,
        )
        refuse_overload("devpi", response)
        if response.status_code != HTTPStatus.OK:
            raise push_refused(project, version, to, response.status_code, self._reason(response))
        return f"copied by devpi from {index}"

    def _post(
        self, index: str, form: Sequence[tuple[str, str]], filename: str, content: IO[bytes]
    ) -> requests.Response:
        content.seek(0)
        return self._send_form(index, [*form, ("content", (filename, content, "application/octet-stream"))])


class _Spending(io.BufferedReader):
    """A file that tells of what is read from it."""

    def __init__(self, path: Path, spend: Spend) -> None:
        super().__init__(path.open("rb", buffering=0))
        self._spend = spend

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes, as soon as they may be sent."""
        content = super().read(size)
        self._spend(len(content))
        return content


_clients: dict[DevpiServer, DevpiClient] = {}


def client_for(server: DevpiServer) -> DevpiClient:
    """The one client of this process for the server; a forked child makes its own."""
    return _clients.get(server) or _clients.setdefault(server, DevpiClient(server))


# Two processes must never share a connection.
os.register_at_fork(after_in_child=_clients.clear)


def _state(response: requests.Response) -> str:
    serial, own = response.headers.get("X-Devpi-Serial", ""), response.headers.get("X-Devpi-Uuid", "")
    is_primary = own == response.headers.get("X-Devpi-Primary-Uuid", own)
    return f"{own[:100]}:{serial[:100]}" if serial and own and is_primary else ""


def _is_anonymous(response: requests.Response) -> bool:
    """Whether devpi took the request for one without credentials."""
    if response.status_code != HTTPStatus.OK:
        return is_unauthorized(response)
    try:
        return bool(json.loads(response.content)["result"]["authstatus"][0] != "ok")
    except (ValueError, LookupError, TypeError, RecursionError):
        raise no_devpi(response.url, response.status_code) from None


def _json(response: requests.Response) -> Any:
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError) as error:
        raise unreadable(f"GET {path_of(response.url)}", "no JSON") from error
