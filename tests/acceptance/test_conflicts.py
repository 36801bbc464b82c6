"""Other bytes under a known name, from their discovery to a person's decision, on a real devpi."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from click.testing import CliRunner, Result

from syncer.cli.actor import actor
from syncer.cli.main import cli
from syncer.web.app import create_app
from tests.integration.web_harness import served
from tests.support.devpi import DevpiServer
from tests.support.dists import Dist, wheel
from tests.support.world import PASSWORD, World, world

ALPHA = wheel("alpha", "1.0", requires_python=">=3.9")
REBUILT = wheel("alpha", "1.0", payload=b"rebuilt", requires_python=">=3.11")


@pytest.fixture
def place(tmp_path: Path, devpi_server: DevpiServer) -> Iterator[World]:
    with world(tmp_path, devpi_server, broker=False) as made:
        yield made


def syncer(place: World, *words: str) -> Result:
    return CliRunner().invoke(cli, ["-c", str(place.config), *words], prog_name="syncer")


def put(place: World, index: str, dist: Dist) -> None:
    """Somebody uploads straight to devpi."""
    requests.post(
        f"{place.devpi.url}/{index}/",
        data={":action": "file_upload", "name": "alpha", "version": "1.0"},
        files={"content": (dist.filename, dist.content)},
        auth=(place.user, place.devpi.login(place.user, PASSWORD)),
        timeout=30,
    ).raise_for_status()


def published_anew(place: World, dist: Dist) -> None:
    """The release was deleted at Gitea, and published again with these bytes."""
    place.gitea.delete_version("my-org", "alpha", "1.0")
    place.publish(dist, "my-org")


def holds(place: World, index: str, dist: Dist) -> bool:
    return place.on_target(index, "alpha") == {dist.filename: dist.sha256}


def inbox(place: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(syncer(place, "conflicts", "--json").stdout)["conflicts"]
    return found


def audited(place: World) -> list[tuple[str, str]]:
    return [(each.action, each.actor) for each in place.seen.services.ledger.audit.read()]


def test_what_somebody_else_put_there_is_compared_and_replaced_once_it_is_approved(place: World) -> None:
    index = place.add_mapping("my-org", volatile=True)
    put(place, index, ALPHA)
    place.publish(REBUILT)
    assert syncer(place, "sync").exit_code == 1
    listed = syncer(place, "conflicts")
    assert listed.exit_code == 1
    for words in (f"open {ALPHA.filename}", REBUILT.sha256, ALPHA.sha256, "somebody else put them there"):
        assert words in listed.stdout
    shown = syncer(place, "conflicts", "show", "my-org", ALPHA.filename)
    assert shown.exit_code == 0, shown.output
    for words in (
        f"{len(REBUILT.content)} bytes, sha256 {REBUILT.sha256}",
        f"{len(ALPHA.content)} bytes, sha256 {ALPHA.sha256}",
        "requires_python: source '>=3.11', target '>=3.9'",
        "+ alpha/payload.bin: 7 bytes",
        "* alpha-1.0.dist-info/METADATA",
    ):
        assert words in shown.stdout
    told = json.loads(
        syncer(place, "conflicts", "show", "my-org", f"Alpha/{ALPHA.filename}", "--json").stdout
    )
    assert told["comparison"]["members"]["only_source"][0][0] == "alpha/payload.bin"
    assert told["comparison"]["target"]["served_sha256"] == ALPHA.sha256
    assert syncer(place, "conflicts", "approve", "my-org", ALPHA.filename).exit_code == 2
    assert syncer(place, "conflicts", "approve", "my-org", ALPHA.filename, "--reason", " ").exit_code == 1
    assert holds(place, index, ALPHA)
    approved = syncer(place, "conflicts", "approve", "my-org", ALPHA.filename, "--reason", "it was rebuilt")
    assert approved.exit_code == 0, approved.output
    assert holds(place, index, REBUILT)
    empty = syncer(place, "conflicts")
    assert (empty.exit_code, "No conflict" in empty.stdout) == (0, True)
    assert [action for action, _ in audited(place)][-3:] == ["approve", "sync", "upload"]
    assert ("approve", actor()) in audited(place)
    assert "No conflict about" in syncer(place, "conflicts", "show", "my-org", ALPHA.filename).stderr
    assert syncer(place, "sync").exit_code == 0


def test_a_rejected_file_is_complete_without_and_approved_on_an_index_that_is_not_volatile_a_person_must_act(
    place: World,
) -> None:
    index = place.add_mapping("my-org")
    put(place, index, ALPHA)
    place.publish(REBUILT)
    syncer(place, "sync")
    rejected = syncer(
        place, "conflicts", "reject", "my-org", ALPHA.filename, "--reason", "the first one stands"
    )
    assert rejected.exit_code == 0, rejected.output
    assert holds(place, index, ALPHA)
    (one,) = inbox(place)
    assert (one["state"], one["ruling"]["reason"]) == ("rejected", "the first one stands")
    assert syncer(place, "conflicts").exit_code == 0
    assert "the first one stands" in syncer(place, "why", ALPHA.filename).stdout
    assert syncer(place, "sync").exit_code == 0
    approved = syncer(
        place, "conflicts", "approve", "my-org", ALPHA.filename, "--reason", "on second thoughts"
    )
    assert approved.exit_code == 1
    assert "a person has to remove the release at devpi (`devpi remove --force`)" in approved.stdout
    assert holds(place, index, ALPHA)
    assert inbox(place)[0]["state"] == "approved"
    place.devpi.call("DELETE", f"{index}/alpha/1.0?force")
    assert syncer(place, "sync").exit_code == 0
    assert holds(place, index, REBUILT)


@pytest.mark.slow
def test_what_is_published_again_with_other_bytes_lands_here_while_devpi_has_the_old_ones(
    place: World,
) -> None:
    index = place.add_mapping("my-org", volatile=True)
    place.publish(ALPHA)
    assert syncer(place, "sync").exit_code == 0
    published_anew(place, REBUILT)
    assert syncer(place, "sync").exit_code == 1
    assert holds(place, index, ALPHA)
    (one,) = inbox(place)
    assert "this mapping brought them" in one["origin"]
    assert "published again with other bytes" in one["origin"]
    assert syncer(place, "conflicts", "approve", "my-org", ALPHA.filename, "--reason", "a fix").exit_code == 0
    assert holds(place, index, REBUILT)


def test_what_is_published_again_with_other_bytes_lands_here_when_the_old_ones_were_withdrawn(
    place: World,
) -> None:
    lines = "on_source_delete = withdraw\ndelete_grace_hours = 0\n"
    index = place.add_mapping("my-org", volatile=True, lines=lines)
    place.publish(ALPHA)
    place.publish(wheel("beta", "1.0"))
    assert syncer(place, "sync").exit_code == 0
    place.gitea.delete_version("my-org", "alpha", "1.0")
    assert syncer(place, "sync").exit_code == 0
    second = syncer(place, "sync")
    assert f"withdrawn {ALPHA.filename}" in second.stdout
    assert place.on_target(index, "alpha") == {}
    place.publish(REBUILT)
    assert syncer(place, "sync").exit_code == 1
    assert place.on_target(index, "alpha") == {}
    (one,) = inbox(place)
    assert "until they were withdrawn" in one["reason"]
    assert one["target_sha256"] == ALPHA.sha256
    shown = syncer(place, "conflicts", "show", "my-org", ALPHA.filename)
    assert (shown.exit_code, "holds no file of this name now" in shown.stdout) == (1, True)
    assert syncer(place, "conflicts", "approve", "my-org", ALPHA.filename, "--reason", "a fix").exit_code == 0
    assert holds(place, index, REBUILT)


@pytest.mark.slow
def test_the_page_of_a_conflict_compares_both_and_takes_the_decision(place: World) -> None:
    index = place.add_mapping("my-org", volatile=True)
    put(place, index, ALPHA)
    place.publish(REBUILT)
    syncer(place, "sync")
    with served(create_app(place.seen)) as url, httpx.Client(base_url=url, timeout=30) as browser:
        page = f"/conflicts/my-org/alpha/{ALPHA.filename}"
        compared = browser.get(page, params={"compare": "now"}).text
        for words in ("alpha/payload.bin", "requires_python", REBUILT.sha256, ALPHA.sha256):
            assert words in compared
        decision = {"source_sha256": REBUILT.sha256, "target_sha256": ALPHA.sha256, "verdict": "approved"}
        answer = browser.post(
            page.replace("/conflicts/", "/rule/"), data={**decision, "reason": "it was rebuilt"}
        )
        assert answer.status_code == 303, answer.text
    assert ("approve", "web") in audited(place)
    assert syncer(place, "sync").exit_code == 0
    assert holds(place, index, REBUILT)


def test_the_person_at_the_terminal_is_named_as_the_system_knows_them() -> None:
    assert actor().count("@") == 1
    assert actor().endswith(os.uname().nodename)
