"""The page of both sides compared now, and its buttons."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from syncer.core.drift import Finding
from syncer.core.model import Mapping
from syncer.core.repair import OURS, instruction
from syncer.usecases.drift import Report
from syncer.web.gate import same_origin
from syncer.web.probes import READ
from syncer.web.surveys import Surveys
from syncer.web.view import RELOAD, View, view_of

#: Findings that the page names: those that need somebody come first.
SHOWN = 500

router = APIRouter(prefix="/drift", default_response_class=HTMLResponse)
Looked = Annotated[View, Depends(view_of)]


def surveys_of(request: Request) -> Surveys:
    """What was compared by the buttons of this view."""
    surveys: Surveys = request.app.state.surveys
    return surveys


Known = Annotated[Surveys, Depends(surveys_of)]


@router.api_route("/{name:path}", methods=READ)
def show_drift(request: Request, view: Looked, surveys: Known, name: str) -> HTMLResponse:
    """How both sides differed when they were last compared from this page, file by file."""
    mapping = _mapping(view, name)
    survey = surveys.of(name)
    report = survey.report
    return view.page(
        request,
        "drift.html",
        mapping=mapping,
        survey=survey,
        report=report,
        rows=_rows(report) if report else (),
        counts=_counts(report) if report else (),
        mendable=sum(each.remedy in OURS for each in report.findings) if report else 0,
        reload=RELOAD if survey.since else 0,
    )


@router.post("/compare/{name:path}", dependencies=[Depends(same_origin)])
def compare(view: Looked, surveys: Known, name: str) -> RedirectResponse:
    """Both sides are compared by what they say."""
    return _begun(name, begun=surveys.compare(_mapping(view, name), with_bytes=False))


@router.post("/bytes/{name:path}", dependencies=[Depends(same_origin)])
def compare_bytes(view: Looked, surveys: Known, name: str) -> RedirectResponse:
    """Both sides are compared, and every file is fetched back from the target."""
    return _begun(name, begun=surveys.compare(_mapping(view, name), with_bytes=True))


@router.post("/repair/{name:path}", dependencies=[Depends(same_origin)])
def mend(view: Looked, surveys: Known, name: str) -> RedirectResponse:
    """What the report on the page says is mended, under the name of whoever pressed the button."""
    return _begun(name, begun=surveys.mend(_mapping(view, name), view.actor))


def _begun(name: str, *, begun: bool) -> RedirectResponse:
    if not begun:
        raise HTTPException(409, "Both sides are being compared just now, or they never were.")
    return RedirectResponse(f"/drift/{quote(name, safe='', errors='replace')}", HTTPStatus.SEE_OTHER)


def _mapping(view: View, name: str) -> Mapping:
    mapping = view.mappings.get(name)
    if mapping is None:
        raise HTTPException(404, "No mapping of that name is configured.")
    return mapping


def _rows(report: Report) -> list[tuple[Finding, str]]:
    """The findings, those that are fine last, each with what mends it."""
    ordered = sorted(report.findings, key=lambda each: each.fine)[:SHOWN]
    return [(each, instruction(each, report.mapping, volatile=report.volatile)) for each in ordered]


def _counts(report: Report) -> list[tuple[str, int]]:
    symbols = [each.symbol for each in report.findings]
    return [(symbol, symbols.count(symbol)) for symbol in dict.fromkeys(symbols)]
