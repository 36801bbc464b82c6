"""Who is answered by the status view and by Flower, and which forms are taken."""

from __future__ import annotations

from base64 import b64encode

import pytest
from fastapi import FastAPI, Request
from fastapi.exceptions import HTTPException
from hypothesis import given
from hypothesis import strategies as st

from syncer.config.settings import WebSettings
from syncer.core.hosts import is_loopback
from syncer.core.secret import Secret
from syncer.web.access import Access
from syncer.web.gate import same_origin

URL = "https://syncer.example.com"
PASSWORD = Secret("open sesame: 1")
LOCAL, NAMED = WebSettings(), WebSettings(host="viewer.example")
BEYOND = WebSettings(host="0.0.0.0", password=PASSWORD)  # noqa: S104  # what is tested


def basic(pair: str) -> str:
    return "Basic " + b64encode(pair.encode()).decode()


def status(access: Access, host: str = "127.0.0.1:8080", authorization: str = "") -> int:
    refusal = access.refusal([host], authorization)
    return refusal.status if refusal else 200


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("LOCALHOST.", True),
        ("0.0.0.0", False),  # noqa: S104  # what is tested
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
        ("", False),
    ],
)
def test_loopback_is_what_can_only_mean_this_machine(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:8080", "localhost:8080", "[::1]:8080", "LocalHost", "syncer.example.com:443"],
)
def test_loopback_and_the_configured_names_are_answered(host: str) -> None:
    assert status(Access.of(LOCAL, URL), host) == 200


@pytest.mark.parametrize(
    "host",
    [
        "rebound.example",
        "rebound.example:8080",
        "127.0.0.1.rebound.example",
        "localhost@rebound.example",
        "rebound.example#127.0.0.1",
        "[::1",
        "[rebound.example]",
        "127.0.0.1:port",
        "127.0.0.1, rebound.example",
        "",
        "syncer.example.com\t",
        "\N{FULLWIDTH LATIN SMALL LETTER L}ocalhost",
    ],
)
def test_a_foreign_name_is_refused_with_what_to_do(host: str) -> None:
    """A page elsewhere whose name leads here gets nothing of what the operator may see."""
    refusal = Access.of(LOCAL, URL).refusal([host], "")
    assert refusal is not None
    assert refusal.status == 400
    assert "[web] url" in refusal.text


@pytest.mark.parametrize("hosts", [[], ["127.0.0.1", "rebound.example"], ["127.0.0.1", "127.0.0.1"]])
def test_anything_but_one_host_header_is_refused(hosts: list[str]) -> None:
    assert Access.of(LOCAL, "").refusal(hosts, "") is not None


@pytest.mark.parametrize(
    ("web", "url", "host", "expected"),
    [
        pytest.param(BEYOND, "", "anything.example", 401, id="beyond loopback without url: any name"),
        pytest.param(BEYOND, URL, "anything.example", 400, id="beyond loopback with url: only that"),
        pytest.param(BEYOND, URL, "syncer.example.com", 401, id="beyond loopback with url"),
        pytest.param(BEYOND, URL, "localhost", 401, id="beyond loopback, asked on the machine"),
        pytest.param(LOCAL, "", "syncer.example.com", 400, id="loopback without url"),
        pytest.param(NAMED, URL, "viewer.example:8080", 200, id="the host that it listens on"),
    ],
)
def test_which_names_are_answered_depends_on_where_it_listens(
    web: WebSettings, url: str, host: str, expected: int
) -> None:
    assert status(Access.of(web, url), host) == expected


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (basic("syncer:open sesame: 1"), 200),
        (basic("syncer:open sesame: 1").replace("Basic", "bAsIc"), 200),
        ("", 401),
        ("Basic", 401),
        ("Basic !!!", 401),
        ("Basic \N{LATIN SMALL LETTER E WITH ACUTE}", 401),
        (basic("syncer:open sesame: 2"), 401),
        (basic("syncer:"), 401),
        (basic("other:open sesame: 1"), 401),
        (basic("open sesame: 1"), 401),
        (basic("syncer:open sesame: 1").replace("Basic", "Bearer"), 401),
        (basic("syncer:open sesame: 1") + "AAAA", 401),
    ],
)
def test_with_a_password_only_who_has_it_is_answered(authorization: str, expected: int) -> None:
    for web in (BEYOND, WebSettings(password=PASSWORD)):
        assert status(Access.of(web, ""), authorization=authorization) == expected


def test_who_is_not_known_is_asked_for_the_password() -> None:
    refusal = Access.of(BEYOND, "").refusal(["x"], "")
    assert refusal is not None
    assert refusal.headers["WWW-Authenticate"].startswith("Basic realm=")
    assert "open sesame" not in f"{refusal!r} {Access.of(BEYOND, '')!r}"


@given(st.text(), st.text())
def test_any_header_gets_a_decision(host: str, authorization: str) -> None:
    for web, url in ((LOCAL, URL), (BEYOND, "")):
        assert status(Access.of(web, url), host, authorization) in (200, 400, 401)


def posted(headers: dict[str, str], own_host: str = "") -> int:
    app = FastAPI()
    app.state.own_host = own_host
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    try:
        same_origin(Request({"type": "http", "method": "POST", "headers": raw, "app": app}))
    except HTTPException as error:
        return error.status_code
    return 200


HOST = {"host": "127.0.0.1:8080"}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({}, 200, id="no browser"),
        pytest.param({"sec-fetch-site": "same-origin", "origin": "http://127.0.0.1:8080"}, 200, id="own"),
        pytest.param({"origin": "http://127.0.0.1:8080"}, 200, id="own, over plain http to another machine"),
        pytest.param({"sec-fetch-site": "cross-site"}, 403, id="another site"),
        pytest.param({"sec-fetch-site": "same-site"}, 403, id="another port or a sibling"),
        pytest.param({"sec-fetch-site": "odd"}, 403, id="a word that is not known"),
        pytest.param({"origin": "http://evil.example"}, 403, id="another origin"),
        pytest.param({"origin": "http://127.0.0.1:8081"}, 403, id="another port"),
        pytest.param({"origin": "null"}, 403, id="a sandboxed page"),
        pytest.param({"origin": "http://["}, 403, id="no origin at all"),
        pytest.param({"sec-fetch-site": "same-origin", "origin": "http://evil.example"}, 403, id="at odds"),
    ],
)
def test_a_form_is_taken_from_pages_of_this_view_only(headers: dict[str, str], expected: int) -> None:
    assert posted(HOST | headers) == expected


@pytest.mark.parametrize(("own_host", "expected"), [("syncer.example.com", 200), ("", 403)])
def test_behind_a_proxy_the_configured_url_is_the_origin(own_host: str, expected: int) -> None:
    """As a proxy passes it on that puts its own host in the place of the browser's."""
    headers = {"sec-fetch-site": "same-origin", "origin": URL}
    assert posted(HOST | headers, own_host) == expected
