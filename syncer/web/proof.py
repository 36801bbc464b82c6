"""What proves how a file came to its Target, as documents to keep."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import Response

from syncer.queries.provenance import history, record
from syncer.web.probes import READ
from syncer.web.view import View, view_of

router = APIRouter()
Looked = Annotated[View, Depends(view_of)]


@router.api_route("/files/{mapping}/{project}/{filename:path}/provenance.json", methods=READ)
def provenance(view: Looked, mapping: str, project: str, filename: str) -> Response:
    """The record of the file; Gitea is asked for its part, and is null with a reason when it is away."""
    found = history(view.database, mapping, project, filename)
    if found is None:
        raise HTTPException(404, "No run has decided about a file of that name in that mapping.")
    document = json.dumps(record(found, view.ask, view.clock()), indent=2)
    # A name that is markup stays text, whatever it is taken for.
    for char in "<>&":
        document = document.replace(char, f"\\u{ord(char):04x}")
    return Response(document, media_type="application/json")
