"""Gitea's answers: package list, project page, refusals, and the wait that it asks for."""

from __future__ import annotations

from io import BytesIO
from time import monotonic
from typing import Any
from unittest import mock

import requests
from urllib3 import HTTPResponse

from syncer.adapters.gitea import refusals, simple_page
from syncer.adapters.gitea.client import locator_of
from syncer.adapters.gitea.rows import MAX_RELEASES, parse_rows, parse_total
from syncer.adapters.gitea.simple_page import MAX_REQUIRES_PYTHON, Anchor, parse_simple_page
from syncer.adapters.http import LONGEST_WAIT, refuse_overload, retry_after
from syncer.core.errors import ListingIncomplete, SyncerError
from syncer.core.names import belongs_elsewhere, read_filename
from syncer.core.secret import Secret
from tests.fuzz.laws import SECRET, check_name, only
from tests.fuzz.target import Target, loaded

PROJECT = "demo"
_DOTS = {"", ".", ".."}
_URL = "https://git.example/api/v1/packages/acme"
_TRANSLATIONS = (refusals.of_listing, refusals.of_simple_page, refusals.of_file)


def rows(data: bytes) -> None:
    with only(ListingIncomplete):
        for row in parse_rows(data):
            assert row.id > 0
            assert row.created_at.encode()
            assert bool(row.repository) >= row.archived
            assert not _DOTS & set(locator_of(row.name, row.version, "f").split("/"))


def total(data: bytes) -> None:
    with only(ListingIncomplete):
        assert 0 <= parse_total(data.decode("latin-1")) <= MAX_RELEASES


def page(data: bytes) -> None:
    """In whichever pieces a page is parsed, it has the same anchors, unless it is refused.

    Where broken markup ends is told differently by the standard parser from piece to piece.
    """
    anchors = _anchors(data)
    with mock.patch.object(simple_page, "_PIECE", 7):
        in_pieces = _anchors(data)
    assert None in (anchors, in_pieces) or in_pieces == anchors
    for anchor in anchors or ():
        check_anchor(anchor)


def _anchors(data: bytes) -> tuple[Anchor, ...] | None:
    found: list[tuple[Anchor, ...]] = []
    with only(ListingIncomplete):
        found.append(parse_simple_page(data, PROJECT))
    return found[0] if found else None


def check_anchor(anchor: Anchor) -> None:
    assert len(anchor.sha256) == 64
    assert set(anchor.sha256) <= set("0123456789abcdef")
    assert anchor.filename
    assert "/" not in anchor.filename
    assert anchor.version not in _DOTS
    assert len(anchor.requires_python) <= MAX_REQUIRES_PYTHON
    assert locator_of(PROJECT, anchor.version, anchor.filename).isascii()
    check_name(read_filename(anchor.filename).project)
    check_name(belongs_elsewhere(anchor.filename, PROJECT))


def refusal(data: bytes) -> None:
    said = loaded(data)
    if not isinstance(said, dict):
        return
    response, translate = _response(said), _TRANSLATIONS[len(str(said.get("body"))) % len(_TRANSLATIONS)]
    with only(SyncerError):
        refuse_overload(refusals.SERVER, response)
        message = refusals.message_of(response, monotonic() + 60, Secret(SECRET))
        assert len(message) <= refusals.MAX_MESSAGE
        raise translate(response, "acme", message)


def wait(data: bytes) -> None:
    asked, _, date = data.decode("latin-1").partition("\n")
    response = requests.Response()
    response.headers["Retry-After"] = asked
    if date:
        response.headers["Date"] = date
    seconds = retry_after(response)
    assert seconds is None or 0 <= seconds <= LONGEST_WAIT


def _response(said: dict[str, Any]) -> requests.Response:
    """A response whose status, body and Retry-After are those that the input names."""
    response = requests.Response()
    status, body = said.get("status"), said.get("body")
    content = body if isinstance(body, str) else str(body)
    response.status_code = status if type(status) is int else 400
    response.url = _URL
    response.request = requests.Request("GET", _URL).prepare()
    response.headers["Retry-After"] = str(said.get("wait"))
    response.raw = HTTPResponse(
        BytesIO(content.encode("utf-8", "surrogatepass")), status=response.status_code, preload_content=False
    )
    if said.get("elsewhere"):
        response.history, response.url = [_first(response.request)], "https://other.example/login"
    return response


def _first(request: requests.PreparedRequest) -> requests.Response:
    response = requests.Response()
    response.url, response.request = _URL, request
    return response


TARGETS = (
    Target("gitea_rows", rows, ("pypi", "archived", "full_name", "repository", ".", ".."), json=True),
    Target("gitea_total", total, ("0", "250000", "250001"), max_len=64),
    Target(
        "gitea_page",
        page,
        (
            "<a href=",
            "</a>",
            "</html>",
            "#sha256=",
            "ab" * 32,
            "/demo/1.0/",
            "%2e%2e",
            "data-requires-python=",
            "<!--",
            "<![CDATA[",
            "&#x2f;",
            "<script>",
        ),
    ),
    Target("gitea_refusal", refusal, ("message", SECRET, "status", "elsewhere", "\0", "\u200b"), json=True),
    Target("retry_after", wait, ("Mon, 01 Jan 2024 00:00:00 GMT", "\xb2", "-0000", "+9999"), max_len=128),
)
