"""Another host, to which Gitea redirects downloads; it must never be shown a credential."""

from __future__ import annotations

from typing import Self
from urllib.parse import unquote

from tests.chaos.truth import Truth
from tests.standin.gitea.exchange import Request, Response
from tests.standin.gitea.wire import Wire
from tests.support.world import TOKEN


class SecondHost:
    """Serves the bytes of every publication by the last part of the path."""

    def __init__(self, truth: Truth, owners: tuple[str, ...]) -> None:
        self._truth = truth
        self._owners = owners
        self._wire = Wire(0, self._answer)
        self.url = f"http://localhost:{self._wire.port}"
        self.leaks: list[str] = []
        self.served = 0

    def __enter__(self) -> Self:
        self._wire.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._wire.stop()

    def _answer(self, request: Request) -> Response:
        shown = [f"{name}: {value}" for name, value in request.headers.items()]
        self.leaks += [line.partition(":")[0] for line in shown if _is_credential(line)]
        if TOKEN in request.target:
            self.leaks.append("the address")
        name = unquote(request.path).rpartition("/")[2]
        files = {each.dist.filename: each.dist for owner in self._owners for each in self._truth.of(owner)}
        if name not in files:
            return Response(404)
        self.served += 1
        return Response(200, {"Content-Type": "application/octet-stream"}, files[name].content, sized=True)


def _is_credential(line: str) -> bool:
    return TOKEN in line or line.lower().startswith(("authorization", "cookie"))
