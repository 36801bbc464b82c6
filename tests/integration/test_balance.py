"""The balance sheet as people see it, on a real devpi-server; a ledger that was changed is not green."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from syncer.cli.main import cli
from syncer.web.app import create_app
from tests.integration.web_harness import Page, served
from tests.support.devpi import DevpiServer
from tests.support.dists import sdist, wheel
from tests.support.world import World, world


@pytest.fixture
def place(tmp_path: Path, devpi_server: DevpiServer) -> Iterator[World]:
    """A mapping whose three files, one of them excluded, are at the target."""
    with world(tmp_path, devpi_server, broker=False, interval=3600) as made:
        made.add_mapping("my-org", lines="file_deny = *.tar.gz")
        for dist in (wheel("alpha", "1.0"), wheel("beta", "1.0"), sdist("beta", "1.0")):
            made.publish(dist)
        assert syncer(made, "sync").exit_code == 0
        yield made


def syncer(place: World, *words: str) -> Result:
    return CliRunner().invoke(cli, ["-c", str(place.config), *words], prog_name="syncer")


def tamper(place: World, statement: str) -> None:
    with sqlite3.connect(place.folder / "state" / "syncer.db") as ledger:
        ledger.execute(statement)


def test_status_and_page_show_every_line(place: World) -> None:
    shown = syncer(place, "status")
    assert shown.exit_code == 0
    line = "  balance agrees: releases 2 stated, 2 read; files 3 listed, 3 decided, 2 selected, 2 proved"
    assert line in shown.stdout.splitlines()
    (mapping,) = json.loads(syncer(place, "status", "--json").stdout)["mappings"]
    assert mapping["balance"]["verdict"] == "agrees"
    assert [line["number"] for line in mapping["balance"]["lines"]] == [2, 2, 3, 3, 2, 2]
    with served(create_app(place.seen)) as url:
        page = httpx.get(f"{url}/mappings/my-org").text
    assert Page(page).flaws == []
    assert "files proved at the target" in page
    assert 'aria-hidden="true">≠</span> differs' not in page


@pytest.mark.parametrize(
    ("lie", "told"),
    [
        pytest.param(
            "DELETE FROM decisions WHERE project = 'alpha'",
            "    decisions recorded: 2, must be 3, the files on the project pages",
            id="a decision is lost",
        ),
        pytest.param(
            "UPDATE decisions SET kind = 'excluded' WHERE project = 'alpha'",
            "    files selected: 2, must be 1, the decisions that exclude nothing",
            id="a file is said to be excluded",
        ),
        pytest.param(
            "UPDATE runs SET proved_files = 1",
            "    files proved at the target: 1, must be 2, the files selected",
            id="a run has proved less than it says",
        ),
        pytest.param(
            "UPDATE runs SET listed_files = NULL",
            "  balance unknown: releases 2 stated, 2 read; files ? listed, 3 decided, 2 selected, 2 proved",
            id="a run of an older version",
        ),
    ],
)
def test_a_ledger_that_does_not_balance_is_never_green(place: World, lie: str, told: str) -> None:
    tamper(place, "PRAGMA foreign_keys = OFF")
    # The copies were found there by a second run, so that no transfer stands for them.
    assert syncer(place, "sync").exit_code == 0
    tamper(place, lie)
    shown = syncer(place, "status")
    assert shown.exit_code == 1
    assert told in shown.stdout.splitlines()
    assert syncer(place, "sync").exit_code == 0
    assert syncer(place, "status").exit_code == 0
