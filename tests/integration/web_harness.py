"""The status view on a real ledger, asked as a browser asks it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from sqlalchemy import event

from syncer.adapters.database.engine import Database
from syncer.bootstrap.container import build
from syncer.config.settings import DevpiServer, GiteaServer, Settings, WebSettings
from syncer.core.errors import DigestMismatch, Unauthorized
from syncer.core.model import Mapping
from syncer.core.secret import Secret
from syncer.ports.claims import TaskRecord
from syncer.web.app import create_app
from tests.support.ledgers import World, mapping, no_answer, wheel

FLOWER = "http://flower.example"
VOID = {"meta", "link", "input", "br", "hr", "img"}
HOSTILE = '"><script>alert(1)</script>`{{ 7*7 }}\u202egpj.whl'


@dataclass(slots=True)
class Site:
    """The view, its ledger, and the clock that both go by."""

    world: World
    app: FastAPI
    client: httpx.Client

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)


@contextmanager
def site(
    database: Database,
    folder: Path,
    rules: dict[str, Mapping] | None = None,
    broker: str = "",
    **changes: Any,
) -> Iterator[Site]:
    """A view of the database; its broker is not there unless a URL is given."""
    world = World(database)
    settings = Settings(
        gitea=GiteaServer("https://gitea.example"),
        devpi={"default": DevpiServer("default", "http://devpi.example", "user", Secret("hush-devpi"))},
        mappings=rules if rules is not None else {"my-org": mapping()},
        state_dir=folder / "state",
        staging_dir=folder / "staging",
        database_url=Secret(database.url.render_as_string(hide_password=False)),
        broker_url=Secret(broker) if broker else None,
        web=WebSettings(flower_url=f"{FLOWER}/"),
    )
    built = build(replace(settings, **changes))
    services = replace(built.services, ledger=world.ledger, clock=lambda: world.now)
    app = create_app(replace(built, database=database, services=services))
    with served(app) as url, httpx.Client(base_url=url) as client:
        yield Site(world, app, client)


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The application answers at this URL, from a thread of this process."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def busy(world: World) -> dict[str, int]:
    """Rows of every kind; the numbers of the Runs by what they show."""
    runs = {"failed": world.fail(Unauthorized("Gitea answered 401.", "An old token.", "Make a new one."))}
    synced = [wheel("alpha"), wheel("beta")]
    runs["complete"] = world.sync(synced, task_id="task-run")
    world.ledger.tasks.store(
        TaskRecord("task-1", "syncer.upload", "FAILURE", {"a": "<b>"}, "Traceback <i>", "w@host"), world.now
    )
    runs["dry"], _ = world.plan([*synced, wheel("gamma")], synced, dry_run=True)
    corrupt, flaky, unread = wheel("corrupt"), wheel("flaky"), wheel("unread")
    files = [*synced, corrupt, flaky, unread, wheel("waits"), wheel("evil", filename=HOSTILE), wheel("other")]
    target = [*synced, wheel("other", content="other bytes")]
    runs["open"], _ = world.plan([*files, wheel("notes", filename="notes.egg")], target)
    world.refuse(corrupt.sha256, DigestMismatch("Other bytes came.", "A proxy.", "Publish it again."))
    claim = world.fetch(flaky.sha256)
    world.ledger.blobs.postponed(claim, no_answer(), world.now, world.now)
    world.stage([unread.sha256])
    world.upload_all()
    runs["requested"] = world.request(task_id="task-waits")
    world.alive()
    return runs


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that were executed meanwhile."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


class Page(HTMLParser):
    """What a page links to, and what a browser would find wrong with it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.flaws: list[str] = []
        self.tags: list[str] = []
        self._open: list[str] = []
        self._ids: set[str] = set()
        self.feed(html)
        self.flaws.extend(f"<{tag}> is never closed" for tag in self._open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self._open.append(tag)
        for name, value in attrs:
            self._check(tag, name, value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self._check(tag, name, value or "")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.flaws.append(f"</{tag}> closes nothing")

    def _check(self, tag: str, name: str, value: str) -> None:
        if name == "style" or name.startswith("on"):
            self.flaws.append(f"<{tag} {name}> is refused by the policy")
        if name == "id" and value in self._ids:
            self.flaws.append(f"id {value} is there twice")
        if name == "id":
            self._ids.add(value)
        if tag == "a" and name == "href":
            self.links.append(value)
