"""``/health`` for monitoring, ``/health/live`` for whoever restarts processes."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse

from syncer.queries.health import health
from syncer.web.view import view_of

READ = ["GET", "HEAD"]

router = APIRouter()


@router.api_route("/health", methods=READ)
def show_health(request: Request) -> JSONResponse:
    """The Health as JSON; 503 when something stands still."""
    view = view_of(request)
    found = health(
        view.database,
        view.mappings,
        view.clock(),
        view.broker.alive(),
        since=view.since,
        warnings=view.warnings,
    )
    return JSONResponse(jsonable_encoder(asdict(found)), 503 if found.red else 200)


@router.api_route("/health/live", methods=READ)
def show_alive() -> JSONResponse:
    """This process answers; nothing else is asked."""
    return JSONResponse({"status": "alive"})
