"""The package list, from JSON to rows."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.adapters.gitea.rows import MAX_RELEASES, Row, parse_rows, parse_total
from syncer.core.errors import ListingIncomplete
from tests.unit.gitea.recordings import answer, body

GOOD: dict[str, Any] = {
    "id": 7,
    "type": "pypi",
    "name": "My-Package",
    "version": "1.0",
    "created_at": "2026-11-21T08:28:59Z",
    "repository": None,
}


def one_row(**changes: object) -> bytes:
    return json.dumps([GOOD | changes]).encode()


def test_a_row_keeps_the_spelling_of_gitea() -> None:
    assert parse_rows(body("list-one-row")) == (Row(1, "My-Package", "1.0", "2026-11-21T08:28:59Z"),)


@pytest.mark.parametrize(
    ("recording", "rows", "total"),
    [
        pytest.param("list-one-row", 1, 1, id="one row"),
        pytest.param("list-clamped-at-7-root-url-differs", 7, 12, id="limit clamped, ROOT_URL differs"),
        pytest.param("list-page-2-limit-3", 3, 24, id="a page in the middle"),
        pytest.param("list-page-last-limit-10", 4, 24, id="the last, short page"),
        pytest.param("list-page-beyond-end", 0, 24, id="a page beyond the end"),
        pytest.param("list-q-dotted-name-empty", 0, 0, id="an empty list"),
    ],
)
def test_each_recorded_page_is_read_with_its_total(recording: str, rows: int, total: int) -> None:
    assert len(parse_rows(body(recording))) == rows
    assert parse_total(answer(recording)["headers"]["X-Total-Count"]) == total


def test_rows_of_one_second_are_all_kept() -> None:
    rows = parse_rows(body("list-ties-same-second"))
    assert len({row.id for row in rows}) == len(rows) > 1
    assert len({row.created_at for row in rows}) < len(rows)


@pytest.mark.parametrize(
    ("recording", "repository", "archived"),
    [
        pytest.param("version-linked-public-repo", "acme/core-lib", False, id="public"),
        pytest.param("version-linked-archived-private-repo", "acme/old-lib", True, id="private and archived"),
        pytest.param("version-linked-private-repo-hidden-null", "", False, id="hidden from the token's user"),
        pytest.param("version-get", "", False, id="linked to none"),
    ],
)
def test_a_row_tells_its_repository_and_whether_it_is_archived(
    recording: str, repository: str, *, archived: bool
) -> None:
    (row,) = parse_rows(b"[" + body(recording) + b"]")
    assert (row.repository, row.archived) == (repository, archived)


@pytest.mark.parametrize(
    ("page", "field"),
    [
        pytest.param(b"", "no JSON", id="nothing"),
        pytest.param(b"<html>Sign in</html>", "no JSON", id="the page of a proxy"),
        pytest.param(body("list-one-row")[:-40], "no JSON", id="cut off"),
        pytest.param(b"[" * 100_000, "no JSON", id="nested without end"),
        pytest.param(b'[{"id": ' + b"9" * 5000 + b"}]", "no JSON", id="an endless number"),
        pytest.param(b"\xff\xfe\x00", "no JSON", id="bytes of no encoding"),
        pytest.param(b"null", "no JSON list", id="null"),
        pytest.param(b'{"message": "no"}', "no JSON list", id="an object"),
        pytest.param(b"[null]", "row 1", id="a row that is null"),
        pytest.param(json.dumps([GOOD, 5]).encode(), "row 2", id="the second row is a number"),
        pytest.param(one_row(id="7"), "id", id="id is text"),
        pytest.param(one_row(id=True), "id", id="id is a bool"),
        pytest.param(one_row(id=0), "id", id="id is zero"),
        pytest.param(one_row(id=1.5), "id", id="id is a fraction"),
        pytest.param(one_row(type="npm"), "type", id="a package of another type"),
        pytest.param(one_row(name=None), "name", id="name is null"),
        pytest.param(one_row(name=""), "name", id="name is empty"),
        pytest.param(one_row(name=".."), "name", id="name leads out of the path"),
        pytest.param(one_row(name="\ud800"), "name", id="name is half a character"),
        pytest.param(one_row(version=1.0), "version", id="version is a number"),
        pytest.param(one_row(version="."), "version", id="version vanishes from the path"),
        pytest.param(one_row(created_at=5), "created_at", id="created_at is a number"),
        pytest.param(one_row(repository="acme/core"), "repository", id="repository is text"),
        pytest.param(one_row(repository={}), "archived", id="repository without archived"),
        pytest.param(
            one_row(repository={"archived": 0, "full_name": "a/b"}), "archived", id="archived is a number"
        ),
        pytest.param(one_row(repository={"archived": False}), "full_name", id="repository without name"),
        pytest.param(
            json.dumps([{k: v for k, v in GOOD.items() if k != "repository"}]).encode(),
            "repository is missing",
            id="no repository field",
        ),
    ],
)
def test_a_row_of_another_shape_makes_the_list_incomplete_and_is_named(page: bytes, field: str) -> None:
    with pytest.raises(ListingIncomplete, match=field):
        parse_rows(page)


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(None, id="missing"),
        pytest.param("", id="empty"),
        pytest.param("-1", id="negative"),
        pytest.param("12, 12", id="sent twice"),
        pytest.param("1e3", id="no plain number"),
        pytest.param("١٢", id="digits of another script"),
        pytest.param(str(MAX_RELEASES + 1), id="just above what is believed"),
        pytest.param("9" * 5000, id="absurd"),
    ],
)
def test_a_total_that_cannot_be_read_makes_the_list_incomplete(header: str | None) -> None:
    with pytest.raises(ListingIncomplete, match="X-Total-Count"):
        parse_total(header)


@given(st.binary())
def test_arbitrary_bytes_are_rows_or_an_incomplete_list(page: bytes) -> None:
    with suppress(ListingIncomplete):
        assert all(isinstance(row, Row) for row in parse_rows(page))


SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
REPOSITORY = st.dictionaries(st.sampled_from(["full_name", "archived"]), SCALAR)
CHANGES = st.dictionaries(st.sampled_from(list(GOOD)), SCALAR | REPOSITORY | st.lists(SCALAR, max_size=2))


@given(st.lists(CHANGES.map(lambda changes: GOOD | changes), max_size=3))
def test_rows_with_any_values_are_rows_or_an_incomplete_list(rows: list[dict[str, Any]]) -> None:
    with suppress(ListingIncomplete):
        assert len(parse_rows(json.dumps(rows).encode())) == len(rows)


@given(st.text())
def test_any_header_is_a_believable_total_or_an_incomplete_list(header: str) -> None:
    with suppress(ListingIncomplete):
        assert 0 <= parse_total(header) <= MAX_RELEASES
