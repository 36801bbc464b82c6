"""One way to speak HTTP: a session whose secrets stay home and whose errors are ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util.retry import Retry

from syncer.core.errors import RateLimited, RemoteUnavailable

Authorize = Callable[[requests.PreparedRequest], requests.PreparedRequest]


class Session(requests.Session):
    """Keeps connections, gives every request a time-out, and never reads ``.netrc``.

    Authorization is dropped on a redirect to another host (requests does so) and nothing from
    ``.netrc`` takes its place.
    """

    def __init__(self, *, verify: bool | str, timeout: float, authorize: Authorize, pool: int = 8) -> None:
        super().__init__()
        self.verify = verify
        self.timeout = timeout
        self.auth = authorize
        self.headers["User-Agent"] = "gitea-devpi-syncer"
        for scheme in ("http://", "https://"):
            self.mount(scheme, HTTPAdapter(pool_connections=pool, pool_maxsize=pool, max_retries=_retries()))

    def send(self, request: requests.PreparedRequest, **options: object) -> requests.Response:
        """Send with this session's time-out unless the caller names another."""
        if options.get("timeout") is None:
            options["timeout"] = self.timeout
        return super().send(request, **options)  # type: ignore[arg-type]  # requests types each option apart

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Drop credentials when a redirect leaves the host; take none from ``.netrc``."""
        before, after = str(response.request.url), str(prepared_request.url)
        if self.should_strip_auth(before, after):  # type: ignore[no-untyped-call]  # missing in types-requests
            prepared_request.headers.pop("Authorization", None)


def _retries() -> Retry:
    """Retry short idempotent reads; only GET and HEAD, never an upload."""
    return Retry(
        total=3,
        connect=2,
        read=2,
        status=2,
        redirect=5,
        backoff_factor=0.2,
        status_forcelist=(502, 503, 504),
        allowed_methods=("GET", "HEAD"),
        respect_retry_after_header=False,
        raise_on_status=False,
    )


@contextmanager
def remote_errors(server: str, url: str) -> Iterator[None]:
    """Turn every error of the connection into RemoteUnavailable, naming the server by its kind."""
    try:
        yield
    except (requests.RequestException, HTTPError, ConnectionError, TimeoutError) as error:
        raise RemoteUnavailable(
            f"{server} at {host_of(url)} could not be reached or broke off ({type(error).__name__}).",
            "The server is down, overloaded or restarting, or the network between is.",
            "It is tried again by itself; look at the server if this lasts.",
        ) from error


def refuse_overload(server: str, response: requests.Response) -> None:
    """Raise RateLimited on 429 and RemoteUnavailable on 5xx."""
    status = response.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimited(
            f"{server} asks to slow down (429).",
            "It limits how many requests it takes.",
            "It is tried again after the time that it asked for.",
            retry_after=retry_after(response),
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise RemoteUnavailable(
            f"{server} answered {status} to {response.request.method} {path_of(response.url)}.",
            "The server has an inner error or is overloaded.",
            "It is tried again by itself; the server's log says more.",
        )


def retry_after(response: requests.Response) -> float | None:
    """Seconds that a Retry-After header asks for, None when it names none that can be read."""
    value = response.headers.get("Retry-After", "")
    if value.isdigit():
        return float(value)
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(response.headers["Date"])
    except (ValueError, KeyError, TypeError):
        return None
    return max(0.0, wait.total_seconds())


def host_of(url: str) -> str:
    """Host and port of a URL, without any credentials in it."""
    return urlsplit(url).netloc.rpartition("@")[2]


def path_of(url: str) -> str:
    """The path of a URL, without its query."""
    return urlsplit(url).path
