"""`syncer status`, `why`, `config`, `init` and `db`."""

from __future__ import annotations

import json
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from syncer.adapters.database.revision import HEAD
from syncer.cli.main import cli
from tests.standin.gitea import Fault, faults
from tests.support.devpi import DevpiServer, free_port
from tests.support.dists import wheel
from tests.support.world import World, world

ALPHA, BETA = wheel("alpha", "1.0"), wheel("beta", "1.0")
CONFIG = """\
[gitea]
url = https://gitea.example.com
token = {token}
[devpi]
url = https://devpi.example.com
username = ci
password = planted-password
[mapping:my-org]
index = ci/dev
[runtime]
state_dir = {state}
"""


@pytest.fixture
def place(tmp_path: Path, devpi_server: DevpiServer) -> Iterator[World]:
    """One mapping with one project in Gitea."""
    with world(tmp_path, devpi_server, broker=False) as made:
        made.add_mapping("my-org")
        made.publish(ALPHA)
        yield made


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration whose servers are never asked."""
    path = tmp_path / "my.conf"
    path.write_text(CONFIG.format(token="planted-token", state=tmp_path / "state"))
    path.chmod(0o600)
    return path


def syncer(config: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["-c", str(config), *words], prog_name="syncer")


def status(place: World) -> dict[str, Any]:
    return dict(json.loads(syncer(place.config, "status", "--json").stdout))


@pytest.mark.parametrize("words", [["status"], ["status", "--json"], ["why", "x"], ["why", "x", "--json"]])
def test_a_database_that_was_never_prepared_says_how(config: Path, words: list[str]) -> None:
    result = syncer(config, *words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "The database has no tables yet" in result.stderr
    assert "Run `syncer sync` or `syncer up`" in result.stderr


def test_a_mapping_without_a_run_is_not_fine(config: Path) -> None:
    syncer(config, "db", "upgrade")
    result = syncer(config, "status")
    assert result.exit_code == 1
    assert "my-org: no run yet, last complete never" in result.stdout
    assert "Nothing works on its own now" in result.stdout


def test_status_is_fine_only_when_every_mapping_is_complete(place: World) -> None:
    syncer(place.config, "sync")
    result = syncer(place.config, "status")
    assert result.exit_code == 0
    assert "my-org: complete, last complete" in result.stdout
    assert "1 of 1 file at the target\n" in result.stdout
    assert (status(place)["complete"], status(place)["mappings"][0]["counts"]["synced"]) == (True, 1)
    place.add_mapping("other")
    result = syncer(place.config, "status")
    assert result.exit_code == 1
    assert "other: no run yet" in result.stdout
    assert status(place)["complete"] is False


def test_status_names_what_needs_somebody_and_the_next_step(place: World) -> None:
    place.gitea.publish("my-org", "notes-1.0.txt", b"text", "notes", "1.0")
    syncer(place.config, "sync")
    result = syncer(place.config, "status")
    assert result.exit_code == 1
    assert "my-org: incomplete" in result.stdout
    assert "1 of 2 files at the target; 1 refused" in result.stdout
    assert "my-org: refused notes-1.0.txt: it is neither a wheel nor an sdist" in result.stdout
    assert "Publish it again as a wheel or an sdist" in result.stdout


def test_status_tells_why_a_mapping_failed(place: World) -> None:
    place.gitea.faults.add(Fault(faults.status(401), path="/api/v1/packages"))
    syncer(place.config, "sync")
    result = syncer(place.config, "status")
    run = status(place)["mappings"][0]["last_run"]
    assert (result.exit_code, run["outcome"], run["error_code"]) == (1, "failed", "unauthorized")
    assert "my-org: failed" in result.stdout
    assert run["error"] in result.stdout
    assert run["next_step"] in result.stdout


def test_why_tells_everything_of_a_file(place: World) -> None:
    place.gitea.faults.add(Fault(faults.flipped_byte(), path="/files/", times=1))
    syncer(place.config, "sync")
    for words in (ALPHA.filename, ALPHA.sha256[:10], f"sha256:{ALPHA.sha256}"):
        result = syncer(place.config, "why", words)
        assert result.exit_code == 0
        assert f"{ALPHA.filename} in my-org: synced" in result.stdout
        assert "decision:  copy, because it is not on the target index itself (run 1, " in result.stdout
        assert f"sha256 {ALPHA.sha256}" in result.stdout
        assert "transfer:  copied, ended " in result.stdout
        assert "attempt:   download 1" in result.stdout
        assert "attempt:   download 2" in result.stdout
        assert "attempt:   upload 1" in result.stdout
    document = json.loads(syncer(place.config, "why", ALPHA.filename, "--json").stdout)
    assert document["synced"] is True
    assert [attempt["step"] for attempt in document["mappings"][0]["attempts"]] == [
        "upload",
        "download",
        "download",
    ]


@pytest.mark.slow
def test_why_is_fine_only_when_every_mapping_that_selects_the_file_has_it(place: World) -> None:
    place.add_mapping("copy", owner="my-org")
    assert syncer(place.config, "sync", "-m", "copy").exit_code == 0
    assert syncer(place.config, "why", ALPHA.filename).exit_code == 0
    place.gitea.faults.add(Fault(faults.flipped_byte(), path="/files/"))
    assert syncer(place.config, "sync", "-m", "my-org").exit_code == 1
    result = syncer(place.config, "why", ALPHA.filename)
    assert result.exit_code == 1
    assert f"{ALPHA.filename} in my-org: refused" in result.stdout
    assert f"{ALPHA.filename} in copy: synced" in result.stdout
    assert "next step: " in result.stdout


def test_a_file_that_no_mapping_selects_is_not_fine(place: World) -> None:
    place.extra = "project_deny = alpha\n"
    place.write_config()
    assert syncer(place.config, "sync").exit_code == 0
    result = syncer(place.config, "why", ALPHA.filename)
    assert result.exit_code == 1
    assert "excluded, because project alpha is in project_deny" in result.stdout


@pytest.mark.parametrize("words", [["nobody-1.0.tar.gz"], ["nobody-1.0.tar.gz", "--json"]], ids=len)
def test_an_unknown_file_is_said_to_be_unknown(config: Path, words: list[str]) -> None:
    syncer(config, "db", "upgrade")
    result = syncer(config, "why", *words)
    assert result.exit_code == 1
    if "--json" in words:
        assert json.loads(result.stdout) == {"file": words[0], "synced": False, "mappings": []}
    else:
        assert "Nothing is known of nobody-1.0.tar.gz" in result.stderr


def test_the_database_is_upgraded_inspected_and_checked(config: Path) -> None:
    assert "database: none" in syncer(config, "db", "current").stdout
    before = syncer(config, "db", "check")
    assert before.exit_code == 1
    assert "Run `syncer db upgrade`" in before.stderr
    assert f"and is at {HEAD}" in syncer(config, "db", "upgrade").stdout
    assert syncer(config, "db", "upgrade").exit_code == 0
    assert f"database: {HEAD}" in syncer(config, "db", "current").stdout
    assert syncer(config, "db", "check").exit_code == 0


def test_a_server_database_that_is_away_is_an_error_without_its_password(config: Path) -> None:
    with config.open("a") as file:
        file.write("[database]\nurl = postgresql://me:planted-pw@127.0.0.1:9/none\n")
    for words in (["status"], ["sync"], ["db", "current"], ["-vv", "db", "check"]):
        result = CliRunner().invoke(cli, ["-c", str(config), *words])
        assert result.exit_code == 1
        assert "did not answer" in result.stderr
        assert "planted-pw" not in result.output


def test_every_mistake_of_the_configuration_is_told_at_once(config: Path) -> None:
    config.write_text("[gitea]\nurl = x\ntokn = a\n[mapping:m]\nindex = nope\n")
    for words in (["config", "check"], ["config", "show"], ["sync"], ["plan"], ["status"], ["up"]):
        result = syncer(config, *words)
        assert (result.exit_code, result.stdout) == (2, "")
        for said in ("my.conf:2 ", "my.conf:3 ", "my.conf:5 ", "did you mean token?"):
            assert said in result.stderr


def test_a_configuration_that_others_may_read_is_refused(config: Path) -> None:
    config.chmod(0o644)
    result = syncer(config, "config", "check")
    assert (result.exit_code, "chmod 600" in result.stderr) == (2, True)


def test_a_configuration_without_mistakes_is_said_to_be_so_with_its_warnings(config: Path) -> None:
    result = syncer(config, "config", "check")
    assert (result.exit_code, result.stdout, result.stderr) == (
        0,
        f"{config} holds no mistake: 1 mapping.\n",
        "",
    )
    config.write_text(config.read_text().replace("token = planted-token\n", ""))
    result = syncer(config, "config", "check")
    assert result.exit_code == 0
    assert result.stderr.startswith("Warning: ")


def test_what_is_in_effect_is_shown_with_its_origin_and_without_secrets(config: Path) -> None:
    result = CliRunner().invoke(
        cli, ["-c", str(config), "config", "show"], env={"SYNCER_GITEA__TIMEOUT": "7"}
    )
    lines = [line.split("  # ") for line in result.stdout.splitlines()]
    shown = {line[0].strip(): line[1] for line in lines if len(line) == 2}
    assert result.exit_code == 0
    assert "my.conf:2" in shown["url = https://gitea.example.com"]
    assert shown["timeout = 7"] == "environment SYNCER_GITEA__TIMEOUT"
    assert shown["timeout = 30"] == "default"
    assert "planted" not in result.output
    rows = json.loads(syncer(config, "config", "show", "--json").stdout)
    (password,) = [row for row in rows if (row["section"], row["option"]) == ("devpi", "password")]
    assert password["value"] == "***"


def test_init_writes_a_file_that_only_its_owner_can_read_and_never_overwrites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "syncer.conf"
    result = CliRunner().invoke(cli, ["init"])
    assert (result.exit_code, stat.S_IMODE(path.stat().st_mode)) == (0, 0o600)
    assert "syncer -c syncer.conf config check" in result.stdout
    path.write_text("mine")
    again = CliRunner().invoke(cli, ["init"])
    assert (again.exit_code, path.read_text()) == (1, "mine")
    assert "exists already" in again.stderr


@pytest.mark.parametrize("words", [["init", "x.conf"], ["-c", "x.conf", "init"]], ids=" ".join)
def test_init_writes_the_file_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(cli, words).exit_code == 0
    assert [each.name for each in tmp_path.iterdir()] == ["x.conf"]


def test_up_refuses_a_taken_port_before_it_touches_the_database(config: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with config.open("a") as file:
            file.write(f"[web]\nport = {taken.getsockname()[1]}\n")
        result = syncer(config, "up")
    assert result.exit_code == 1
    assert "Cannot listen on [web] port" in result.stderr
    assert "database: none" in syncer(config, "db", "current").stdout


def test_up_starts_nothing_when_a_server_database_is_away(config: Path) -> None:
    with config.open("a") as file:
        file.write("[database]\nurl = postgresql://me:planted-pw@127.0.0.1:9/none\n")
        file.write(f"[web]\nport = {free_port()}\nflower_port = {free_port()}\n")
    result = syncer(config, "up")
    assert (result.exit_code, "did not answer" in result.stderr) == (1, True)
    assert "planted-pw" not in result.output
