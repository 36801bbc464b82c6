"""Flower's configuration file: where it listens, who may look, and a link to the status view.

Every Flower of `workers` reads it (`workers.app`); what its command line says wins, but for the guard.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from flower.urls import settings as flower_settings
from tornado.template import Loader, Template

from syncer.config.settings import WebSettings
from workers import flowerguard, process

#: Where Flower 2.2's own page shows the task's id; a test opens a real Flower and looks for the link.
SHOWS_ID = '<code class="text-body-secondary">{{ task.uuid }}</code>'


class LinkingLoader(Loader):
    """Flower's templates, with one link more."""

    def _create_template(self, name: str) -> Template:
        text = Path(self.root, name).read_text(encoding="utf-8")
        if name == "task.html":
            text = text.replace(SHOWS_ID, f"{SHOWS_ID} {_link(process.settings().web)}")
        return Template(text, name=name, loader=self)


def _link(web: WebSettings) -> str:
    view = web.url.rstrip("/") or f"http://127.0.0.1:{web.port}"
    return f'<a href="{escape(view)}/tasks/{{{{ task.uuid }}}}">the same task in the status view</a>'


_web = process.settings().web
# Flower takes the names below for its options.
address = _web.host
port = _web.flower_port
read_only = True
basic_auth = [f"{_web.username}:{_web.password.reveal()}"] if _web.password else []

flowerguard.install(_web)
flower_settings["template_loader"] = LinkingLoader(flower_settings["template_path"])
