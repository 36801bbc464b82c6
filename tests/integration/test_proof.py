"""Provenance, audit, statements, plan and apply: a stand-in Gitea and a real devpi-server."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result

from syncer.cli.actor import actor
from syncer.cli.main import cli
from syncer.web.app import create_app
from tests.integration.web_harness import served
from tests.support.devpi import DevpiServer
from tests.support.dists import Dist, sdist, wheel
from tests.support.world import PASSWORD, ROOT, TOKEN, World, world

ALPHA, BETA, GAMMA = (
    wheel("alpha", "1.0", requires_python=">=3.9"),
    sdist("beta", "2.0"),
    wheel("gamma", "1.0"),
)
OTHER_ALPHA = wheel("alpha", "1.0", payload=b"other")


@pytest.fixture
def place(tmp_path: Path, devpi_server: DevpiServer) -> Iterator[World]:
    """One mapping with two projects in Gitea, of which one is linked to a repository."""
    with world(tmp_path, devpi_server, broker=False) as made:
        made.add_mapping("my-org")
        for dist in (ALPHA, BETA):
            made.publish(dist)
        made.gitea.link("my-org", "alpha", "tools")
        yield made


@pytest.fixture
def index(place: World) -> str:
    return place.mappings[0][2]


def syncer(place: World, *words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, ["-c", str(place.config), *words], prog_name="syncer")
    assert result.exit_code == code, result.output
    return result


def offline(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command where there is neither a configuration nor a database, nor a way to any server."""
    environment = {
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder),
        "PATH": "",
        "https_proxy": "http://127.0.0.1:9",
    }
    command = [sys.executable, "-m", "syncer", *words]
    return subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


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


def rows(place: World, query: str) -> list[Any]:
    connection = sqlite3.connect(place.folder / "state" / "syncer.db")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def provenance(place: World, dist: Dist = ALPHA) -> dict[str, Any]:
    (found,) = json.loads(syncer(place, "provenance", dist.filename, "--json").stdout)
    return dict(found)


def test_the_provenance_of_a_file_tells_its_way_from_gitea_to_what_was_read_back(
    place: World, index: str
) -> None:
    syncer(place, "sync")
    syncer(place, "sync")  # from now on the file is found at the target; how it came there is still told
    found = provenance(place)
    source, said, target = found["source"], found["source"]["on_record"], found["target"]
    assert (found["sha256"], found["status"], found["version"]) == (ALPHA.sha256, "synced", "1.0")
    assert source["url"] == f"{place.gitea.url}/api/packages/my-org/pypi/files/alpha/1.0/{ALPHA.filename}"
    assert requests.get(source["url"], headers={"Authorization": f"token {TOKEN}"}, timeout=10).content == (
        ALPHA.content
    )
    assert (source["repository"], source["promised_sha256"]) == ("my-org/tools", ALPHA.sha256)
    versions = requests.get(
        f"{place.gitea.url}/api/v1/packages/my-org/pypi/alpha/1.0",
        headers={"Authorization": f"token {TOKEN}"},
        timeout=10,
    )
    assert source["release_id"] == versions.json()["id"]
    assert (said["sha256"], said["size"], said["agrees"]) == (ALPHA.sha256, len(ALPHA.content), True)
    assert type(said["file_id"]) is int
    assert all(said[name] for name in ("md5", "sha1", "sha512", "asked_at"))
    assert found["staging"]["sha256"] == ALPHA.sha256
    assert (found["staging"]["proved_by"]["step"], found["staging"]["proved_by"]["result"]) == (
        "download",
        "staged",
    )
    assert target["name"].endswith(index)
    assert (target["outcome"], target["read_back_sha256"]) == ("copied", ALPHA.sha256)
    assert target["answer"]
    assert target["last_check"] is None
    assert [run["id"] for run in found["runs"]] == [2, 1]
    (written,) = found["audit"]
    ((digest,),) = rows(place, f"SELECT digest FROM audit WHERE id = {written['id']}")  # noqa: S608  # our own
    assert (written["action"], written["digest"]) == ("upload", digest)
    assert found["rulings"] == []
    shown = syncer(place, "provenance", ALPHA.filename).stdout
    for told in (
        source["url"],
        "my-org/tools",
        f"read back:   {ALPHA.sha256}",
        "the same sha256",
        written["digest"],
    ):
        assert told in shown
    with served(create_app(place.seen)) as url:
        page = requests.get(f"{url}/files/my-org/alpha/{ALPHA.filename}", timeout=10).text
        path = f"/files/my-org/alpha/{ALPHA.filename}/provenance.json"
        assert path in page
        downloaded = requests.get(url + path, timeout=10).json()
        assert requests.get(url + path.replace("alpha", "nobody"), timeout=10).status_code == 404
    moving = {"exported_at", "source"}
    assert {key: downloaded[key] for key in found if key not in moving} == {
        key: found[key] for key in found if key not in moving
    }


def test_what_gitea_does_not_say_any_more_is_null_with_the_reason(place: World) -> None:
    syncer(place, "sync")
    place.gitea.delete_version("my-org", "alpha", "1.0")
    gone = provenance(place)["source"]["on_record"]
    assert (gone["file_id"], gone["sha256"], gone["agrees"]) == (None, None, None)
    assert "no such release" in gone["why_unknown"]
    place.gitea.stop()
    away = provenance(place, BETA)
    assert away["source"]["on_record"]["file_id"] is None
    assert away["source"]["on_record"]["why_unknown"]
    assert away["target"]["read_back_sha256"] == BETA.sha256
    assert "unknown: " in syncer(place, "provenance", BETA.filename).stdout
    assert "Nothing is known" in syncer(place, "provenance", "nobody-1.0.tar.gz", code=1).stderr


def test_what_was_uploaded_by_somebody_else_says_what_nobody_knows(place: World, index: str) -> None:
    put(place, index, ALPHA, "alpha", "1.0")
    syncer(place, "sync")
    found = provenance(place)
    assert (found["status"], found["target"]["listed_sha256"]) == ("synced", ALPHA.sha256)
    assert (found["staging"]["sha256"], found["target"]["answer"]) == (None, None)
    assert "was forgotten" in found["staging"]["why_unknown"]
    assert found["audit"] == []


def test_the_audit_is_listed_verified_and_exported_and_shows_who_changed_it(
    place: World, tmp_path: Path
) -> None:
    syncer(place, "sync")
    listed = json.loads(syncer(place, "audit", "list", "--json").stdout)
    assert [record["action"] for record in listed] == ["sync", "upload", "upload"]
    assert listed[0]["actor"] == actor()
    assert (
        f"upload    {listed[1]['actor']}  my-org alpha/{ALPHA.filename}"
        in syncer(place, "audit", "list").stdout
    )
    verified = syncer(place, "audit", "verify").stdout
    head = verified.split("head: ")[1].strip()
    assert verified.startswith("3 records, each as it was written")
    assert head == listed[-1]["digest"]
    export = tmp_path / "audit.jsonl"
    syncer(place, "audit", "export", "--out", str(export))
    assert offline(tmp_path, "audit", "verify", "--file", str(export), "--head", head).stdout == verified
    assert syncer(place, "audit", "export").stdout == export.read_text()

    syncer(place, "retry")  # nothing to do, so nobody asked for a Run
    syncer(place, "sync")
    assert "2 records from record 3 on" in syncer(place, "audit", "verify", "--since", f"3:{head}").stdout
    assert syncer(place, "audit", "verify", "--head", head)

    export.write_text(export.read_text().replace(actor(), "nobody@else"))
    refused = CliRunner().invoke(cli, ["audit", "verify", "--file", str(export)], prog_name="syncer")
    assert (refused.exit_code, "record 1 was changed" in refused.stdout) == (1, True)
    with sqlite3.connect(place.folder / "state" / "syncer.db") as connection:
        connection.execute("DROP TRIGGER audit_update_guard")
        connection.execute("DROP TRIGGER audit_delete_guard")
        connection.execute("DELETE FROM audit WHERE id = 4")
    assert syncer(place, "audit", "verify").exit_code == 0
    newest = listed[-1]["digest"]
    assert syncer(place, "audit", "verify", "--head", newest).exit_code == 0
    assert "removed" in syncer(place, "audit", "verify", "--head", "f" * 64, code=1).stdout
    with sqlite3.connect(place.folder / "state" / "syncer.db") as connection:
        connection.execute("UPDATE audit SET actor = 'nobody' WHERE id = 2")
    fault = syncer(place, "audit", "verify", code=1).stdout
    assert "record 2 was changed after it was written" in fault
    assert "Before that, 1 record is sound." in fault
    for wrong in (["--since", "x"], ["--head", "12"], ["--since", f"1:{head}", "--file", str(export)]):
        syncer(place, "audit", "verify", *wrong, code=2)


def test_equal_sides_are_stated_with_a_key_and_verified_where_there_is_nothing_else(
    place: World, tmp_path: Path
) -> None:
    assert "There is no signing key" in syncer(place, "keys", "show", code=1).stderr
    made = syncer(place, "keys", "make").stdout
    private, public = (place.folder / "state" / f"signing-key.pem{end}" for end in ("", ".pub"))
    inside = private.read_text().splitlines()[1]
    assert private.stat().st_mode & 0o777 == 0o600
    assert public.read_text() in syncer(place, "keys", "show").stdout
    assert "is there already" in syncer(place, "keys", "make", code=1).stderr
    assert "is stated: unsigned" in syncer(place, "statement", code=1).stderr

    said = syncer(place, "-vv", "sync")
    out = tmp_path / "handed over"
    exported = syncer(place, "statement", "-m", "my-org", "--out", str(out)).stdout
    envelope, manifest = out / "my-org-run-1.intoto.json", out / "my-org-run-1.manifest"
    assert str(envelope) in exported
    assert sorted(manifest.read_text().splitlines()) == sorted(
        [f"{ALPHA.sha256}  alpha/{ALPHA.filename}", f"{BETA.sha256}  beta/{BETA.filename}"]
    )
    verify = ("statement", "verify", str(envelope), "--key", str(public))
    verified = offline(out, *verify, "--manifest", str(manifest))
    assert (verified.returncode, verified.stderr) == (0, "")
    assert verified.stdout.startswith("my-org: both sides are equal\n")
    assert "files:    2 (releases stated 2, read 2, files listed 2, " in verified.stdout
    assert "as signed" in verified.stdout
    assert "not looked at" in CliRunner().invoke(cli, verify, prog_name="syncer").stdout
    with served(create_app(place.seen)) as url:
        assert "both sides are equal, signed by key" in requests.get(f"{url}/runs/1", timeout=10).text

    place.publish(GAMMA)  # what was stated of the first run stays what it was
    syncer(place, "sync")
    again = tmp_path / "again"
    syncer(place, "statement", "--run", "1", "--out", str(again))
    assert (again / manifest.name).read_text() == manifest.read_text()
    assert "run 2, 3 files" in syncer(place, "statement", "--out", str(again)).stdout
    assert (
        "run 9 is not stated" in syncer(place, "statement", "--run", "9", "--out", str(again), code=1).stderr
    )

    spoilt = out / "spoilt"
    for original, change, text in (
        (envelope, lambda text: text.replace('"sig":"', '"sig":"0', 1), "Error: "),
        (envelope, lambda text: text.replace('"payload":"ey', '"payload":"eY', 1), "Error: "),
        (manifest, lambda text: text.replace(ALPHA.sha256, BETA.sha256), "not the one that was signed"),
        (public, lambda _: private.read_text(), "no Ed25519 public key"),
        (public, lambda text: text[:40], "no Ed25519 public key"),
    ):
        spoilt.write_text(change(original.read_text()))
        files = [str(spoilt if each is original else each) for each in (envelope, public, manifest)]
        words = ["statement", "verify", files[0], "--key", files[1], "--manifest", files[2]]
        refused = CliRunner().invoke(cli, words, prog_name="syncer")
        assert (refused.exit_code, refused.stdout) == (1, ""), (original, refused.stdout)
        assert text in refused.stderr
        assert inside not in refused.stderr
    database = (place.folder / "state" / "syncer.db").read_bytes()
    assert inside.encode() not in database
    assert inside not in made + said.output
    assert rows(place, "SELECT action FROM audit WHERE id = 1") == [("keys",)]


def test_a_key_that_is_open_to_others_signs_nothing_and_the_run_is_complete(place: World) -> None:
    syncer(place, "keys", "make")
    (place.folder / "state" / "signing-key.pem").chmod(0o644)
    said = syncer(place, "-v", "sync")
    assert "my-org: complete" in said.stdout
    assert "unsigned: The signing key" in said.stderr
    assert rows(place, "SELECT * FROM statements") == []


def test_a_plan_is_applied_as_it_was_written_and_refused_when_anything_moved(
    place: World, index: str, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.json"
    shown = syncer(place, "plan", "--out", str(plan), code=1)
    assert f"+ to copy          {ALPHA.filename}" in shown.stdout
    assert place.on_target(index, "alpha") == {}
    document = json.loads(plan.read_text())
    assert [file["decision"] for file in document["plans"][0]["files"]] == ["copy", "copy"]
    for secret in (TOKEN, PASSWORD):
        assert secret not in plan.read_text()

    place.publish(GAMMA)
    refused = syncer(place, "apply", str(plan), code=1).stdout
    assert f"source: gamma/{GAMMA.filename}: it is there now, and was not when the plan was made" in refused
    assert "1 thing moved since the plan was made, so nothing of it was done." in refused
    assert place.on_target(index, "alpha") == {}
    assert rows(place, "SELECT count(*) FROM runs") == [(0,)]
    place.gitea.delete_version("my-org", "gamma", "1.0")

    applied = syncer(place, "apply", str(plan)).stdout
    assert "my-org: complete. 2 of 2 files at the target, 2 copied by run 1." in applied
    assert place.on_target(index, "alpha") == {ALPHA.filename: ALPHA.sha256}
    digest = document["plans"][0]["digest"]
    (action, who, detail) = rows(place, "SELECT action, actor, detail FROM audit WHERE id = 1")[0]
    assert (action, who, json.loads(detail)["plan"]) == ("apply", actor(), digest)

    moved = syncer(place, "apply", str(plan), code=1).stdout
    assert (
        f"target: alpha/{ALPHA.filename}: it held nothing that counts and holds sha256 {ALPHA.sha256}"
        in moved
    )
    syncer(place, "plan", "--out", str(plan))
    place.lines["my-org"] = "file_deny = *.tar.gz"
    place.write_config()
    assert "configuration: mapping my-org: the rule was" in syncer(place, "apply", str(plan), code=1).stdout
    place.lines["my-org"] = ""
    place.write_config()
    assert "Everything selected is at its target." in syncer(place, "apply", str(plan)).stdout

    place.gitea.delete_version("my-org", "alpha", "1.0")
    place.publish(OTHER_ALPHA)
    again = syncer(place, "apply", str(plan), code=1).stdout
    assert f"sha256 was {ALPHA.sha256} and is {OTHER_ALPHA.sha256}" in again
    assert "release_id was" in again

    plan.write_text(plan.read_text().replace('"force": false', '"force": true'))
    assert "It was changed after it was written" in syncer(place, "apply", str(plan), code=1).stderr
    plan.write_text(plan.read_text().replace("plan/v1", "plan/v2"))
    assert "another version of the syncer" in syncer(place, "apply", str(plan), code=1).stderr
    plan.write_bytes(b"\xff")
    assert "no ASCII text" in syncer(place, "apply", str(plan), code=1).stderr


def test_a_plan_of_half_of_what_was_asked_for_is_not_written(place: World, tmp_path: Path) -> None:
    place.gitea.stop()
    plan = tmp_path / "plan.json"
    assert "No plan was written" in syncer(place, "plan", "--out", str(plan), code=1).stderr
    assert not plan.exists()


def test_applying_a_plan_withdraws_nothing_even_where_its_mapping_does(place: World, tmp_path: Path) -> None:
    index = place.add_mapping(
        "goes", owner="my-org", volatile=True, lines="on_source_delete = withdraw\ndelete_grace_hours = 0"
    )
    plan = tmp_path / "plan.json"
    syncer(place, "sync", "-m", "goes")
    place.gitea.delete_version("my-org", "alpha", "1.0")
    syncer(place, "sync", "-m", "goes")  # the first look that lacks the file
    syncer(place, "plan", "-m", "goes", "--out", str(plan))
    syncer(place, "apply", str(plan))
    assert place.on_target(index, "alpha") == {ALPHA.filename: ALPHA.sha256}
    syncer(place, "sync", "-m", "goes")
    assert place.on_target(index, "alpha") == {}
