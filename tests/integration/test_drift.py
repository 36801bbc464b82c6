"""Planted drift on a real devpi-server: found with its symbol and cause, mended or honestly left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result

from syncer.cli.actor import actor
from syncer.cli.main import cli
from syncer.core.audit import Action
from syncer.core.drift_kinds import Cause
from tests.standin.gitea import Fault, faults
from tests.support.devpi import DevpiServer, free_port
from tests.support.dists import Dist, sdist, wheel
from tests.support.world import PASSWORD, World, world

SOLID, LOOSE = "solid", "loose"


class Site:
    """A World with a mapping to an index that keeps its files, and one to an index that is volatile."""

    def __init__(self, made: World) -> None:
        self.world = made
        self.base = made.add_mapping("base")
        deny = "project_deny = unwanted\n"
        self.index = {
            SOLID: made.add_mapping(SOLID, lines=deny, bases=[self.base]),
            LOOSE: made.add_mapping(LOOSE, volatile=True),
        }
        self.index["base"] = self.base

    def syncer(self, *words: str) -> Result:
        return CliRunner().invoke(cli, ["-c", str(self.world.config), *words], prog_name="syncer")

    def sync(self, mapping: str) -> None:
        """A pass over the mapping is complete."""
        result = self.syncer("sync", "-m", mapping)
        assert result.exit_code == 0, result.output

    def publish(self, mapping: str, *dists: Dist) -> None:
        """The files are in Gitea."""
        for dist in dists:
            self.world.publish(dist, owner=mapping)

    def post(self, mapping: str, dist: Dist | None = None, **form: str) -> None:
        """Somebody writes straight to the devpi index."""
        action = "file_upload" if dist else "submit"
        content = {"content": (dist.filename, dist.content)} if dist else None
        user = (self.world.user, self.world.devpi.login(self.world.user, PASSWORD))
        url = f"{self.world.devpi.url}/{self.index[mapping]}/"
        answer = requests.post(url, data={":action": action, **form}, files=content, auth=user, timeout=30)
        assert answer.ok, answer.text

    def stored(self, mapping: str, dist: Dist) -> Path:
        """Where the server keeps the bytes."""
        (path,) = (
            path
            for path in (self.world.devpi.folder / "data").rglob(dist.filename)
            if f"{self.index[mapping]}/" in path.as_posix()
        )
        return path

    def delete(self, instruction: str) -> None:
        """A person carries out what the report says: ``devpi remove`` of one file."""
        url = instruction.partition(" && ")[0].rpartition(" ")[2]
        force = "?force" if "--force" in instruction else ""
        assert url.startswith(f"{self.world.devpi.url}/")
        self.world.devpi.call("DELETE", url.removeprefix(f"{self.world.devpi.url}/") + force)

    def verify(self, mapping: str, *words: str) -> tuple[int, dict[str, dict[str, Any]]]:
        """The exit code, and each file's finding by its name."""
        result = self.syncer("verify", "-m", mapping, "--json", *words)
        (found,) = json.loads(result.stdout)["mappings"]
        return result.exit_code, {file["filename"]: file for file in found["files"]}

    def repair(self, mapping: str, *words: str) -> tuple[int, dict[str, dict[str, Any]]]:
        """The same after a repair."""
        result = self.syncer("repair", "-m", mapping, "--yes", "--json", *words)
        (found,) = json.loads(result.stdout)["after"]["mappings"]
        return result.exit_code, {file["filename"]: file for file in found["files"]}


@pytest.fixture
def site(tmp_path: Path, devpi_server: DevpiServer) -> Iterator[Site]:
    with world(tmp_path, devpi_server, broker=False) as made:
        yield Site(made)


def seen(found: dict[str, dict[str, Any]]) -> dict[str, tuple[str, str]]:
    return {name: (file["symbol"], file["cause"]) for name, file in found.items()}


#: What is at the target as it should be, before anything goes wrong.
SOUND = {
    name: wheel(name, "1.0", requires_python=">=3.9")
    for name in ("sound", "half", "older", "stale", "ghost", "rotten", "gone")
}
LATE_SDIST, LATE_RELEASE, LATE_PROJECT = (
    sdist("half", "1.0", requires_python=">=3.9"),
    wheel("older", "2.0"),
    wheel("absent", "1.0"),
)
OURS, THEIRS = wheel("taken", "1.0"), wheel("taken", "1.0", payload=b"theirs")
BASE_ONLY, LEAN = wheel("inherited", "1.0"), wheel("lean", "1.0", requires_python=">=3.12")
FOREIGN, UNWANTED, MISPLACED = wheel("foreign", "1.0"), wheel("unwanted", "1.0"), sdist("placed", "1.0.1")
NOTES = "notes-1.0.txt"


def plant(site: Site, mapping: str) -> None:
    """Every kind of drift that both kinds of index can have."""
    site.publish(mapping, *SOUND.values())
    site.sync(mapping)
    site.publish(mapping, LATE_SDIST, LATE_RELEASE, LATE_PROJECT, OURS, LEAN, MISPLACED)
    site.post(mapping, THEIRS, name="taken", version="1.0")
    site.post(mapping, LEAN, name="lean", version="1.0")
    site.post(mapping, MISPLACED, name="placed", version="1.0")
    site.post(mapping, FOREIGN, name="foreign", version="1.0")
    site.post(mapping, name="stale", version="1.0", requires_python=">=3.7")
    site.stored(mapping, SOUND["ghost"]).unlink()
    rotten = site.stored(mapping, SOUND["rotten"])
    rotten.chmod(0o600)
    rotten.write_bytes(rotten.read_bytes()[:-1] + b"!")
    site.world.gitea.delete_version(mapping, "gone", "1.0")


PLANTED = {
    SOUND["sound"].filename: ("=", Cause.SAME),
    SOUND["half"].filename: ("=", Cause.SAME),
    SOUND["older"].filename: ("=", Cause.SAME),
    LATE_SDIST.filename: ("+", Cause.FILE_MISSING),
    LATE_RELEASE.filename: ("+", Cause.RELEASE_MISSING),
    LATE_PROJECT.filename: ("+", Cause.PROJECT_MISSING),
    OURS.filename: ("*", Cause.OTHER_BYTES),
    LEAN.filename: ("m", Cause.REQUIRES_PYTHON),
    MISPLACED.filename: ("m", Cause.OTHER_VERSION),
    FOREIGN.filename: ("-", Cause.FOREIGN),
    SOUND["stale"].filename: ("m", Cause.STALE_PAGE),
    SOUND["ghost"].filename: ("*", Cause.NO_BYTES),
    SOUND["rotten"].filename: ("*", Cause.SPOILT),
    SOUND["gone"].filename: ("-", Cause.GONE_AT_SOURCE),
}


def test_sixteen_kinds_of_drift_are_found_mended_and_honestly_left(site: Site) -> None:
    """On an index that is not volatile: what a person does by the instructions ends it."""
    site.publish("base", BASE_ONLY)
    site.sync("base")
    plant(site, SOLID)
    site.publish(SOLID, BASE_ONLY, UNWANTED)
    site.world.gitea.publish(SOLID, NOTES, b"text", "notes", "1.0")
    planted = {
        **PLANTED,
        BASE_ONLY.filename: ("i", Cause.INHERITED),
        UNWANTED.filename: ("x", Cause.EXCLUDED),
        NOTES: ("+", Cause.NO_DISTRIBUTION),
    }

    _, by_name = site.verify(SOLID)
    spoilt = {SOUND["ghost"].filename, SOUND["rotten"].filename}
    assert seen(by_name) == {**planted, **dict.fromkeys(spoilt, ("=", Cause.SAME))}
    code, found = site.verify(SOLID, "--bytes")
    assert (code, seen(found)) == (1, planted)

    refused = site.syncer("repair", "-m", SOLID, "--bytes")
    assert "Nothing was done: `--yes` says that it may be." in refused.stdout
    assert seen(site.verify(SOLID, "--bytes")[1]) == planted

    code, found = site.repair(SOLID, "--bytes")
    left = {OURS.filename, MISPLACED.filename, SOUND["gone"].filename, NOTES, *spoilt}
    assert code == 1
    assert {name for name, file in found.items() if not file["fine"]} == left
    assert found[OURS.filename]["instruction"].startswith(
        f"devpi remove --force --index {site.index[SOLID]} {site.world.devpi.url}/{site.index[SOLID]}/+f/"
    )
    assert site.world.on_target(site.index[SOLID], "taken") == {THEIRS.filename: THEIRS.sha256}

    for name in left - {NOTES}:
        site.delete(found[name]["instruction"])
    site.world.gitea.delete_version(SOLID, "notes", "1.0")
    code, found = site.repair(SOLID, "--bytes")
    assert [file for file in found.values() if not file["fine"]] == []
    assert code == 0
    assert site.world.on_target(site.index[SOLID], "taken") == {OURS.filename: OURS.sha256}
    assert seen(found)[FOREIGN.filename] == ("-", Cause.FOREIGN)
    assert site.syncer("verify", "-m", SOLID, "--bytes").exit_code == 0
    assert_audited(site, SOLID)


def assert_audited(site: Site, mapping: str) -> None:
    records = [each for each in site.world.seen.services.ledger.audit.read() if each.mapping == mapping]
    by_person = [each for each in records if each.actor == actor()]
    mended = {each.subject for each in by_person if each.action == Action.REPAIR}
    written = {each.subject for each in by_person if each.action == Action.REFRESH}
    assert {f"lean/{LEAN.filename}", f"stale/{SOUND['stale'].filename}"} <= written <= mended
    assert f"half/{LATE_SDIST.filename}" in mended


@pytest.mark.slow
def test_a_volatile_index_is_mended_but_for_what_has_to_be_removed(site: Site) -> None:
    plant(site, LOOSE)
    code, found = site.verify(LOOSE, "--bytes")
    assert (code, seen(found)) == (1, PLANTED)
    code, found = site.repair(LOOSE, "--bytes")
    left = {MISPLACED.filename, SOUND["gone"].filename}
    assert {name for name, file in found.items() if not file["fine"]} == left
    assert code == 1
    assert site.world.on_target(site.index[LOOSE], "taken") == {OURS.filename: OURS.sha256}
    for name in left:
        site.delete(found[name]["instruction"])
    assert site.repair(LOOSE, "--bytes")[0] == 0
    site.sync(LOOSE)


def test_of_a_side_that_cannot_be_read_nothing_is_called_fine(site: Site) -> None:
    site.publish(LOOSE, SOUND["sound"])
    site.sync(LOOSE)
    text = site.syncer("verify", "-m", LOOSE).stdout
    assert (
        text.splitlines()[1]
        == f"  = {SOUND['sound'].filename}  the target holds the same bytes and shows the same metadata"
    )
    assert site.syncer("verify", "-m", LOOSE, "-p", "misspelt").exit_code == 1
    fault = site.world.gitea.faults.add(Fault(faults.status(500)))
    code, found = site.verify(LOOSE)
    assert (code, seen(found)) == (1, {SOUND["sound"].filename: ("?", Cause.SOURCE_UNREAD)})
    site.world.gitea.faults.remove(fault)
    site.world.devpi_url = f"http://127.0.0.1:{free_port()}"
    site.world.write_config()
    code, found = site.verify(LOOSE)
    assert (code, seen(found)) == (1, {SOUND["sound"].filename: ("?", Cause.TARGET_UNREAD)})
