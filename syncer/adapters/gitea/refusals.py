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
        raise Unauthorized(
            f"There is no Gitea token for {owner}.",
            "Gitea shows its package list to nobody without a token, not even that of a public owner.",
            _set_token(owner),
        )
    value = token.reveal()
    # A header that cannot be sent would be refused with a text that holds the token.
    if not (value and value.isascii() and value.isprintable() and " " not in value):
        raise Unauthorized(
            f"The Gitea token for {owner} is empty or holds a character that no token has.",
            "A line end, a space or something else was copied along with it.",
            _set_token(owner),
        )


def of_listing(response: requests.Response, owner: str, message: str) -> SyncerError:
    """The error behind a refused package list."""
    status = response.status_code
    if status not in _ACCESS:
        return _unexpected(response, message)
    if _is_elsewhere(response):
        return _redirected(response, owner)
    said = f"({status}: {message})"
    if status == HTTPStatus.UNAUTHORIZED:
        return Unauthorized(
            f"Gitea refuses the token for {owner} {said}.",
            "The token is wrong, has expired or was deleted.",
            _set_token(owner),
        )
    if status == HTTPStatus.FORBIDDEN:
        return Unauthorized(
            f"Gitea does not let this token list the packages of {owner} {said}.",
            f"It lacks the scope read:package, is only for public packages, or its user may not see {owner}.",
            f"Make a token with the scope read:package, of a user who is in a team of {owner}.",
        )
    return SourceMissing(
        f"Gitea at {host_of(response.url)} knows no owner {owner} {said}.",
        "The name is misspelt, the owner was deleted, or [gitea] url does not lead to Gitea.",
        "Correct organization in the mapping, or [gitea] url.",
    )


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
    return Unauthorized(
        f"Gitea's registry refuses {path_of(response.url)} ({response.status_code}: {message}).",
        "The token lost its scope or its user the membership a moment ago, or a proxy drops the"
        " Authorization header on the way to /api/packages.",
        f"Check the token and the proxy; the token needs read:package, its user a team of {owner}.",
    )


def _redirected(response: requests.Response, owner: str) -> SyncerError:
    return Unauthorized(
        f"Gitea's answer for {owner} is a redirect to {host_of(response.url)}, which refuses"
        f" ({response.status_code}).",
        "A token is never sent to another address than the configured one.",
        "Set [gitea] url to the address at which Gitea is really reached.",
    )


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


def _set_token(owner: str) -> str:
    return (
        "Make a token with the scope read:package and set token or token_env in [mapping:<name>],"
        f" [gitea:{owner}] or [gitea]."
    )
