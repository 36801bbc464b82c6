"""Flower's configuration file: each task's page links to the same task in the status view.

``celery -A workers flower --conf=$(python -m workers.flowerconfig)``
"""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path

from flower.urls import settings as flower_settings
from tornado.template import Loader, Template

from syncer.config.settings import WebSettings
from workers import process

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


flower_settings["template_loader"] = LinkingLoader(flower_settings["template_path"])

if __name__ == "__main__":
    sys.stdout.write(f"{__file__}\n")
