"""The pages: each reads one read model and fills one template."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse

from syncer.core.states import RunState
from syncer.queries.files import file_detail, mapping_files, why
from syncer.queries.hands import in_hands
from syncer.queries.health import judge
from syncer.queries.overview import overview
from syncer.queries.runs import recent_runs, run_detail
from syncer.queries.standing import MISSING
from syncer.queries.statuses import FileStatus
from syncer.queries.tasks import task
from syncer.web.probes import READ
from syncer.web.view import RELOAD, View, view_of

#: Files on one page, and the highest page number: beyond it nobody reads, and a database would count.
FILES_SHOWN = 100
LAST_PAGE = 100_000
RUNS_SHOWN = 8
LONGEST_QUESTION = 300
#: What the ledger's integer keys can hold.
HIGHEST_ID = 2**31 - 1

router = APIRouter(default_response_class=HTMLResponse)
Looked = Annotated[View, Depends(view_of)]


@router.api_route("/", methods=READ)
def show_overview(request: Request, view: Looked) -> HTMLResponse:
    """Every Mapping, what needs somebody, and who is alive."""
    seen = overview(view.database, view.mappings, view.clock(), view.since)
    return view.page(
        request,
        "overview.html",
        seen=seen,
        broker_alive=(broker := view.broker.alive()),
        verdict=judge(seen, broker_alive=broker),
        runs=recent_runs(view.database, limit=RUNS_SHOWN),
        hands=in_hands(view.database, list(view.mappings)),
        reload=RELOAD,
    )


@router.api_route("/mappings/{name:path}", methods=READ)
def show_mapping(
    request: Request, view: Looked, name: str, status: str = "", page: str = "1"
) -> HTMLResponse:
    """One Mapping: how it stands, its files, its last Runs."""
    mapping = view.mappings.get(name)
    if mapping is None:
        raise HTTPException(404, "No mapping of that name is configured.")
    seen = overview(view.database, {name: mapping}, view.clock(), view.since)
    files = mapping_files(view.database, name, _status(status), FILES_SHOWN, _offset(page))
    return view.page(
        request,
        "mapping.html",
        mapping=seen.mappings[0],
        unsafe=seen.warnings,
        files=files,
        status=status,
        runs=recent_runs(view.database, name, limit=RUNS_SHOWN),
        reload=RELOAD,
    )


@router.api_route("/runs/{run_id:int}", methods=READ)
def show_run(request: Request, view: Looked, run_id: int, status: str = "", page: str = "1") -> HTMLResponse:
    """One Run: what it was asked, what it decided, what became of it."""
    found = None
    if run_id <= HIGHEST_ID:
        found = run_detail(view.database, run_id, _status(status), FILES_SHOWN, _offset(page))
    if found is None:
        raise HTTPException(404, "No run of that number is recorded.")
    going_on = found.run.state != RunState.FINISHED
    return view.page(request, "run.html", detail=found, status=status, reload=RELOAD if going_on else 0)


@router.api_route("/files", methods=READ)
def find_file(request: Request, view: Looked, q: str = "") -> HTMLResponse:
    """Every file of that name, or whose sha256 begins so."""
    return view.page(request, "search.html", wanted=q.strip(), found=why(view.database, q[:LONGEST_QUESTION]))


@router.api_route("/files/{mapping}/{project}/{filename:path}", methods=READ)
def show_file(request: Request, view: Looked, mapping: str, project: str, filename: str) -> HTMLResponse:
    """Everything known of one file of one Mapping."""
    found = file_detail(view.database, mapping, project, filename)
    if found is None:
        raise HTTPException(404, "No run has decided about a file of that name in that mapping.")
    return view.page(request, "file.html", file=found)


@router.api_route("/tasks/{task_id}", methods=READ)
def show_task(request: Request, view: Looked, task_id: str) -> HTMLResponse:
    """One Celery task as the ledger recorded it."""
    found = task(view.database, task_id)
    if found is None:
        raise HTTPException(404, "Nothing is recorded of that task; Flower may still know it.")
    return view.page(request, "task.html", detail=found)


def _status(text: str) -> str | None:
    if text and text not in (*FileStatus, MISSING):
        raise HTTPException(404, "No file status is called that.")
    return text or None


def _offset(page: str) -> int:
    number = int(page) if page.isdecimal() and len(page) <= len(str(LAST_PAGE)) else 0
    if not 1 <= number <= LAST_PAGE:
        raise HTTPException(404, "There is no such page of files.")
    return (number - 1) * FILES_SHOWN
