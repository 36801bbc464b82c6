"""Read all pages of the package list, and notice when it changed meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

from syncer.adapters.gitea.client import GiteaClient
from syncer.adapters.gitea.rows import Row, parse_rows, parse_total


class Shifted(Exception):
    """What was read does not add up; the reason holds the numbers. The caller looks again."""


@dataclass(frozen=True, slots=True)
class Scan:
    """One reading of the whole list: as many distinct rows as every page stated."""

    total: int
    rows: tuple[Row, ...]


def scan_releases(client: GiteaClient) -> Scan:
    """Read page after page until every release that Gitea counts is there.

    Raises Shifted when the counts of two pages differ, a page brings nothing new, or more rows
    come than were counted. A short page says nothing: a server may clamp the page size. Neither do
    Link headers: they carry ROOT_URL. Each page but the last brings something new, so there
    are never more pages than releases.
    """
    found: dict[int, Row] = {}
    stated: int | None = None
    number = 1
    while stated is None or len(found) < stated:
        page = client.list_page(number)
        total = parse_total(page.total)
        if stated is not None and total != stated:
            raise Shifted(f"page 1 counted {stated} releases, page {number} counted {total}")
        stated = total
        before = len(found)
        found.update((row.id, row) for row in parse_rows(page.body))
        if len(found) > stated or (len(found) == before and before < stated):
            raise Shifted(f"Gitea counts {stated} releases, but {len(found)} were read up to page {number}")
        number += 1
    return Scan(stated, tuple(found.values()))
