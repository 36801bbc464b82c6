"""When an installer finds a file."""

from __future__ import annotations

import time
from collections.abc import Callable

import requests

from tests.support.devpi import DevpiServer

PAUSE, PATIENCE = 0.01, 600.0


def arrival(devpi: DevpiServer, index: str, project: str, version: str, ask: Callable[[], object]) -> float:
    """Seconds from just before the asking until the project's page shows a file of the version."""
    began, page = time.monotonic(), f"{devpi.url}/{index}/+simple/{project}/"
    ask()
    while f"-{version}" not in requests.get(page, timeout=30).text:
        if time.monotonic() - began > PATIENCE:
            raise RuntimeError(f"{project} {version} never arrived")
        time.sleep(PAUSE)
    return time.monotonic() - began
