"""`syncer sync` against a stand-in Gitea and a real devpi-server, in this process."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result

from syncer.cli.main import cli
from tests.standin.gitea import Fault, faults
from tests.support.devpi import DevpiServer
from tests.support.dists import Dist, sdist, wheel
from tests.support.world import PASSWORD, TOKEN, World, world

ALPHA, BETA = wheel("alpha", "1.0", requires_python=">=3.9"), sdist("beta", "2.0")


@pytest.fixture
def place(tmp_path: Path, devpi_server: DevpiServer) -> Iterator[World]:
    with world(tmp_path, devpi_server, broker=False) as made:
        yield made


@pytest.fixture
def index(place: World) -> str:
    """One mapping, with two projects in Gitea."""
    made = place.add_mapping("my-org")
    for dist in (ALPHA, BETA):
        place.publish(dist)
    return made


def syncer(place: World, *words: str) -> Result:
    return CliRunner().invoke(cli, ["-c", str(place.config), *words], prog_name="syncer")


def put(place: World, index: str, dist: Dist, project: str, version: str) -> None:
    """Somebody uploads straight to devpi."""
    answer = requests.post(
        f"{place.devpi.url}/{index}/",
        data={":action": "file_upload", "name": project, "version": version},
        files={"content": (dist.filename, dist.content)},
        auth=(place.user, place.devpi.login(place.user, PASSWORD)),
        timeout=30,
    )
    assert answer.ok, answer.text


def downloads(place: World) -> int:
    return sum("/files/" in request.path for request in place.gitea.requests)


def test_the_first_sync_copies_everything_and_the_second_does_nothing(place: World, index: str) -> None:
    first = syncer(place, "sync")
    assert (first.exit_code, first.stderr) == (0, "")
    assert "my-org: complete. 2 of 2 files at the target, 2 copied by run 1." in first.stdout
    assert first.stdout.endswith("Everything selected is at its target.\n")
    assert place.on_target(index, "alpha") == {ALPHA.filename: ALPHA.sha256}
    assert place.on_target(index, "beta") == {BETA.filename: BETA.sha256}
    uploads = place.devpi.log.read_text().count(f"POST /{index}")
    second = syncer(place, "sync")
    assert second.exit_code == 0
    assert "2 of 2 files at the target, 0 copied by run 2." in second.stdout
    assert place.devpi.log.read_text().count(f"POST /{index}") == uploads
    assert downloads(place) == 2


@pytest.mark.usefixtures("index")
def test_without_a_terminal_progress_is_plain_lines_one_per_change(place: World) -> None:
    shown = syncer(place, "sync").stdout
    lines = [line for line in shown.splitlines() if line.startswith("my-org: ")]
    assert len(lines) == len(set(lines))
    assert "my-org: 2 of 2 files at the target" in lines
    assert "\x1b" not in shown


def test_another_file_under_the_same_name_is_a_conflict_and_stays(place: World, index: str) -> None:
    other = wheel("alpha", "1.0", payload=b"other")
    put(place, index, other, "alpha", "1.0")
    result = syncer(place, "sync")
    assert result.exit_code == 1
    assert "my-org: incomplete. 1 of 2 files at the target" in result.stdout
    assert f"conflict    {ALPHA.filename}: the target holds other bytes under this name" in result.stdout
    assert "Decide which bytes are right" in result.stdout
    assert result.stdout.endswith("Not everything selected is at its target.\n")
    assert place.on_target(index, "alpha") == {ALPHA.filename: other.sha256}
    assert place.on_target(index, "beta") == {BETA.filename: BETA.sha256}


@pytest.mark.parametrize(("volatile", "code"), [(True, 0), (False, 1)])
def test_force_overwrites_where_the_index_is_volatile_and_nowhere_else(
    place: World, volatile: bool, code: int
) -> None:
    index = place.add_mapping("my-org", volatile=volatile)
    place.publish(ALPHA)
    other = wheel("alpha", "1.0", payload=b"other")
    put(place, index, other, "alpha", "1.0")
    assert syncer(place, "sync").exit_code == 1
    assert place.on_target(index, "alpha") == {ALPHA.filename: other.sha256}
    assert syncer(place, "sync", "--force").exit_code == code
    expected = ALPHA if volatile else other
    assert place.on_target(index, "alpha") == {ALPHA.filename: expected.sha256}


@pytest.mark.usefixtures("index")
def test_a_file_that_is_not_what_gitea_says_is_refused_with_its_reason(place: World) -> None:
    place.gitea.faults.add(Fault(faults.flipped_byte(), path="/files/alpha"))
    result = syncer(place, "sync")
    assert result.exit_code == 1
    assert "1 of 2 files at the target" in result.stdout
    assert f"refused     {ALPHA.filename}: " in result.stdout


def test_a_dry_run_uploads_nothing_and_records_nothing(place: World, index: str) -> None:
    result = syncer(place, "sync", "--dry-run")
    assert result.exit_code == 1
    assert result.stdout == syncer(place, "plan").stdout
    assert f"+ to copy          {ALPHA.filename}" in result.stdout
    assert place.on_target(index, "alpha") == {}
    assert downloads(place) == 0
    assert "has no tables yet" in syncer(place, "status").stderr


def test_a_project_is_synced_alone_in_any_spelling(place: World, index: str) -> None:
    result = syncer(place, "sync", "-p", "ALPHA")
    assert result.exit_code == 0
    assert "my-org, project alpha: complete. 1 of 1 file at the target, 1 copied by run 1." in result.stdout
    assert place.on_target(index, "alpha") == {ALPHA.filename: ALPHA.sha256}
    assert place.on_target(index, "beta") == {}


def test_several_projects_are_synced_one_after_the_other(place: World, index: str) -> None:
    place.publish(wheel("gamma", "1.0"))
    result = syncer(place, "sync", "-p", "alpha", "-p", "beta")
    assert result.exit_code == 0
    assert result.stdout.count(": complete. ") == 2
    assert place.on_target(index, "gamma") == {}


@pytest.mark.parametrize("command", [("sync",), ("plan",), ("sync", "--dry-run")], ids=" ".join)
@pytest.mark.usefixtures("index")
def test_a_project_that_nobody_has_is_no_success(place: World, command: tuple[str, ...]) -> None:
    syncer(place, "sync")
    result = syncer(place, *command, "-p", "alhpa", "-p", "beta")
    assert result.exit_code == 1
    assert "No selected mapping has a project alhpa." in result.output
    assert "project beta." not in result.output


def test_a_mapping_and_an_organization_restrict(place: World, index: str) -> None:
    other = place.add_mapping("other")
    place.publish(ALPHA, "other")
    assert syncer(place, "sync", "-m", "other").exit_code == 0
    assert syncer(place, "sync", "-o", "OTHER").exit_code == 0
    assert place.on_target(other, "alpha") == {ALPHA.filename: ALPHA.sha256}
    assert place.on_target(index, "alpha") == {}


@pytest.mark.parametrize("command", ["sync", "plan"])
@pytest.mark.usefixtures("index")
def test_an_unknown_mapping_is_a_usage_error_with_the_nearest_name(place: World, command: str) -> None:
    result = syncer(place, command, "-m", "my-orgs")
    assert result.exit_code == 2
    assert "No mapping 'my-orgs' is configured. Did you mean my-org?" in result.stderr
    assert place.gitea.requests == []


def test_a_mapping_that_fails_does_not_touch_the_others(place: World, index: str) -> None:
    place.extra = "[mapping:broken]\norganization = nobody\nindex = " + index
    place.write_config()
    result = syncer(place, "sync")
    assert result.exit_code == 1
    assert "my-org: complete. 2 of 2 files at the target" in result.stdout
    assert "broken: failed. 0 of 0 files at the target" in result.stdout
    plan = syncer(place, "plan")
    assert plan.exit_code == 1
    assert "2 already there" in plan.stdout
    assert "  Error: " in plan.stdout
    both = json.loads(syncer(place, "plan", "--json").stdout)["mappings"]
    assert [(each["mapping"], each["clean"], bool(each["error"])) for each in both] == [
        ("my-org", True, False),
        ("broken", False, True),
    ]


@pytest.mark.parametrize("verbosity", [(), ("-vv",)], ids=["quiet", "vv"])
@pytest.mark.usefixtures("index")
def test_no_output_holds_a_secret(place: World, verbosity: tuple[str, ...]) -> None:
    place.gitea.faults.add(Fault(faults.status(500), path="/files/alpha", times=2))
    for words in (["sync"], ["plan", "--json"], ["status", "--json"], ["config", "show"], ["why", "x"]):
        output = syncer(place, *verbosity, *words).output
        assert TOKEN not in output
        assert PASSWORD not in output
        assert place.devpi.login(place.user, PASSWORD) not in output


@pytest.mark.usefixtures("index")
def test_log_lines_say_what_they_are_about(place: World) -> None:
    stderr = syncer(place, "-v", "sync").stderr
    lines: list[dict[str, Any]] = [json.loads(line) for line in stderr.splitlines()]
    said = {(line["message"].partition(":")[0], line.get("file", ""), line.get("run")) for line in lines}
    assert {("planning, try 1", "", 1), ("planned, full", "", 1), ("the run is finished", "", 1)} <= said
    for dist in (ALPHA, BETA):
        assert ("staged", dist.filename, None) in said
        assert ("read back", dist.filename, 1) in said
        assert any(message.startswith("uploaded to") for message, file, _ in said if file == dist.filename)


@pytest.mark.usefixtures("index")
def test_the_plan_is_clean_only_when_nothing_is_to_be_done(place: World) -> None:
    before = syncer(place, "plan", "--json")
    document = json.loads(before.stdout)
    assert (before.exit_code, document["clean"]) == (1, False)
    assert document["mappings"][0]["counts"] == {"copy": 2}
    assert [file["filename"] for file in document["mappings"][0]["files"]] == [ALPHA.filename, BETA.filename]
    syncer(place, "sync")
    after = syncer(place, "plan")
    assert (after.exit_code, after.stdout.splitlines()[-1]) == (0, "  2 already there")


def test_a_plan_names_every_decision_with_its_reason(place: World, index: str) -> None:
    put(place, index, wheel("alpha", "1.0", payload=b"other"), "alpha", "1.0")
    place.publish(wheel("gamma", "1.0"))
    place.gitea.publish("my-org", "notes-1.0.txt", b"text", "notes", "1.0")
    place.extra = "project_deny = gamma\n"
    place.write_config()
    result = syncer(place, "plan")
    assert result.exit_code == 1
    rows = [line.split(maxsplit=1)[0] for line in result.stdout.splitlines()[1:-1]]
    assert rows == ["*", "+", "x", "!"]
    assert result.stdout.endswith("  1 to copy, 1 in conflict, 1 no distribution, 1 excluded\n")


def test_retry_does_what_failed_and_nothing_else(place: World, index: str) -> None:
    """A refused file is not tried again by itself; a person's word is enough."""
    fault = place.gitea.faults.add(Fault(faults.flipped_byte(), path="/files/alpha"))
    assert syncer(place, "sync").exit_code == 1
    assert syncer(place, "retry", "-m", "my-org").exit_code == 1
    place.gitea.faults.remove(fault)
    before = downloads(place)
    result = syncer(place, "retry", ALPHA.filename)
    assert result.exit_code == 0
    assert "1 of 1 file at the target, 1 copied" in result.stdout
    assert place.on_target(index, "alpha") == {ALPHA.filename: ALPHA.sha256}
    assert downloads(place) == before + 1
    assert syncer(place, "sync").exit_code == 0
    last = syncer(place, "retry")
    assert (last.exit_code, last.stdout) == (0, "Nothing to try again: every selected mapping is complete.\n")


@pytest.mark.usefixtures("index")
def test_a_file_that_nobody_knows_cannot_be_tried_again(place: World) -> None:
    assert syncer(place, "sync").exit_code == 0
    result = syncer(place, "retry", "misspelt-1.0.tar.gz")
    assert result.exit_code == 1
    assert "No run has found misspelt-1.0.tar.gz at the source of a mapping." in result.stderr


def test_a_database_restored_from_yesterday_harms_nothing(place: World, index: str) -> None:
    """What is on devpi is recognised, nothing is uploaded twice, no conflict is invented."""
    assert syncer(place, "sync").exit_code == 0
    database = place.folder / "state" / "syncer.db"
    with sqlite3.connect(database) as now, sqlite3.connect(place.folder / "yesterday.db") as backup:
        now.backup(backup)
    late = [place.publish(wheel("alpha", "1.1")), place.publish(wheel("gamma", "1.0"))]
    assert syncer(place, "sync").exit_code == 0
    uploads = place.devpi.log.read_text().count(f"POST /{index}")
    for leftover in database.parent.glob("syncer.db*"):
        leftover.unlink()
    (place.folder / "yesterday.db").rename(database)
    shutil.rmtree(place.folder / "state" / "staging", ignore_errors=True)
    later = place.publish(wheel("gamma", "1.1"))
    result = syncer(place, "sync")
    assert result.exit_code == 0, result.stdout
    assert "5 of 5 files at the target, 1 copied" in result.stdout
    assert place.devpi.log.read_text().count(f"POST /{index}") == uploads + 1
    assert place.on_target(index, "gamma") == {dist.filename: dist.sha256 for dist in (late[1], later)}
