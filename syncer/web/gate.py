"""The gate before every page, and the one before every form that changes something."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import HTTPException, Request
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from syncer.web.access import Access

#: It says nothing but that the process lives, and those who ask know neither name nor password.
OPEN_TO_ALL = "/health/live"


class Gate:
    """Lets through what the Access allows, and answers the rest itself."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, or refuse; what is no HTTP request is never let through."""
        if scope["type"] == "lifespan" or (scope["type"] == "http" and scope["path"] == OPEN_TO_ALL):
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            headers = Headers(scope=scope)
            refusal = self._access.refusal(headers.getlist("host"), headers.get("authorization", ""))
            answer = (
                PlainTextResponse(refusal.text, refusal.status, refusal.headers) if refusal else self._app
            )
            await answer(scope, receive, send)


def same_origin(request: Request) -> None:
    """The request comes from a page of this view, or from no page at all; raises 403 otherwise.

    A browser sends the password along with a form that a foreign page made. It also says where the form
    came from, which no page can change: Sec-Fetch-Site on https and loopback, Origin with every POST.
    """
    site = request.headers.get("sec-fetch-site", "none").lower()
    origin = request.headers.get("origin")
    if site not in ("same-origin", "none") or (origin is not None and not _is_own(request, origin)):
        raise HTTPException(
            403,
            "This came from another page than one of this view, so nothing was done. Behind a proxy, "
            "[web] url has to be the address that people use.",
        )


def _is_own(request: Request, origin: str) -> bool:
    """A proxy may put its own host in the place of the browser's; then ``[web] url`` has the browser's."""
    own = {request.headers.get("host", "").lower(), request.app.state.own_host} - {""}
    try:
        return urlsplit(origin).netloc.lower() in own
    except ValueError:
        return False
