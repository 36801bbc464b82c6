"""The FastAPI application of the status view."""

from __future__ import annotations

import logging
from functools import partial
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from syncer.bootstrap.container import Container, broker_url
from syncer.config.settings import Settings
from syncer.core.errors import RemoteUnavailable
from syncer.usecases.discover import request_run
from syncer.usecases.provenance import ask_source
from syncer.web import drift, hands, metrics, orders, pages, probes, proof
from syncer.web.access import Access
from syncer.web.gate import Gate
from syncer.web.pulse import BrokerPulse
from syncer.web.security import HEADERS, SecurityHeaders
from syncer.web.surveys import Surveys
from syncer.web.view import FOLDER, RELOAD, View, templates, view_of

log = logging.getLogger(__name__)


def create_app(container: Container) -> FastAPI:
    """The application; nothing is asked of the database or the broker before the first request."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.view = _view(container)
    web = container.settings.web
    app.state.services = container.services
    app.state.surveys = Surveys(container.services)
    app.state.own_host = urlsplit(web.url).netloc.lower()
    app.include_router(probes.router)
    app.include_router(metrics.router)
    app.include_router(proof.router)
    app.include_router(pages.router)
    app.include_router(orders.router)
    app.include_router(drift.router)
    app.include_router(hands.router)
    app.mount("/static", StaticFiles(directory=FOLDER / "static"))
    app.add_middleware(Gate, access=Access.of(web, web.url))
    app.add_middleware(SecurityHeaders)  # added last, so around the gate as well
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RemoteUnavailable, _database_away)
    app.add_exception_handler(Exception, _broken)
    return app


def flower_url(settings: Settings) -> str:
    """Where people find Flower; it is only ever linked to."""
    return settings.web.flower_url.rstrip("/") or f"http://127.0.0.1:{settings.web.flower_port}"


def _view(container: Container) -> View:
    flower = flower_url(container.settings)
    return View(
        database=container.database,
        mappings=container.settings.mappings,
        clock=container.services.clock,
        broker=BrokerPulse(partial(broker_url, container.settings)),
        flower_url=flower,
        templates=templates(flower),
        since=container.services.clock(),
        order=partial(request_run, container.services),
        ask=partial(ask_source, container.services),
        actor=_actor(container.settings),
        warnings=container.settings.warnings,
    )


def _actor(settings: Settings) -> str:
    """Everybody who has the password is the one user; without one nobody is known."""
    return settings.web.username if settings.web.password else "web"


def _refused(request: Request, error: Exception) -> HTMLResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    what = {404: "There is no such page.", 405: "This address takes no such request."}
    said = str(error.detail) if isinstance(error, HTTPException) else ""
    message = said if status == 404 and said != "Not Found" else what.get(status, said)  # noqa: PLR2004
    return _error_page(request, status, message, "Check the address, or begin at the overview.")


def _database_away(request: Request, error: Exception) -> HTMLResponse:
    next_step = error.next_step if isinstance(error, RemoteUnavailable) else ""
    what = f"{error.what} {error.cause}" if isinstance(error, RemoteUnavailable) else ""
    return _error_page(request, 503, what, next_step, reload=RELOAD)


def _broken(request: Request, error: Exception) -> HTMLResponse:
    log.error("A page could not be made: %s", request.url.path, exc_info=error)
    what = (
        f"An unexpected {type(error).__name__} ended the making of this page. This is a defect in the syncer."
    )
    return _error_page(request, 500, what, "Nothing else is affected; please report it with the view's log.")


def _error_page(
    request: Request, code: int, message: str, next_step: str, *, reload: int = 0
) -> HTMLResponse:
    page = view_of(request).page(
        request, "error.html", code, reload=reload, message=message, next_step=next_step
    )
    # The answer to a defect is sent from outside of every middleware.
    page.headers.update(HEADERS)
    return page
