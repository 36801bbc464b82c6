"""The page of both sides compared now, against a stand-in Gitea and a real devpi-server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from syncer.core.audit import Action
from syncer.core.states import RunState
from syncer.web.app import create_app
from tests.integration.web_harness import Page, served
from tests.support.devpi import DevpiServer
from tests.support.dists import wheel
from tests.support.world import World, eventually, world

ALPHA, BETA = wheel("alpha", "1.0"), wheel("beta", "1.0")
BUTTON = re.compile(r'<form method="post" action="([^"]+)"><button')


@pytest.fixture
def place(tmp_path: Path, devpi_server: DevpiServer) -> Iterator[World]:
    with world(tmp_path, devpi_server, broker=False) as made:
        made.add_mapping("my-org")
        made.publish(ALPHA)
        assert made.syncer("sync").returncode == 0
        made.publish(BETA)
        yield made


@pytest.fixture
def client(place: World) -> Iterator[httpx.Client]:
    with served(create_app(place.seen)) as url, httpx.Client(base_url=url) as made:
        yield made


def read(client: httpx.Client) -> str:
    """The page when nothing is at work any more."""
    return eventually(
        lambda: text if "at work since" not in (text := client.get("/drift/my-org").text) else ""
    )


def press(client: httpx.Client, name: str) -> httpx.Response:
    (action,) = (url for url in BUTTON.findall(client.get("/drift/my-org").text) if f"/{name}/" in url)
    return client.post(action, headers={"Origin": str(client.base_url).rstrip("/")})


@pytest.mark.slow
def test_the_page_compares_when_asked_and_mends_what_it_found(place: World, client: httpx.Client) -> None:
    assert '<a href="/drift/my-org">' in client.get("/mappings/my-org").text
    assert "not compared since this view was started" in client.get("/drift/my-org").text
    assert press(client, "compare").status_code == 303
    text = read(client)
    assert "syncer repair -m my-org -p beta" in text
    assert text.index(BETA.filename) < text.index(ALPHA.filename)
    assert Page(text).flaws == []
    assert press(client, "repair").status_code == 303
    text = read(client)
    (run,) = re.findall(r'Requested to mend it: .*?href="/runs/(\d+)"', text)
    assert place.seen.services.ledger.runs.state(int(run)) == (RunState.REQUESTED, None)
    records = place.seen.services.ledger.audit.read()
    assert ("web", f"beta/{BETA.filename}") in {
        (each.actor, each.subject) for each in records if each.action == Action.REPAIR
    }
    assert place.syncer("sync").returncode == 0
    assert press(client, "bytes").status_code == 303
    text = read(client)
    assert "by the bytes themselves" in text
    assert "/drift/repair/" not in text


def test_a_foreign_page_cannot_press_the_buttons(client: httpx.Client) -> None:
    for name in ("compare", "bytes", "repair"):
        answer = client.post(f"/drift/{name}/my-org", headers={"Origin": "https://evil.example"})
        assert answer.status_code == 403
    assert client.post("/drift/repair/my-org").status_code == 409
    assert client.get("/drift/nothing").status_code == 404
