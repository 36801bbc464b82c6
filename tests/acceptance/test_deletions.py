"""What is deleted at Gitea, on a real devpi: kept, marked, withdrawn after its grace, never by accident."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from syncer.bootstrap.clock import now
from syncer.cli.main import cli
from syncer.cli.one_pass import one_pass
from syncer.ports.claims import RunRequest
from syncer.queries.runs import recent_runs
from syncer.web.app import create_app
from tests.integration.web_harness import served
from tests.standin.gitea import Fault, faults
from tests.standin.gitea.faults import Effect
from tests.support.devpi import DevpiServer
from tests.support.dists import wheel
from tests.support.world import World, eventually, world

NAMES = ("alpha", "beta", "gamma", "delta", "omega", "sigma")
DISTS = {name: wheel(name, "1.0") for name in NAMES}
ALPHA, BETA = DISTS["alpha"], DISTS["beta"]
WITHDRAW = "on_source_delete = withdraw\ndelete_grace_hours = 72\n"
HOURS = 3600.0


@dataclass
class Shop:
    """An installation in one process, whose clock a test sets."""

    place: World
    index: dict[str, str] = field(default_factory=dict)
    ahead: float = 0.0

    def open(self, name: str, *, lines: str = WITHDRAW, volatile: bool = True) -> None:
        """A Mapping all of whose files are at its Target."""
        self.index[name] = self.place.add_mapping(name, lines=lines, volatile=volatile)
        for dist in DISTS.values():
            self.place.publish(dist, name)

    def clock(self) -> datetime:
        return now() + timedelta(seconds=self.ahead)

    def sync(self, name: str, hours: float = 0.0, *, trigger: str = "cli") -> bool:
        """So much later a pass of the Mapping ends; whether all is complete."""
        self.ahead += hours * HOURS
        container = self.place.seen
        return one_pass(
            replace(container, services=replace(container.services, clock=self.clock)),
            [RunRequest(name, trigger)],
        )

    def delete(self, name: str, *projects: str) -> None:
        for project in projects:
            self.place.gitea.delete_version(name, project, "1.0")

    def has(self, name: str, project: str) -> bool:
        """Whether installers get the very bytes that were published."""
        dist = DISTS[project]
        return self.place.on_target(self.index[name], project) == {dist.filename: dist.sha256}

    def said(self, *words: str) -> Result:
        """What the command line says."""
        return CliRunner().invoke(cli, ["-c", str(self.place.config), *words], prog_name="syncer")

    def states(self, name: str) -> dict[str, str]:
        """How each file that left stands, by project."""
        told = json.loads(self.said("deletions", "--json").stdout)
        rows = [each["one"] for each in (*reversed(told["ended"]), *told["open"])]
        return {row["file"]["project"]: row["state"] for row in rows if row["mapping"] == name}

    def fault(self, effect: Effect, owner: str) -> Fault:
        return self.place.gitea.faults.add(Fault(effect, path=rf"/packages/{owner}\b"))


@pytest.fixture
def shop(tmp_path: Path, devpi_server: DevpiServer) -> Iterator[Shop]:
    with world(tmp_path, devpi_server, broker=False) as made:
        yield Shop(made)


def test_a_deleted_file_is_kept_or_marked_or_withdrawn_as_its_mapping_says(shop: Shop) -> None:
    shop.open("keeps", lines="")
    shop.open("marks", lines="on_source_delete = mark\n")
    shop.open("goes")
    shop.open("fixed", volatile=False)
    every = ("keeps", "marks", "goes", "fixed")
    for name in every:
        assert shop.sync(name)
        shop.delete(name, "alpha")
        assert shop.sync(name)
    assert [shop.states(name) for name in every] == [{}, *[{"alpha": "marked"}] * 3]
    listed = shop.said("deletions")
    assert listed.exit_code == 0
    assert "keeps: keep, so nothing is marked" in listed.stdout
    assert f"marks: marked    {ALPHA.filename}: gone since" in listed.stdout
    shop.ahead += 71 * HOURS
    for name in every:
        assert shop.sync(name)
        assert shop.has(name, "alpha")
    shop.ahead += 2 * HOURS
    for name in every:
        assert shop.sync(name)
    assert [shop.has(name, "alpha") for name in every] == [True, True, False, True]
    assert all(shop.has(name, "beta") for name in every)
    assert [shop.states(name) for name in every] == [
        {},
        {"alpha": "marked"},
        {"alpha": "withdrawn"},
        {"alpha": "refused"},
    ]
    told = shop.said("deletions").stdout
    assert "cannot delete version on non-volatile index" in told
    assert (
        f"`devpi remove --index {shop.index['fixed']} --force alpha==1.0` removes the whole release" in told
    )
    record = shop.place.seen.services.ledger.audit.read()[-1]
    assert (record.action, record.mapping, record.subject) == ("withdraw", "goes", f"alpha/{ALPHA.filename}")
    assert ALPHA.sha256 in record.detail
    shop.place.publish(ALPHA, "goes")
    assert shop.sync("goes")
    assert shop.has("goes", "alpha")


@pytest.mark.slow
def test_more_than_the_cap_waits_for_a_person_and_one_can_be_undone_or_return(shop: Shop) -> None:
    shop.open("goes")
    shop.sync("goes")
    shop.delete("goes", "alpha", "beta", "gamma", "delta")
    shop.sync("goes")
    shop.place.publish(DISTS["delta"], "goes")
    shop.sync("goes", 73)
    shop.sync("goes", 1)
    assert all(shop.has("goes", name) for name in NAMES)
    held = shop.said("deletions")
    assert (
        held.exit_code,
        "3 of 6 files left the source, and more than 1 ask for a person" in held.stdout,
    ) == (1, True)
    assert "3 of 6 files left the source" in shop.said("status").stdout
    assert shop.said("deletions", "undo", "goes", BETA.filename).exit_code == 2
    undone = shop.said("deletions", "undo", "goes", f"beta/{BETA.filename}", "--reason", "somebody needs it")
    assert (undone.exit_code, "stays at the target of goes" in undone.stdout) == (0, True)
    assert shop.said("deletions", "undo", "goes", BETA.filename, "--reason", "again").exit_code == 1
    with served(create_app(shop.place.seen)) as url, httpx.Client(base_url=url, timeout=30) as browser:
        page = browser.get("/deletions").text
        assert "more than 1 ask for a person" in page
        gamma = DISTS["gamma"].filename
        assert browser.post(f"/undo/goes/gamma/{gamma}", data={"reason": "this one too"}).status_code == 303
    shop.delete("goes", "delta")
    shop.sync("goes", 1)
    assert shop.has("goes", "alpha")
    confirmed = shop.said("deletions", "confirm", "goes", "--reason", "they were test releases")
    assert "2 files of goes may be withdrawn" in confirmed.stdout, confirmed.output
    shop.sync("goes", 1)
    assert [name for name in NAMES if not shop.has("goes", name)] == ["alpha"]
    shop.sync("goes", 73)
    assert [name for name in NAMES if not shop.has("goes", name)] == ["alpha", "delta"]
    assert shop.states("goes") == {
        "alpha": "withdrawn",
        "beta": "undone",
        "gamma": "undone",
        "delta": "withdrawn",
    }
    assert shop.said("deletions").exit_code == 0
    assert shop.said("deletions", "confirm", "goes", "--reason", "again").exit_code == 1


BRAKES: dict[str, Effect] = {
    "an empty list": faults.empty_list(),
    "401": faults.status(401),
    "403": faults.status(403),
    "404": faults.status(404),
    "a shrinking count": faults.headers(X_Total_Count="3"),
}


def test_a_source_that_suddenly_shows_nothing_or_refuses_or_shrinks_deletes_nothing(shop: Shop) -> None:
    shop.open("goes", lines=f"{WITHDRAW}delete_cap_files = 100\ndelete_cap_percent = 100\n")
    shop.sync("goes")
    for brake, effect in BRAKES.items():
        fault = shop.fault(effect, "goes")
        for _ in range(3):
            assert not shop.sync("goes", 73, trigger="schedule"), brake
        assert shop.states("goes") == {}, brake
        shop.place.gitea.faults.remove(fault)
        assert all(shop.has("goes", name) for name in NAMES), brake
    assert shop.sync("goes", 1)
    shop.delete("goes", "alpha")
    assert shop.sync("goes")
    for brake, effect in BRAKES.items():
        fault = shop.fault(effect, "goes")
        shop.sync("goes", 73, trigger="schedule")
        shop.place.gitea.faults.remove(fault)
        assert (shop.states("goes"), shop.has("goes", "alpha")) == ({"alpha": "marked"}, True), brake
    shop.delete("goes", "beta")
    assert shop.sync("goes", 73)
    assert shop.has("goes", "alpha")
    assert shop.sync("goes", 1)
    assert [name for name in NAMES if not shop.has("goes", name)] == ["alpha"]


def test_an_empty_source_that_a_person_believes_still_asks_before_anything_goes(shop: Shop) -> None:
    shop.open("goes", lines=f"{WITHDRAW}delete_cap_files = 100\ndelete_cap_percent = 100\n")
    shop.sync("goes")
    shop.delete("goes", *NAMES)
    for hours in (0, 73, 1):
        assert shop.sync("goes", hours)
    assert all(shop.has("goes", name) for name in NAMES)
    assert "the source shows no file at all" in shop.said("deletions").stdout
    shop.said("deletions", "confirm", "goes", "--reason", "the owner is closed")
    shop.sync("goes", 1)
    assert not any(shop.has("goes", name) for name in NAMES)


@pytest.mark.slow
def test_a_sync_withdraws_at_its_end_and_a_worker_when_beat_asks(
    tmp_path: Path, devpi_server: DevpiServer
) -> None:
    with world(tmp_path, devpi_server) as made:
        shop = Shop(made)
        shop.open("goes", lines=WITHDRAW.replace("72", "0"))
        shop.sync("goes")
        shop.delete("goes", "alpha")
        shop.sync("goes")
        asked = made.syncer("sync")
        assert f"goes: withdrawn {ALPHA.filename}: " in asked.stdout, asked.stderr
        assert not shop.has("goes", "alpha")
        shop.delete("goes", "beta")
        made.start_worker()
        for number in range(4, 6):
            made.send(mapping="goes")
            eventually(partial(has_ended, made, number))
        assert shop.states("goes") == {"alpha": "withdrawn", "beta": "marked"}
        made.call("syncer.withdraw")
        eventually(lambda: not shop.has("goes", "beta"), what=lambda: made.log("w1").read_text()[-2000:])
        eventually(lambda: shop.states("goes")["beta"] == "withdrawn")


def has_ended(made: World, number: int) -> bool:
    """Whether so many Runs have finished."""
    return sum(bool(run.outcome) for run in recent_runs(made.seen.database, "goes")) >= number
