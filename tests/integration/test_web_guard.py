"""The real view before strangers: password, host name, standing warnings, and texts made to deceive."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest

from syncer.adapters.database.engine import Database
from syncer.config.settings import WebSettings
from syncer.core.errors import RemoteUnavailable, Unauthorized
from syncer.core.model import DistributionFile
from syncer.core.secret import Secret
from syncer.core.warning import StandingWarning, WarningKind
from syncer.ports.claims import TaskRecord
from syncer.web.security import HEADERS
from syncer.web.text import visible
from tests.integration.test_web_pages import FILE, PAGES, ROUTES
from tests.integration.web_harness import FLOWER, Page, Site, busy, site
from tests.support.databases import sqlite_database
from tests.support.ledgers import World, wheel

PASSWORD = "hush-view"
CLOSED = WebSettings(host="0.0.0.0", password=Secret(PASSWORD), flower_url=FLOWER)  # noqa: S104  # what is tested
UNVERIFIED = StandingWarning(
    WarningKind.UNVERIFIED_TLS, "[gitea]", "The certificate <b>is not</b> verified.", "Verify it."
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """What stands before the view does not depend on the kind of database."""
    with sqlite_database(tmp_path / "syncer.db") as opened:
        yield opened


@pytest.fixture
def closed(database: Database, tmp_path: Path) -> Iterator[Site]:
    with site(database, tmp_path, web=CLOSED) as opened:
        busy(opened.world)
        yield opened


def test_every_page_asks_for_the_password_but_the_sign_of_life(closed: Site) -> None:
    for path, status in ROUTES:
        stranger, known = closed.get(path), closed.client.get(path, auth=("syncer", PASSWORD))
        assert known.status_code == status, path
        assert stranger.status_code == (200 if path == "/health/live" else 401), path
        assert {name: stranger.headers.get(name) for name in HEADERS} == HEADERS
        if stranger.status_code == 401:
            assert stranger.headers["www-authenticate"].startswith("Basic realm=")
            assert "my-org" not in stranger.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_no_other_method_gets_around_the_password(closed: Site, method: str) -> None:
    for path in ("/", "/health", "/mappings/my-org"):
        assert closed.client.request(method, path).status_code == 401


@pytest.mark.parametrize(
    "path", ["//", "/./health", "/%2e/", "/health/live/", "/health/live/../", "/HEALTH/LIVE"]
)
def test_no_other_spelling_gets_around_the_password(closed: Site, path: str) -> None:
    assert closed.get(path).status_code == 401


def test_a_name_that_was_rebound_to_this_machine_shows_nothing(database: Database, tmp_path: Path) -> None:
    with site(database, tmp_path) as opened:
        busy(opened.world)
        for path, _ in ROUTES:
            answer = opened.client.get(path, headers={"Host": "rebound.example:8080"})
            assert answer.status_code == (200 if path == "/health/live" else 400), path
            assert "my-org" not in answer.text
            assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


@pytest.fixture
def warned(database: Database, tmp_path: Path) -> Iterator[Site]:
    with site(database, tmp_path, warnings=(UNVERIFIED,)) as opened:
        busy(opened.world)
        kind = WarningKind.NAMESAKE
        namesake = StandingWarning(kind, "alpha", "alpha is <i>also</i> elsewhere.", "Rename it.")
        opened.world.ledger.warnings.replace("my-org", kind, [namesake], opened.world.now)
        yield opened


def test_what_is_unsafe_stands_on_every_page(warned: Site) -> None:
    for path in [*PAGES, "/files", "/nothing"]:
        answer = warned.get(path)
        assert "The certificate &lt;b&gt;is not&lt;/b&gt; verified." in answer.text, path
        assert "Verify it." in answer.text
        assert Page(answer.text).flaws == []


def test_what_is_unsafe_about_a_mapping_stands_on_its_page_and_on_the_overview(warned: Site) -> None:
    for path in ("/", "/mappings/my-org"):
        assert "alpha is &lt;i&gt;also&lt;/i&gt; elsewhere." in warned.get(path).text
    assert "elsewhere" not in warned.get(FILE).text


def test_health_tells_what_is_unsafe_and_is_not_red_for_it(warned: Site) -> None:
    before = warned.get("/health").json()
    assert before["warnings"] == [
        "The certificate <b>is not</b> verified. Verify it.",
        "my-org: alpha is <i>also</i> elsewhere. Rename it.",
    ]
    assert not any("certificate" in error or "elsewhere" in error for error in before["errors"])


#: What publishers and servers could send in any text of theirs.
EVIL = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "javascript:alert(1)//",
    "{{ 7*7 }}{% raw %}",
    "</title><base href=//evil.example>",
    'http://evil.example/"onmouseover="alert(1)',
    "a\u202eb\u2066c\x1b[31md\r\nSet-Cookie: x=1",
]


def hostile(world: World, text: str) -> None:
    """Rows in which every text that comes from outside is this one."""
    sha = wheel("x", content=text).sha256
    file = DistributionFile(
        project=text,
        version=text,
        filename=text,
        sha256=sha,
        size=1,
        requires_python=text,
        repository=text,
        locator=text,
    )
    good = DistributionFile(
        "good", "1.0", "good-1.0-py3-none-any.whl", sha, requires_python=text, repository=text
    )
    world.fail(Unauthorized(text, text, text))
    _, work = world.plan([file, good])
    for digest in work.blobs:
        claim = world.fetch(digest)
        world.ledger.blobs.postponed(claim, RemoteUnavailable(text, text, text), world.now, world.now)
    world.stage(work.blobs)
    while claim_ := world.upload():
        assert world.ledger.transfers.uploaded(claim_, text, text, world.wait(1))
    world.ledger.tasks.store(TaskRecord("evil", text, "FAILURE", {text: text}, text, text), world.now)
    world.ledger.heartbeats.beat(f"worker:{text[:100]}", world.now, "download,upload")
    for kind in (WarningKind.NAMESAKE, WarningKind.OPEN_WHITELIST):
        world.ledger.warnings.replace("my-org", kind, [StandingWarning(kind, text, text, text)], world.now)


@pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True
)
@pytest.mark.parametrize("text", EVIL)
def test_nothing_that_came_from_outside_is_more_than_text_on_any_page(
    database: Database, tmp_path: Path, text: str
) -> None:
    with site(database, tmp_path) as view:
        hostile(view.world, text)
        waiting = ["/", "/tasks/evil", "/files?q=good", "/runs/1", "/runs/2", f"/files?q={quote(text)}"]
        seen = dict[str, str]()
        while waiting:
            path = waiting.pop()
            if path not in seen and path != "/health":
                seen[path] = safe_page(view, path)
                waiting += [link for link in Page(seen[path]).links if link.startswith("/")]
    assert len(seen) > 10
    shown = str(visible(text))[:8]
    assert any(shown in unescape(html) for html in seen.values()), "the text was shown at all"


def safe_page(view: Site, path: str) -> str:
    """The page, which holds nothing but what the templates put there."""
    answer = view.get(path)
    page = Page(answer.text)
    # A project with a slash has no page of its own: no such name leaves the parsers.
    assert answer.status_code == 200 or (answer.status_code == 404 and path.startswith("/files/")), path
    assert page.flaws == [], path
    assert not {"script", "img", "base", "iframe", "object", "embed", "style"} & set(page.tags), path
    assert page.tags.count("svg") == answer.text.count('<svg class="bar')
    assert all(link.startswith(("/", FLOWER)) for link in page.links), path
    assert not {"\u202e", "\u2066", "\x1b", "\r"} & set(answer.text), path
    assert "set-cookie" not in answer.headers
    return answer.text
