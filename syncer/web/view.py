"""What every page needs, and how a page is made of a template."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from syncer.adapters.database.engine import Database
from syncer.core.errors import EXAMINABLE
from syncer.core.model import Mapping
from syncer.core.warning import StandingWarning
from syncer.ports.claims import RunRequest
from syncer.queries.provenance import Ask
from syncer.web import text, words
from syncer.web.pulse import BrokerPulse

FOLDER = Path(__file__).parent
#: Seconds between two reloads of a page that shows what is going on.
RELOAD = 5


@dataclass(frozen=True, slots=True)
class View:
    """The parts of a Container that pages read, when the view began to watch, and what every page says.

    ``actor`` is who looks, as the audit names them.
    """

    database: Database
    mappings: Dict[str, Mapping]
    clock: Callable[[], datetime]
    broker: BrokerPulse
    flower_url: str
    templates: Environment
    since: datetime
    order: Callable[[RunRequest], int | None]
    ask: Ask
    warnings: tuple[StandingWarning, ...] = ()
    actor: str = "web"

    def page(
        self, request: Request, template: str, code: int = 200, *, reload: int = 0, **values: Any
    ) -> HTMLResponse:
        """The template filled in, every text escaped; ``reload`` is in seconds, 0 for a page that stays."""
        paused = request.query_params.get("refresh") == "off"
        body = self.templates.get_template(template).render(
            now=self.clock(),
            reload=0 if paused else reload,
            can_pause=bool(reload),
            here=request.url.path,
            query=dict(request.query_params),
            flower_url=self.flower_url,
            warnings=self.warnings,
            code=code,
            **values,
        )
        return HTMLResponse(body, code)


def view_of(request: Request) -> View:
    """The View that the application was made with."""
    view: View = request.app.state.view
    return view


def templates(flower_url: str) -> Environment:
    """Jinja with escaping always on, our filters, and no undefined name left unnoticed."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=text.visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        absolute=text.absolute,
        duration=text.duration,
        numbered=text.numbered,
        prose=text.prose,
        size=text.size,
    )
    environment.globals.update(
        relative=text.relative,
        conflict_badge=words.conflict_badge,
        deletion_badge=words.deletion_badge,
        file_badge=words.file_badge,
        mapping_badge=words.mapping_badge,
        run_badge=words.run_badge,
        task_badge=words.task_badge,
        verdict_badge=words.verdict_badge,
        filters=words.FILTERS,
        conflict_url=partial(_url, "conflicts"),
        retry_url=partial(_url, "retry"),
        drift_url=partial(_url, "drift"),
        rule_url=partial(_url, "rule"),
        undo_url=partial(_url, "undo"),
        mapping_url=partial(_url, "mappings"),
        run_url=partial(_url, "runs"),
        file_url=partial(_url, "files"),
        provenance_url=lambda *file: _url("files", *file, "provenance.json"),
        task_url=partial(_url, "tasks"),
        flower_task_url=lambda task_id: f"{flower_url}/task/{_quoted(task_id)}",
        with_query=_with_query,
        doctor=_doctor,
    )
    return environment


def _url(*parts: object) -> Markup:
    """A path on this view; escaped here, so that nothing in it is written out once more."""
    return Markup("/" + "/".join(_quoted(part) for part in parts))  # noqa: S704  # quoted just now


def _quoted(part: object) -> str:
    return quote(str(part), safe="", errors="replace")


def _doctor(error_code: str, mapping: str) -> str:
    """The command that looks more closely at what a Run failed of; empty where it would not help."""
    return f"syncer doctor -m {shlex.quote(mapping)}" if error_code in EXAMINABLE else ""


def _with_query(path: str, query: Dict[str, str], **changes: object) -> str:
    """The path with the query, of which some values are changed, and those set to None left out."""
    merged = {**query, **changes}
    pairs = [f"{_quoted(key)}={_quoted(value)}" for key, value in merged.items() if value is not None]
    return f"{path}?{'&'.join(pairs)}" if pairs else path
