"""Ask a server by GET alone, and note what only the way of answering tells: its clock, its speed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from syncer.adapters.http import Authorize, Session, host_of, remote_errors
from syncer.core.diagnosis.facts import Clock, Reply
from syncer.core.secret import Secret, one_line

JSON = "application/json"
#: Characters of a server's own words that are repeated.
MAX_SAID = 200
#: Seconds by which a Date header may be wrong besides the way: it has whole seconds.
COARSE = 1.0

Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer, read whole; ``moved_to`` is the path after redirects on the same server, else empty."""

    reply: Reply
    headers: Mapping[str, str]
    body: bytes
    moved_to: str = ""

    def json(self) -> Any:
        """The body as JSON, None when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class Looker:
    """Asks one server, whose kind is ``server``, with one credential; its connections end with the block.

    ``secrets`` never stand in what it repeats. ``clock`` and ``slowest`` are those of the answers so far.
    """

    def __init__(
        self, server: str, session: Session, now: Now, secrets: tuple[Secret | None, ...] = ()
    ) -> None:
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter())  # what fails at the first try is worth knowing
        self._server = server
        self._session = session
        self._now = now
        self._secrets = secrets
        self.clock: Clock | None = None
        self.slowest = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def get(self, url: str, *, accept: str = JSON, patience: float | None = None, **query: str) -> Heard:
        """The answer, whatever its status is; raises RemoteUnavailable when there is none.

        ``patience`` is in seconds, for a question that is known to take its time; else that of the session.
        """
        began, before = time.monotonic(), self._now()
        with remote_errors(self._server, url):
            response = self._session.get(url, params=query, headers={"Accept": accept}, timeout=patience)
        took = time.monotonic() - began
        self.slowest = self.slowest if patience else max(self.slowest, took)
        self.clock = _clock(response, before, took) or self.clock
        return self._heard(response)

    def _heard(self, response: requests.Response) -> Heard:
        first = response.history[0].url if response.history else response.url
        strange = urlsplit(first)[:2] != urlsplit(response.url)[:2]
        reply = Reply(response.status_code, self._said(response), host_of(response.url) if strange else "")
        moved = "" if strange or not response.history else urlsplit(response.url).path
        return Heard(reply, response.headers, response.content, moved)

    def _said(self, response: requests.Response) -> str:
        if response.status_code == HTTPStatus.OK:
            return ""
        words = one_line(_words(response), self._secrets)[:MAX_SAID]
        return words or one_line(response.reason or "", self._secrets)[:MAX_SAID]


def anonymous(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Nobody asks."""
    return request


def by_header(value: str) -> Authorize:
    """Whoever asks says so in the Authorization header."""

    def authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = value
        return request

    return authorize


def _words(response: requests.Response) -> str:
    """The server's own words, from JSON or text; a page for browsers tells nothing in one line."""
    try:
        answer = json.loads(response.content)
    except (ValueError, RecursionError):
        answer = None
    if isinstance(answer, dict):
        return next(
            (text for key in ("message", "title") if isinstance(text := answer.get(key), str) and text), ""
        )
    is_page = "html" in response.headers.get("Content-Type", "").lower()
    return "" if is_page else response.content.decode("utf-8", "replace")


def _clock(response: requests.Response, before: datetime, took: float) -> Clock | None:
    """The answer was dated at some time while it was waited for."""
    try:
        theirs = parsedate_to_datetime(response.headers["Date"])
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
    return Clock(theirs, before + timedelta(seconds=took / 2), took / 2 + COARSE)
