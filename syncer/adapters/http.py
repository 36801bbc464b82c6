"""One way to speak HTTP: a session whose secrets stay home and whose errors are ours."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.exceptions import SSLError as BrokenTls
from urllib3.util.retry import Retry

from syncer.core.errors import RateLimited, RemoteUnavailable

Authorize = Callable[[requests.PreparedRequest], requests.PreparedRequest]

CHUNK_BYTES = 256 * 1024
#: What an answer that is read whole may have, unpacked, and the seconds to its last byte: 40 000 files of
#: one project are half of that, and a server that needs longer than a minute for it is not well.
LARGEST_ANSWER = 64 * 1024 * 1024
LONGEST_ANSWER = 60.0
#: Seconds; a server that asks for a longer pause is asked again after a day.
LONGEST_WAIT = 86400.0


class EndlessAnswer(requests.RequestException):
    """An answer is larger, or takes longer, than any of this server's can."""


class Session(requests.Session):
    """Keeps connections, gives every request a time-out and a limit, and never reads ``.netrc``.

    Authorization is dropped on a redirect to another host (requests does so) and nothing from
    ``.netrc`` takes its place.
    """

    def __init__(self, *, verify: bool | str, timeout: float, authorize: Authorize, pool: int = 8) -> None:
        super().__init__()
        self.verify = verify
        self.timeout = timeout
        self.auth = authorize
        self._environment: dict[tuple[str, str, bool, Any], Any] = {}
        self.headers["User-Agent"] = "gitea-devpi-syncer"
        for scheme in ("http://", "https://"):
            self.mount(scheme, HTTPAdapter(pool_connections=pool, pool_maxsize=pool, max_retries=_retries()))

    def send(self, request: requests.PreparedRequest, **options: object) -> requests.Response:
        """Send with this session's time-out unless the caller names another; read the answer within limits.

        The caller reads what is asked for with ``stream=True``.
        """
        if options.get("timeout") is None:
            options["timeout"] = self.timeout
        reads_itself, options["stream"] = options.get("stream"), True
        try:
            response = super().send(request, **options)  # type: ignore[arg-type]  # requests types each option apart
            return response if reads_itself else _read(response)
        except requests.RequestException:
            raise
        except ValueError:
            # Unreadable redirects (``http://[``, port 99999) leave requests as a bare ValueError; so does a
            # header that cannot be sent, whose text holds the header: that one must not be chained.
            message = "the request or the redirect that answered it has an unreadable address or header"
            raise requests.exceptions.InvalidURL(message) from None

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        """Let this session's ``verify`` win over REQUESTS_CA_BUNDLE unless it is plain True.

        requests by itself looks at the environment first and so forgets a configured CA bundle, and
        even False, as soon as that variable is set.
        """
        options.setdefault("verify", self.verify)
        return super().request(method, url, *args, **options)

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """As requests does it, once for each server: it goes through the whole environment every time."""
        parts = urlsplit(str(url))
        key = (parts.scheme, parts.netloc, bool(stream), verify)
        if proxies or cert:
            return super().merge_environment_settings(url, proxies, stream, verify, cert)
        if key not in self._environment:
            self._environment[key] = super().merge_environment_settings(url, proxies, stream, verify, cert)
        return dict(self._environment[key])

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Where a redirect leads; its body is nobody's business, and requests would read it to its end."""
        target = super().get_redirect_target(resp)
        if target is not None and resp.raw is not None:
            resp.close()
        return target

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Drop credentials when a redirect leaves the host; take none from ``.netrc``."""
        before, after = str(response.request.url), str(prepared_request.url)
        if self.should_strip_auth(before, after):  # type: ignore[no-untyped-call]  # missing in types-requests
            prepared_request.headers.pop("Authorization", None)


def _read(response: requests.Response) -> requests.Response:
    """The response with its whole body, as requests itself would have read it, without end."""
    if response.raw is None or response.raw.closed:
        return response
    body, until = bytearray(), time.monotonic() + LONGEST_ANSWER
    while chunk := response.raw.read1(CHUNK_BYTES, decode_content=True):
        body += chunk
        if len(body) > LARGEST_ANSWER or time.monotonic() > until:
            response.close()
            raise EndlessAnswer(
                f"more than {LARGEST_ANSWER} bytes or {LONGEST_ANSWER:.0f} s", response=response
            )
    response._content = bytes(body)  # noqa: SLF001  # the one way to hand a body over, which requests' own friends go
    return response


def _retries() -> Retry:
    """Retry short idempotent reads; only GET and HEAD, never an upload."""
    return Retry(
        total=3,
        connect=2,
        read=2,
        status=2,
        redirect=5,
        other=0,  # a TLS error in mid-upload counts as "other", and a body that was read cannot be sent again
        backoff_factor=0.2,
        status_forcelist=(502, 503, 504),
        allowed_methods=("GET", "HEAD"),
        respect_retry_after_header=False,
        raise_on_status=False,
    )


@contextmanager
def remote_errors(server: str, url: str) -> Iterator[None]:
    """Turn every error of the connection into RemoteUnavailable, naming the server by its kind.

    Only network calls belong inside: an OSError of a full disk would be taken for the server's.
    """
    try:
        yield
    except (requests.exceptions.SSLError, BrokenTls) as error:
        raise RemoteUnavailable(
            f"No secure connection to {server} at {host_of(url)} ({type(error).__name__}).",
            "Its certificate is not trusted here, has expired or names another host, or TLS broke off.",
            "Set verify_ssl to the path of the CA bundle that signed it, or mend the certificate.",
        ) from error
    except (requests.RequestException, HTTPError, OSError) as error:
        raise RemoteUnavailable(
            f"{server} at {host_of(url)} could not be reached or broke off ({type(error).__name__}).",
            "The server is down, overloaded or restarting, or the network between is.",
            "It is tried again by itself; look at the server, its url and verify_ssl if this lasts.",
        ) from error


def body_chunks(
    server: str, response: requests.Response, *, until: float, decode: bool = True
) -> Iterator[bytes]:
    """The body of a response opened with ``stream=True``, as it arrives, in at most 256 KiB each.

    ``until`` is a time of ``time.monotonic``. A body that drips keeps every single read within
    its time-out and would never end; it ends here with RemoteUnavailable, as a body does that is
    shorter than its Content-Length. The time that the caller takes over a chunk is not the server's
    and does not count. ``decode`` undoes a Content-Encoding.
    """
    while True:
        with remote_errors(server, response.url):
            chunk = response.raw.read1(CHUNK_BYTES, decode_content=decode)
        if not chunk:
            return
        if time.monotonic() > until:
            raise RemoteUnavailable(
                f"{server} at {host_of(response.url)} sent {path_of(response.url)} too slowly.",
                "The server or the network is overloaded, or the body never ends.",
                "It is tried again by itself; look at the server if this lasts.",
            )
        given = time.monotonic()
        yield chunk
        until += time.monotonic() - given


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
    """Seconds, a day at most, that a Retry-After header asks for; None when it cannot be read."""
    value = response.headers.get("Retry-After", "")
    if value.isascii() and value.isdigit():
        return min(float(value), LONGEST_WAIT)
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(response.headers["Date"])
    except (ValueError, KeyError, TypeError, OverflowError):
        return None
    return min(max(0.0, wait.total_seconds()), LONGEST_WAIT)


def host_of(url: str) -> str:
    """Host and port of a URL, without any credentials in it."""
    return urlsplit(url).netloc.rpartition("@")[2]


def path_of(url: str) -> str:
    """The path of a URL, without its query."""
    return urlsplit(url).path
