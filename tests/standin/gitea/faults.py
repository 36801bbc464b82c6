"""What can go wrong on the way: scripted, countable and removable misbehaviour.

A `Fault` says which requests are hit and how often; an effect says what happens to them:

    gitea.faults.add(Fault(status(500), path=r"/simple/", times=2))
    gitea.faults.add(Fault(and_then(lambda: gitea.delete_version("acme", "a", "1.0")), path=r"[?&]page=1\\b"))

Faults that hit the same request apply together, the one added last outermost.
"""

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from .exchange import HTML, JSON, Pace, Request, Response, api_json, redirect, router_text

Answer = Callable[[Request], Response]
Effect = Callable[[Request, Answer], Response]


@dataclass(frozen=True)
class Fault:
    """Hits requests whose path and query contain the pattern `path`, by one method or any.

    The first `skip` matching requests are spared, then `times` are hit (None: all of them).
    """

    effect: Effect
    path: str = ""
    method: str | None = None
    times: int | None = None
    skip: int = 0

    def matches(self, request: Request) -> bool:
        """Whether the request is of the kind that this fault hits."""
        return self.method in (None, request.method) and re.search(self.path, request.target) is not None


@dataclass
class Faults:
    """The faults in force; safe to change while requests are running."""

    _seen: dict[int, tuple[Fault, int]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault) -> Fault:
        """Puts a fault into force."""
        with self._lock:
            self._seen[id(fault)] = (fault, 0)
        return fault

    def remove(self, fault: Fault) -> None:
        """Takes a fault back."""
        with self._lock:
            self._seen.pop(id(fault), None)

    def clear(self) -> None:
        """Takes all faults back."""
        with self._lock:
            self._seen.clear()

    def hits(self, fault: Fault) -> int:
        """How many requests the fault has hit."""
        with self._lock:
            seen = self._seen.get(id(fault), (fault, 0))[1] - fault.skip
        return max(min(seen, seen if fault.times is None else fault.times), 0)

    def wrap(self, request: Request, answer: Answer) -> Answer:
        """The answer as the faults in force leave it; counts the request for each of them."""
        for effect in self._effects(request):
            answer = _bind(effect, answer)
        return answer

    def _effects(self, request: Request) -> list[Effect]:
        effects = []
        with self._lock:
            for key, (fault, seen) in self._seen.items():
                if not fault.matches(request):
                    continue
                self._seen[key] = (fault, seen + 1)
                if fault.skip <= seen and (fault.times is None or seen < fault.skip + fault.times):
                    effects.append(fault.effect)
        return effects


def _bind(effect: Effect, answer: Answer) -> Answer:
    return lambda request: effect(request, answer)


# answers instead of the true one


def status(code: int, *, retry_after: int | None = None, text: str = "fault") -> Effect:
    """Another status (500, 503, 429 with Retry-After in seconds, 401, 403 …)."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return lambda _request, _answer: router_text(code, text, headers)


def redirected(to: str) -> Effect:
    """303 to the same path on another host, as a Gitea with SERVE_DIRECT answers a download."""
    return lambda request, _: redirect(303, "See Other", to.rstrip("/") + request.target)


def html_garbage() -> Effect:
    """200 and a page of some proxy, whatever was asked."""
    body = b"<html><body><h1>Welcome</h1><p>Please sign in.<a href=/login>here</a></body></html>"
    return lambda _request, _answer: Response(200, {"Content-Type": HTML}, body)


def wrong_shape(value: object) -> Effect:
    """200 and valid JSON that is something else; the other headers stay."""
    body = json.dumps(value).encode()
    return lambda request, answer: replace(answer(request), body=body).with_headers(Content_Type=JSON)


def empty_list(total: int | None = 0) -> Effect:
    """200 and `[]`; `total` is the X-Total-Count, None for the true one."""

    def effect(request: Request, answer: Answer) -> Response:
        told = answer(request).headers.get("X-Total-Count", "0") if total is None else str(total)
        return api_json(200, [], {"X-Total-Count": told})

    return effect


# other questions than the one asked


def clamped_limit(limit: int) -> Effect:
    """Pages never hold more than `limit` rows, whatever /settings/api says."""

    def effect(request: Request, answer: Answer) -> Response:
        asked = request.argument("limit")
        smaller = min(int(asked), limit) if asked.isdigit() and int(asked) else limit
        return answer(request.with_arguments(limit=smaller))

    return effect


def repeated_page(page: int) -> Effect:
    """The same page again, whichever was asked."""
    return lambda request, answer: answer(request.with_arguments(page=page))


# changes of the true answer


def headers(**changes: str | None) -> Effect:
    """Headers set or, by None, removed: `headers(X_Total_Count=None)`."""
    return lambda request, answer: answer(request).with_headers(**changes)


def half_body() -> Effect:
    """Half of the body and a Content-Length to match: only a digest tells."""

    def effect(request: Request, answer: Answer) -> Response:
        response = answer(request)
        return replace(response, body=response.body[: len(response.body) // 2], sized=True)

    return effect


def flipped_byte(at: int = -1) -> Effect:
    """One byte of the body is another one."""

    def effect(request: Request, answer: Answer) -> Response:
        response = answer(request)
        body = bytearray(response.body)
        body[at] ^= 0xFF
        return replace(response, body=bytes(body))

    return effect


def oversized(padding: int) -> Effect:
    """So many spaces follow the true body."""
    return lambda request, answer: replace(answer(request), padding=padding)


# the way


def hang(seconds: float) -> Effect:
    """Nothing at all for so many seconds, then the answer."""

    def effect(request: Request, answer: Answer) -> Response:
        request.pause(seconds)
        return answer(request)

    return effect


def drip(size: int, seconds: float) -> Effect:
    """The body comes `size` bytes at a time, each followed by a pause."""
    return lambda request, answer: replace(answer(request), pace=Pace(size, seconds), sized=True)


def dropped(after: int) -> Effect:
    """The whole length is promised and the connection dropped after so many bytes of the body."""
    return lambda request, answer: replace(answer(request), drop_after=after, sized=True)


def and_then(change: Callable[[], object]) -> Effect:
    """The true answer, and a change right behind it: an insert or delete between two pages."""

    def effect(request: Request, answer: Answer) -> Response:
        response = answer(request)
        change()
        return response

    return effect
