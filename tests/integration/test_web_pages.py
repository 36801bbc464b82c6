"""The pages show what is recorded, lead to each other, and trust no name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from syncer.adapters.database.engine import Database, sqlite_url
from syncer.web.security import HEADERS
from tests.integration.web_harness import FLOWER, HOSTILE, Page, Site, busy, counted, site
from tests.support.broker import Broker
from tests.support.databases import BOTH, PostgresServer, closing, sqlite_database
from tests.support.ledgers import World, mapping, wheel

ALPHA = wheel("alpha").filename
FILE = f"/files/my-org/alpha/{ALPHA}"
PAGES = ["/", "/mappings/my-org", "/runs/4", FILE, f"/files?q={ALPHA}", "/tasks/task-1"]
#: Everything that can be asked for, and what is answered.
ROUTES = [
    *((path, 200) for path in PAGES),
    ("/files", 200),
    ("/health/live", 200),
    ("/health", 503),
    ("/static/style.css", 200),
    ("/nothing", 404),
]


@pytest.fixture(scope="module", params=BOTH)
def still(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A view of rows of every kind, on each database, for tests that change nothing."""
    folder = tmp_path_factory.mktemp("view")
    with ExitStack() as stack:
        if request.param == "sqlite":
            database = stack.enter_context(sqlite_database(folder / "syncer.db"))
        else:
            database = stack.enter_context(request.getfixturevalue("postgres_server").database())
        opened = stack.enter_context(site(database, folder))
        busy(opened.world)
        yield opened


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/", ["Something stands still", "my-org", "missing", "Other bytes came.", "Publish it again."]),
        ("/mappings/my-org", ["syncing", ALPHA, "conflict", "refused", "unverified", "failing"]),
        (
            "/runs/1",
            ["failed", "Gitea answered 401. An old token.", "Make a new one.", "syncer doctor -m my-org"],
        ),
        ("/runs/2", ["complete", "task-run"[:8], "everything", "copied, and read back"]),
        ("/runs/3", ["dry run", "planned"]),
        ("/runs/4", ["transferring", "unread", "waits"]),
        ("/runs/5", ["requested", "not yet"]),
        (FILE, ["synced", wheel("alpha").sha256, "download", "upload", "worker-1@host", "What was decided"]),
        (f"/files?q={wheel('alpha').sha256[:12]}", [ALPHA, "already_there"]),
        ("/files?q=unheard-of.whl", ["Nothing is known", "unheard-of.whl"]),
        ("/files", ["Which file?"]),
        ("/tasks/task-1", ["syncer.upload", "failure", "Traceback &lt;i&gt;", "&lt;b&gt;"]),
        ("/tasks/task-waits", ["unknown", "Run&nbsp;5"]),
    ],
)
def test_a_page_shows_what_is_recorded(still: Site, path: str, words: list[str]) -> None:
    answer = still.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert [word for word in words if word not in answer.text] == []


def test_every_link_leads_somewhere_and_every_page_is_sound(still: Site) -> None:
    waiting, seen = ["/", "/runs/1", "/runs/3", "/tasks/task-waits"], set[str]()
    while waiting:
        path = waiting.pop()
        if path in seen or path == "/health":
            continue
        seen.add(path)
        answer = still.get(path)
        assert answer.status_code == 200, path
        page = Page(answer.text)
        assert page.flaws == [], path
        assert {"script", "i", "b"}.isdisjoint(page.tags), path
        assert "\u202e" not in answer.text, path
        waiting.extend(link for link in page.links if link.startswith("/"))
        assert all(link.startswith(("/", FLOWER)) for link in page.links), path
    assert len(seen) > 25


def test_a_file_with_a_hostile_name_has_a_page(still: Site) -> None:
    links = Page(still.get("/mappings/my-org?status=refused").text).links
    (link,) = [link for link in links if link.startswith("/files/my-org/evil/")]
    assert still.get(link).status_code == 200
    assert "&lt;script&gt;" in still.get(link).text
    assert (
        still.get(
            "/files",
        ).status_code
        == 200
    )
    asked = still.client.get("/files", params={"q": HOSTILE})
    assert "its name has a control character" in asked.text


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/mappings/nowhere",
        "/mappings/",
        "/mappings/my-org/",
        "/mappings/my-org?status=odd",
        "/mappings/my-org?page=0",
        "/mappings/my-org?page=-1",
        "/mappings/my-org?page=x",
        "/mappings/my-org?page=" + "9" * 50,
        "/runs/99",
        "/runs/0",
        "/runs/-1",
        "/runs/x",
        "/runs/" + "9" * 30,
        "/runs/4?status=odd",
        "/files/my-org/alpha/none.whl",
        "/files/my-org/alpha",
        "/files/my-org/alpha/%00",
        "/tasks/none",
        "/tasks/%00",
        "/tasks/%ff",
        "/docs",
        "/redoc",
        "/openapi.json",
        "/static/",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/none.css",
    ],
)
def test_what_is_not_there_is_said_so_kindly(still: Site, path: str) -> None:
    answer = still.get(path)
    assert answer.status_code == 404
    assert "Overview" in answer.text
    assert Page(answer.text).flaws == []


@pytest.mark.parametrize("question", ["%00", "x" * 5000, "%ff%fe", "'; DROP TABLE runs; --", "%25"])
def test_any_question_gets_an_answer(still: Site, question: str) -> None:
    answer = still.get(f"/files?q={question}")
    assert answer.status_code == 200
    assert "Nothing is known" in answer.text


@pytest.mark.parametrize(("path", "status"), ROUTES)
def test_every_answer_forbids_what_it_does_not_need(still: Site, path: str, status: int) -> None:
    answer = still.get(path)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")


@pytest.mark.parametrize(("path", "status"), ROUTES)
def test_head_answers_as_get_does(still: Site, path: str, status: int) -> None:
    assert still.client.head(path).status_code == status


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_the_view_only_shows(still: Site, method: str) -> None:
    answer = still.client.request(method, "/mappings/my-org")
    assert answer.status_code == 405
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_a_defect_shows_nothing_of_itself_and_is_as_safe_as_any_page(
    still: Site, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks() -> None:
        raise LookupError("hush")

    still.app.add_api_route("/breaks", breaks)
    answer = still.get("/breaks")
    assert answer.status_code == 500
    assert "LookupError" in answer.text
    assert "hush" not in answer.text
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "/breaks" in caplog.text


@pytest.mark.parametrize("path", PAGES)
def test_a_database_that_is_away_is_said_so(tmp_path: Path, path: str) -> None:
    broken = Database(sqlite_url(tmp_path / "missing" / "syncer.db"))
    with closing(broken), site(broken, tmp_path) as view:
        answer = view.get(path)
    assert answer.status_code == 503
    assert "The database does not answer" in answer.text
    assert "Next step" in answer.text
    assert Page(answer.text).flaws == []


def test_a_database_server_may_go_away_and_come_back(postgres_server: PostgresServer, tmp_path: Path) -> None:
    with postgres_server.database() as database, site(database, tmp_path) as view:
        name = database.url.database
        before = view.get("/").status_code
        postgres_server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        postgres_server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'test_%'"
        )
        during = [view.get(path).status_code for path in ("/", "/health", "/health/live")]
        postgres_server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        after = view.get("/").status_code
    assert (before, during, after) == (200, [503, 503, 200], 200)


#: The most statements that a page may cost, whatever the ledger holds.
MOST = {"/": 13, "/mappings/my-org": 15, "/runs/4": 4, FILE: 3, f"/files?q={ALPHA}": 4, "/tasks/task-1": 3}


@pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True
)
def test_a_page_costs_few_statements_however_much_there_is(database: Database, tmp_path: Path) -> None:
    rules = {"my-org": mapping(), **{f"m{number}": mapping(f"m{number}") for number in range(8)}}
    with site(database, tmp_path, rules) as view:
        busy(view.world)
        few = {path: cost(view, path) for path in PAGES}
        grow(view.world)
        many = {path: cost(view, path) for path in PAGES}
    assert many == few
    assert {path for path in PAGES if few[path] > MOST[path]} == set()


def cost(view: Site, path: str) -> int:
    with counted(view.world.database) as statements:
        assert view.get(path).status_code == 200
    return len(statements)


def grow(world: World) -> None:
    for number in range(8):
        world.sync([wheel(f"p{number}-{n}") for n in range(10)], name=f"m{number}")


def test_every_task_leads_to_this_view_and_to_flower(still: Site) -> None:
    links = Page(still.get(FILE).text).links
    assert "/tasks/task-1" in links
    assert f"{FLOWER}/task/task-1" in links
    assert f"{FLOWER}/task/task-1" in Page(still.get("/tasks/task-1").text).links


def test_a_page_of_what_goes_on_reloads_itself_until_told_not_to(still: Site) -> None:
    reload = '<meta http-equiv="refresh"'
    for path in ("/", "/mappings/my-org?status=missing", "/runs/4"):
        separator = "&" if "?" in path else "?"
        assert reload in still.get(path).text
        assert reload not in still.get(f"{path}{separator}refresh=off").text
    for path in ("/runs/2", FILE, "/tasks/task-1"):
        assert reload not in still.get(path).text


def test_stopping_the_reload_keeps_what_is_looked_at(still: Site) -> None:
    links = Page(still.get("/mappings/my-org?status=missing").text).links
    assert "/mappings/my-org?status=missing&refresh=off" in links
    paused = Page(still.get("/mappings/my-org?status=missing&refresh=off").text).links
    assert "/mappings/my-org?status=missing" in paused


def test_files_are_shown_by_status_and_by_page(database: Database, tmp_path: Path) -> None:
    with site(database, tmp_path) as view:
        files = [*(wheel(f"p{number:03}") for number in range(250)), wheel("z", filename="z.egg")]
        view.world.sync(files, files)
        first, last = view.get("/mappings/my-org"), view.get("/mappings/my-org?page=3")
        refused = view.get("/mappings/my-org?status=refused")
        beyond = view.get("/mappings/my-org?page=4")
    assert "Page 1 of 3" in first.text
    assert "/mappings/my-org?page=2" in Page(first.text).links
    assert ("p000-1.0" in first.text, "p100-1.0" in first.text) == (True, False)
    assert ("z.egg" in last.text, "p199-1.0" in last.text) == (True, False)
    assert ("z.egg" in refused.text, "p000-1.0" in refused.text) == (True, False)
    assert beyond.status_code == 200


def test_the_overview_is_green_only_when_everything_is_complete_and_alive(tmp_path: Path) -> None:
    green = "Everything selected is at its target"
    with (
        Broker(tmp_path / "broker") as broker,
        sqlite_database(tmp_path / "syncer.db") as database,
        site(database, tmp_path, broker=broker.url) as view,
    ):
        view.world.alive()
        assert "Not everything is at its target yet" in view.get("/").text
        view.world.sync([wheel("alpha")])
        view.world.alive()
        assert green in view.get("/").text
        assert "gone" not in view.get("/").text
        view.world.ledger.heartbeats.gone("beat")
        assert green not in view.get("/").text


def test_no_secret_is_on_any_page(still: Site) -> None:
    assert [path for path, _ in ROUTES if "hush" in still.get(path).text] == []
