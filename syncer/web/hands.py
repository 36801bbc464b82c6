"""What lies in human hands: conflicts to be decided, and files that left their source."""

from __future__ import annotations

from http import HTTPStatus
from threading import Lock
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from syncer.adapters.members import read_members
from syncer.core.known import Ruling, Verdict
from syncer.queries.conflicts import Conflict, ConflictState, conflict, conflicts
from syncer.queries.deletions import deletions, open_deletion
from syncer.usecases.contents import Comparison, compare_contents
from syncer.usecases.deletions import undo
from syncer.usecases.reasons import DecisionRefused
from syncer.usecases.rulings import rule
from syncer.usecases.services import Services
from syncer.web.forms import form_of
from syncer.web.gate import same_origin
from syncer.web.probes import READ
from syncer.web.view import RELOAD, View, view_of

router = APIRouter()
Looked = Annotated[View, Depends(view_of)]
Form = Annotated[dict[str, str], Depends(form_of)]
OWN_FORM = [Depends(same_origin)]

#: Two files are fetched and unpacked: one comparison at a time is enough for all who look.
_COMPARING = Lock()


def services_of(request: Request) -> Services:
    """What the use cases work with."""
    services: Services = request.app.state.services
    return services


Work = Annotated[Services, Depends(services_of)]


@router.api_route("/conflicts", methods=READ, response_class=HTMLResponse)
def show_conflicts(request: Request, view: Looked) -> HTMLResponse:
    """Every name under which a Target holds other bytes, and what was decided."""
    found = conflicts(view.database, list(view.mappings))
    undecided = [each for each in found if each.state is not ConflictState.REJECTED]
    rejected = [each for each in found if each.state is ConflictState.REJECTED]
    return view.page(request, "conflicts.html", undecided=undecided, rejected=rejected, reload=RELOAD)


@router.api_route("/conflicts/{mapping}/{project}/{filename:path}", methods=READ, response_class=HTMLResponse)
def show_conflict(
    request: Request, view: Looked, work: Work, mapping: str, project: str, filename: str
) -> HTMLResponse:
    """One of them; with ``compare`` both files are fetched now and compared."""
    found = _found(view, mapping, project, filename)
    asked = request.method == "GET" and request.query_params.get("compare") == "now"
    comparison = _compared(work, found) if asked else None
    return view.page(request, "conflict.html", one=found, comparison=comparison)


@router.post("/rule/{mapping}/{project}/{filename:path}", dependencies=OWN_FORM)
def decide(
    view: Looked, work: Work, form: Form, mapping: str, project: str, filename: str
) -> RedirectResponse:
    """It is decided about the two contents that the page showed; the Run that follows is shown."""
    found = _found(view, mapping, project, filename)
    shown = (project, filename, form.get("source_sha256", ""), form.get("target_sha256", ""))
    if found.state is ConflictState.AMBIGUOUS or shown != found.contest:
        raise HTTPException(409, "This is not what lies there any more, so nothing was done. Look again.")
    if form.get("verdict") not in {*Verdict}:
        raise HTTPException(400, "Neither approved nor rejected was chosen, so nothing was done.")
    ruling = Ruling(Verdict(form["verdict"]), form.get("reason", ""), view.actor)
    try:
        request = rule(work, mapping, shown, ruling, "web")
    except DecisionRefused as refused:
        raise HTTPException(400, str(refused)) from refused
    return RedirectResponse(f"/runs/{view.order(request)}", HTTPStatus.SEE_OTHER)


@router.api_route("/deletions", methods=READ, response_class=HTMLResponse)
def show_deletions(request: Request, view: Looked) -> HTMLResponse:
    """What left its Source, what becomes of it, and what became of others."""
    return view.page(request, "deletions.html", seen=deletions(view.database, view.mappings), reload=0)


@router.post("/undo/{mapping}/{project}/{filename:path}", dependencies=OWN_FORM)
def stay(view: Looked, work: Work, form: Form, mapping: str, project: str, filename: str) -> RedirectResponse:
    """The file stays where it is."""
    found = open_deletion(view.database, mapping, project, filename) if mapping in view.mappings else None
    if found is None:
        raise HTTPException(404, "No file of that name is marked in that mapping.")
    try:
        undo(work, found, form.get("reason", ""), view.actor)
    except DecisionRefused as refused:
        raise HTTPException(400, str(refused)) from refused
    return RedirectResponse("/deletions", HTTPStatus.SEE_OTHER)


def _found(view: View, mapping: str, project: str, filename: str) -> Conflict:
    found = conflict(view.database, mapping, project, filename) if mapping in view.mappings else None
    if found is None:
        raise HTTPException(404, "No conflict about a file of that name is known in that mapping.")
    return found


def _compared(work: Services, found: Conflict) -> Comparison:
    if not _COMPARING.acquire(blocking=False):
        raise HTTPException(503, "Another comparison is under way; ask again in a moment.")
    try:
        return compare_contents(work, read_members, found.mapping, found.file)
    finally:
        _COMPARING.release()
