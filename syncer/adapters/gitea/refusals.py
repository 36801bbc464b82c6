"""What Gitea's refusals mean: status and place to one error of ours, with a text that helps.

The management API tells causes apart (401 credentials, 403 scope or membership, 404 owner); the
registry answers 401 to all of them. Read from a running Gitea 1.27.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlsplit

import requests

from syncer.adapters.http import body_chunks, host_of, path_of
from syncer.core.diagnosis.advice import advised
from syncer.core.diagnosis.codes import Code
from syncer.core.errors import (
    FileGone,
    RemoteUnavailable,
    SourceMissing,
    SyncerError,
    Unauthorized,
)
from syncer.core.secret import Secret, one_line

SERVER = "Gitea"
#: Characters of Gitea's own words that an error shows.
MAX_MESSAGE = 200

#: Response, owner and Gitea's words to the error to raise.
Translate = Callable[[requests.Response, str, str], SyncerError]


def check_token(token: Secret | None, owner: str) -> None:
    """Raise Unauthorized, before any request, when there is no token that could be sent."""
    if token is None:
        raise advised(Unauthorized, Code.TOKEN_MISSING, f"There is no Gitea token for {owner}.", owner=owner)
    value = token.reveal()
    # A header that cannot be sent would be refused with a text that holds the token.
    if not (value and value.isascii() and value.isprintable() and " " not in value):
        what = f"The Gitea token for {owner} is empty or holds a character that no token has."
        raise advised(Unauthorized, Code.TOKEN_UNSENDABLE, what, owner=owner)


def of_listing(response: requests.Response, owner: str, message: str) -> SyncerError:
    """The error behind a refused package list."""
    status = response.status_code
    if status not in _ACCESS:
        return _unexpected(response, message)
    if _is_elsewhere(response):
        return _redirected(response, owner)
    said = f"({status}: {message})"
    if status == HTTPStatus.UNAUTHORIZED:
        return advised(
            Unauthorized, Code.TOKEN_REFUSED, f"Gitea refuses the token for {owner} {said}.", owner=owner
        )
    if status == HTTPStatus.FORBIDDEN:
        what = f"Gitea does not let this token list the packages of {owner} {said}."
        return advised(Unauthorized, Code.ACCESS_REFUSED, what, owner=owner)
    what = f"Gitea at {host_of(response.url)} knows no owner {owner} {said}."
    return advised(SourceMissing, Code.OWNER_MISSING, what)


def of_simple_page(response: requests.Response, owner: str, message: str) -> SyncerError:
    """The error behind a refused project page; the package list was readable a moment ago."""
    status = response.status_code
    if status not in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return _unexpected(response, message)
    return _registry_refusal(response, owner, message)


def of_file(response: requests.Response, owner: str, message: str) -> SyncerError:
    """The error behind a refused download."""
    status = response.status_code
    if _is_elsewhere(response):
        return RemoteUnavailable(
            f"The storage at {host_of(response.url)}, to which Gitea redirects downloads, answered {status}.",
            "Its link has expired, or this machine may not read there.",
            "It is tried again by itself; check Gitea's SERVE_DIRECT and that storage if this lasts.",
        )
    if status == HTTPStatus.NOT_FOUND:
        return FileGone(
            f"Gitea no longer serves {path_of(response.url)} (404: {message}).",
            "Its version was deleted after it was listed.",
            "Nothing needs to be done; publish it again if it is missed.",
        )
    if status in _ACCESS:
        return _registry_refusal(response, owner, message)
    return _unexpected(response, message)


def message_of(response: requests.Response, until: float, token: Secret | None) -> str:
    """Gitea's own words, from JSON or text: one printable line, cut, without the token."""
    body = next(body_chunks(SERVER, response, until=until), b"")
    return one_line(_words(body), [token])[:MAX_MESSAGE] or "no explanation"


_ACCESS = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}


def _words(body: bytes) -> str:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if isinstance(answer, dict) and isinstance(answer.get("message"), str):
        return str(answer["message"])
    return body.decode("utf-8", "replace")


def _registry_refusal(response: requests.Response, owner: str, message: str) -> SyncerError:
    if _is_elsewhere(response):
        return _redirected(response, owner)
    what = f"Gitea's registry refuses {path_of(response.url)} ({response.status_code}: {message})."
    return advised(Unauthorized, Code.REGISTRY_REFUSES, what, owner=owner)


def _redirected(response: requests.Response, owner: str) -> SyncerError:
    what = (
        f"Gitea's answer for {owner} is a redirect to {host_of(response.url)}, which refuses"
        f" ({response.status_code})."
    )
    return advised(Unauthorized, Code.URL_REDIRECTS, what)


def _unexpected(response: requests.Response, message: str) -> SyncerError:
    return RemoteUnavailable(
        f"Gitea answered {response.status_code} to {path_of(response.url)}: {message}.",
        "Something other than Gitea answered, or this Gitea answers in a way that is not known.",
        "It is tried again by itself; check [gitea] url and any proxy in front of it if this lasts.",
    )


def _is_elsewhere(response: requests.Response) -> bool:
    """Whether redirects led to another scheme, host or port."""
    first = response.history[0] if response.history else response
    return urlsplit(first.url)[:2] != urlsplit(response.url)[:2]
