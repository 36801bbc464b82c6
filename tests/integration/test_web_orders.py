"""The buttons of the status view, pressed as a browser presses them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import RunRow
from syncer.core.states import RunOutcome, RunState
from syncer.ports.claims import RunClaim
from tests.integration.web_harness import Site, busy, site
from tests.support.ledgers import wheel

CORRUPT = wheel("corrupt")
FILE = f"/files/my-org/corrupt/{CORRUPT.filename}"
BUTTON = re.compile(r'<form method="post" action="([^"]+)"><button')


@pytest.fixture
def still(database: Database, tmp_path: Path) -> Iterator[Site]:
    with site(database, tmp_path) as made:
        busy(made.world)
        yield made


def buttons(still: Site, path: str) -> list[str]:
    """Where the page's buttons lead."""
    return BUTTON.findall(still.get(path).text)


@pytest.mark.parametrize(
    ("page", "project", "version"),
    [
        pytest.param("/mappings/my-org", "", "", id="a mapping"),
        pytest.param(FILE, "corrupt", "1.0", id="a file's release"),
    ],
)
def test_a_button_requests_a_run_and_leads_to_its_page(
    still: Site, page: str, project: str, version: str
) -> None:
    (action,) = buttons(still, page)
    answer = still.client.post(action, headers={"Origin": str(still.client.base_url).rstrip("/")})
    assert answer.status_code == 303
    run = int(answer.headers["location"].removeprefix("/runs/"))
    assert still.get(answer.headers["location"]).status_code == 200
    assert still.world.ledger.runs.state(run) == (RunState.REQUESTED, None)
    claim = next_claim(still, run)
    assert (claim.scope.project, claim.scope.version, claim.by_person) == (project, version, True)
    (asked,) = still.world.ledger.audit.read()
    assert (asked.action, asked.actor, asked.mapping) == ("sync", "web", "my-org")


def next_claim(still: Site, run: int) -> RunClaim:
    """What a worker is given when it takes the Run up; those before it have ended."""
    world = still.world
    for other in range(1, run):
        if world.ledger.runs.state(other)[0] is not RunState.FINISHED:
            end(still, other)
    return world.claim(run)


def end(still: Site, run: int) -> None:
    with still.world.database.write() as session:
        row = session.get_one(RunRow, run)
        row.state, row.outcome = RunState.FINISHED, RunOutcome.FAILED


def test_what_is_at_its_target_needs_no_button(still: Site) -> None:
    assert buttons(still, f"/files/my-org/alpha/{wheel('alpha').filename}") == []


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Origin": "https://evil.example"}, id="another origin"),
        pytest.param({"Origin": "null"}, id="a hidden origin"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="a sibling"),
    ],
)
def test_a_foreign_page_cannot_press_a_button(still: Site, headers: dict[str, str]) -> None:
    before = still.world.ledger.runs.startable(still.world.now)
    answer = still.client.post("/retry/mappings/my-org", headers=headers)
    assert answer.status_code == 403
    assert "nothing was done" in answer.text
    assert still.world.ledger.runs.startable(still.world.now) == before


@pytest.mark.parametrize(
    "path",
    ["/retry/mappings/nobody", "/retry/files/my-org/corrupt/other.whl", "/retry/files/nobody/a/b", "/retry"],
)
def test_what_is_not_there_cannot_be_tried_again(still: Site, path: str) -> None:
    assert still.client.post(path).status_code == 404


def test_a_link_presses_no_button(still: Site) -> None:
    """A browser that fetches ahead, or a search engine, changes nothing."""
    assert still.get("/retry/mappings/my-org").status_code == 405
