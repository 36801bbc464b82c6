"""The stand-in Gitea in a process of its own, so that it does not share an interpreter with who measures."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from contextlib import contextmanager
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.managers import BaseManager
from typing import TYPE_CHECKING, Any

from benchmarks.accounts import OWNER, TOKEN
from benchmarks.packages import one_wheel
from tests.standin.gitea import StandinGitea
from tests.support.dists import Dist

if TYPE_CHECKING:
    from collections.abc import Iterator


class Gitea:
    """What the measuring process may ask of the stand-in; lives in the stand-in's process."""

    def __init__(self, latency: float = 0.0) -> None:
        self._gitea = StandinGitea(latency=latency).start()
        self._gitea.add_token(TOKEN)

    def url(self) -> str:
        """Where it answers."""
        return self._gitea.url

    def pid(self) -> int:
        """Its process."""
        return os.getpid()

    def set_latency(self, seconds: float) -> None:
        """Every answer takes at least so long from now on."""
        self._gitea.latency = seconds

    def add_owner(self, name: str) -> None:
        """The organization exists, and only its members see it."""
        self._gitea.add_owner(name, visibility="private")

    def publish(self, owner: str, dists: Iterable[Dist], created_at: datetime | None = None) -> None:
        """The files are published."""
        for dist in dists:
            self._gitea.publish(owner, dist.filename, dist.content, created_at=created_at)

    def publish_wheel(self, owner: str, name: str, version: str, size: int) -> None:
        """A wheel of about ``size`` bytes is published, built here as it may be very large."""
        self.publish(owner, [one_wheel(name, version, size)])

    def requests(self) -> list[tuple[str, str]]:
        """Method and path of every request since they were last forgotten."""
        return [(request.method, request.path) for request in self._gitea.requests]

    def forget_requests(self) -> None:
        """Counting begins anew."""
        self._gitea.clear_requests()


class _Manager(BaseManager):
    """Starts the process and speaks with it."""


_Manager.register("Gitea", Gitea)


@contextmanager
def gitea_process(latency: float = 0.0) -> Iterator[Gitea]:
    """A stand-in with an owner OWNER and a token TOKEN, until the block ends."""
    with _Manager(ctx=get_context("spawn")) as manager:
        made: Any = manager
        gitea: Gitea = made.Gitea(latency)
        gitea.add_owner(OWNER)
        yield gitea


def kinds(requests: Iterable[tuple[str, str]]) -> Counter[str]:
    """How many requests were for lists, simple pages, files, and anything else."""
    return Counter(_kind(path) for _, path in requests)


def _kind(path: str) -> str:
    if "/pypi/simple/" in path:
        return "simple"
    if "/pypi/files/" in path:
        return "file"
    return "list" if "/api/v1/packages/" in path else "other"
