"""The buttons: each requests a Run, and shows it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import RedirectResponse

from syncer.core.model import EVERYTHING, Scope
from syncer.ports.claims import RunRequest
from syncer.queries.files import file_detail
from syncer.web.gate import same_origin
from syncer.web.view import View, view_of

router = APIRouter(prefix="/retry", dependencies=[Depends(same_origin)])
Looked = Annotated[View, Depends(view_of)]


@router.post("/mappings/{name:path}")
def retry_mapping(view: Looked, name: str) -> RedirectResponse:
    """The Mapping is looked at anew, and whatever failed is tried again."""
    return _requested(view, name)


@router.post("/files/{mapping}/{project}/{filename:path}")
def retry_file(view: Looked, mapping: str, project: str, filename: str) -> RedirectResponse:
    """The file's release is looked at anew, and what failed of it is tried again."""
    found = file_detail(view.database, mapping, project, filename)
    if found is None or found.current is None:
        raise HTTPException(404, "No run has found a file of that name at the source of that mapping.")
    return _requested(view, mapping, Scope(project, found.current.version))


def _requested(view: View, mapping: str, scope: Scope = EVERYTHING) -> RedirectResponse:
    if mapping not in view.mappings:
        raise HTTPException(404, "No mapping of that name is configured.")
    run = view.order(RunRequest(mapping, "web", scope, actor=view.actor))
    return RedirectResponse(f"/runs/{run}", HTTPStatus.SEE_OTHER)
