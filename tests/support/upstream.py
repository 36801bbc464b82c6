"""A simple index that a devpi mirror asks, and a record of what it was asked."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

JSON = "application/vnd.pypi.simple.v1+json"


class Upstream:
    """PEP 691 on a free port of 127.0.0.1; ``broken`` makes every answer a 500."""

    def __init__(self, *projects: str) -> None:
        self.projects = list(projects)
        self.asked: list[str] = []
        self.broken = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """As ``mirror_url`` takes it."""
        return f"http://127.0.0.1:{self._server.server_port}/simple/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, path: str) -> tuple[int, object]:
        self.asked.append(path)
        project = path.removeprefix("/simple").strip("/")
        if self.broken:
            return 500, {}
        if not project:
            return 200, {"meta": {"api-version": "1.0"}, "projects": [{"name": p} for p in self.projects]}
        if project not in self.projects:
            return 404, {}
        file = {"filename": f"{project}-9.0.tar.gz", "url": f"{self.url}{project}-9.0.tar.gz", "hashes": {}}
        return 200, {"meta": {"api-version": "1.0"}, "name": project, "files": [file]}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, answer = upstream._answer(self.path)
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", JSON)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing is printed."""

        return Handler
