"""Everything that an index says of its projects: releases, the pages that installers read, and bases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from syncer.adapters.devpi.client import DevpiClient
from syncer.adapters.devpi.files import address_of
from syncer.adapters.devpi.listing import read_page, read_project
from syncer.core.errors import Retryable
from syncer.core.model import DistributionFile
from syncer.core.sides import Shelf

SIMPLE_JSON = "application/vnd.pypi.simple.v1+json"
#: After so many projects that could not be read the others are not asked for.
MOST_FAILURES = 5


def surveyor(client: DevpiClient, index: str, own: frozenset[str]) -> Callable[[str], Shelf]:
    """What reads one project; where that fails the Shelf says why, and the other projects go on."""
    failed: list[str] = []

    def survey(project: str) -> Shelf:
        if len(failed) >= MOST_FAILURES:
            return Shelf(error=failed[-1])
        try:
            return _shelf(client, index, project, has_own=project in own)
        except Retryable as error:
            failed.append(error.what)
            return Shelf(error=error.what)

    return survey


def _shelf(client: DevpiClient, index: str, project: str, *, has_own: bool) -> Shelf:
    answer = client.get(f"{index}/{project}", ignore_bases="") if has_own else None
    files = () if answer is None else tuple(read_project(f"{index}/{project}", project, answer))
    place = f"{index}/+simple/{project}/"
    page = client.get(place, accept=SIMPLE_JSON)
    listed = () if page is None else tuple(read_page(place, client.url(place), project, page))
    return Shelf(
        files=tuple(_located(client, index, files)),
        page=tuple(_located(client, index, (file for of, file in listed if of == index))),
        inherited=tuple(replace(file, repository=of) for of, file in listed if of != index),
    )


def _located(client: DevpiClient, index: str, files: Any) -> Iterator[DistributionFile]:
    """The files, each with the address at which the index serves it."""
    for file in files:
        yield replace(file, locator=client.url(address_of(index, file))) if file.sha256 else file
