"""The target as an installer sees it: every page and every byte, past everything of the syncer's."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field

import requests

from tests.support.devpi import DevpiServer

JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}


@dataclass(frozen=True, slots=True)
class Held:
    """One line of a project's page, and the sha256 of the bytes that its address really gives."""

    filename: str
    sha256: str
    requires_python: str
    served: str = ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """What an index itself holds of a project; ``times`` counts the lines of each file name."""

    project: str
    files: dict[str, Held] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)


def shelf(devpi: DevpiServer, index: str, project: str, *, fetch: bool) -> Shelf:
    """The project's page on the index, with ``fetch`` also the bytes of each file."""
    base = f"{devpi.url}/{index}/+simple/{project}/"
    page = requests.get(base, headers=JSON, timeout=30)
    if page.status_code == 404:
        return Shelf(project)
    page.raise_for_status()
    found, times = {}, Counter[str]()
    for row in page.json()["files"]:
        url = requests.compat.urljoin(base, row["url"])
        times[row["filename"]] += 1
        served = hashlib.sha256(requests.get(url, timeout=60).content).hexdigest() if fetch else ""
        python = row.get("requires-python") or ""
        found[row["filename"]] = Held(row["filename"], row["hashes"].get("sha256", ""), python, served)
    return Shelf(project, found, times)


def projects(devpi: DevpiServer, index: str) -> set[str]:
    """Every project on the index itself, by normalized name."""
    page = requests.get(f"{devpi.url}/{index}/+simple/", headers=JSON, timeout=30)
    page.raise_for_status()
    return {row["name"] for row in page.json()["projects"]}
