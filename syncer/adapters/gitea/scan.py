"""Read all pages of the package list, and notice when it changed meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from syncer.adapters.gitea.client import GiteaClient
from syncer.adapters.gitea.rows import Row, parse_rows, parse_total


class Shifted(Exception):
    """What was read does not add up; the reason holds the numbers. The caller looks again."""


@dataclass(frozen=True, slots=True)
class Scan:
    """One reading of the whole list: as many distinct rows as every page stated."""

    total: int
    rows: tuple[Row, ...]


def scan_recent(client: GiteaClient, since: datetime) -> Scan:
    """Read pages until one ends before that time: the releases dated since then, and the total.

    Raises Shifted as ``scan_releases`` does.
    """
    found: dict[int, Row] = {}
    for stated, rows in _growing(client, found):
        if len(found) == stated or rows[-1].created < since:
            break
    return Scan(stated, tuple(row for row in found.values() if row.created >= since))


def scan_releases(client: GiteaClient) -> Scan:
    """Read page after page until every release that Gitea counts is there.

    Raises Shifted when the counts of two pages differ, a page brings nothing new, or more rows
    come than were counted. A short page says nothing: a server may clamp the page size. Neither do
    Link headers: they carry ROOT_URL. Each page but the last brings something new, so there
    are never more pages than releases.
    """
    found: dict[int, Row] = {}
    for stated, _ in _growing(client, found):
        if len(found) == stated:
            break
    return Scan(stated, tuple(found.values()))


def _growing(client: GiteaClient, found: dict[int, Row]) -> Iterator[tuple[int, tuple[Row, ...]]]:
    """Page after page, as the total that all of them state and the rows, each of which adds to ``found``."""
    first: int | None = None
    for number in count(1):
        page = client.list_page(number)
        stated, rows, before = parse_total(page.total), parse_rows(page.body), len(found)
        if first is not None and stated != first:
            raise Shifted(f"page 1 counted {first} releases, page {number} counted {stated}")
        first = stated
        found.update((row.id, row) for row in rows)
        if len(found) > stated or (len(found) == before and before < stated):
            raise Shifted(f"Gitea counts {stated} releases, but {len(found)} were read up to page {number}")
        yield stated, rows
