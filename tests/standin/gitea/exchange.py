"""One request and one answer, free of sockets, and the few shapes that Gitea's answers have."""

import html
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.message import Message
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

SECURITY = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "SAMEORIGIN"}
NO_CACHE = {"Cache-Control": "max-age=0, private, must-revalidate"}
ROUTER_TEXT = "text/plain; charset=utf-8"
HANDLER_TEXT = "text/plain;charset=utf-8"
HTML = "text/html; charset=utf-8"
JSON = "application/json;charset=utf-8"


@dataclass(frozen=True)
class Request:
    """A request as it arrived; `target` is the raw path with its query."""

    method: str
    target: str
    headers: Message
    body: bytes = field(default=b"", repr=False)
    pause: Callable[[float], object] = field(default=time.sleep, repr=False)
    """Waits so many seconds, or less when the stand-in is stopped."""

    @property
    def path(self) -> str:
        """The raw path without the query."""
        return urlsplit("http://_" + self.target).path

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """The decoded query."""
        return parse_qs(urlsplit("http://_" + self.target).query, keep_blank_values=True)

    def argument(self, name: str) -> str:
        """The first value of a query argument, empty when it is missing."""
        return self.query.get(name, [""])[0]

    def with_arguments(self, **arguments: object) -> "Request":
        """The same request with these query arguments instead."""
        changed = self.query | {name: [str(value)] for name, value in arguments.items()}
        return replace(self, target=f"{self.path}?{encode_query(changed)}")

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; `Answered` with 422 when it is none."""
        try:
            value = json.loads(self.body)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise Answered(plain(422, "[]: invalid JSON"))
        return value


@dataclass(frozen=True)
class Pace:
    """A body that drips: so many bytes, then so many seconds of nothing."""

    size: int
    seconds: float


@dataclass(frozen=True)
class Response:
    """An answer. The wire adds Date and the framing."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    sized: bool = False
    """Content-Length whatever the size; otherwise more than 2 kB is sent chunked, as Go does."""
    padding: int = 0
    """So many spaces follow the body."""
    pace: Pace | None = None
    drop_after: int | None = None
    """The connection is dropped after so many bytes of the body."""

    def with_headers(self, **headers: str | None) -> "Response":
        """The same answer with headers set (`X_Total_Count="3"`) or, by None, removed."""
        changed = {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {name: value for name, value in self.headers.items() if name not in changed}
        return replace(self, headers=kept | {n: v for n, v in changed.items() if v is not None})


class Answered(Exception):
    """Ends the handling of a request early, with this answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def encode_query(query: Mapping[str, list[str]]) -> str:
    """Sorted by name, as Go encodes a query."""
    return urlencode([(name, value) for name in sorted(query) for value in query[name]])


def go_json(value: object, indent: int | None = None) -> str:
    """JSON as Go writes it: `<`, `>` and `&` escaped, everything else as it is."""
    separators = (",", ": ") if indent else (",", ":")
    text = json.dumps(value, ensure_ascii=False, separators=separators, indent=indent)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def api_json(status: int, value: object, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer of the management API."""
    body = go_json(value).encode() + b"\n"
    return Response(status, {**NO_CACHE, "Content-Type": JSON, **SECURITY, **(headers or {})}, body)


def api_empty(status: int) -> Response:
    """An answer of the management API without a body."""
    return Response(status, {**NO_CACHE, **SECURITY})


def plain(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """A text answer of the registry's handlers: no line end."""
    return Response(status, {"Content-Type": HANDLER_TEXT, **SECURITY, **(headers or {})}, text.encode())


def router_text(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """A text answer from in front of the handlers: with a line end."""
    body = f"{text}\n".encode()
    return Response(status, {"Content-Type": ROUTER_TEXT, **SECURITY, **(headers or {})}, body)


def page(status: int, text: str) -> Response:
    """An HTML answer."""
    return Response(status, {"Content-Type": HTML, **SECURITY}, text.encode())


def redirect(status: int, phrase: str, location: str, headers: Mapping[str, str] | None = None) -> Response:
    """A redirect with the little page that Go's standard library sends along."""
    body = f'<a href="{html.escape(location)}">{phrase}</a>.\n\n'.encode()
    return Response(status, {"Content-Type": HTML, **SECURITY, "Location": location, **(headers or {})}, body)
