"""Planted lies: whoever says what is not so, nothing is green that is not true.

The table is that of docs/lies.md, line by line. Green is what people look at: the exit codes of `syncer
sync` and `syncer status`, the overview's badge, and `/health` with beat, workers and broker alive. True is
what an installer gets from devpi, past all liars: every published file, byte for byte.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from sqlalchemy import text

from syncer.adapters.database import settling
from syncer.adapters.database.engine import Refused
from syncer.adapters.queue.local import LocalQueue
from syncer.bootstrap.clock import now
from syncer.bootstrap.container import this_process
from syncer.cli.main import cli
from syncer.ports.claims import RunRequest
from syncer.queries.health import health
from syncer.queries.life import BEAT, QUEUES, WORKER
from syncer.queries.overview import MappingState, overview
from syncer.usecases.complete_pass import complete_pass, handlers
from syncer.usecases.recheck import Memory, recheck
from tests.standin.gitea import Fault, faults
from tests.standin.gitea.exchange import Request, Response
from tests.standin.gitea.faults import Answer, Effect
from tests.support.devpi import DevpiServer
from tests.support.dists import Dist, sdist, wheel
from tests.support.liar import Liar, Said, with_body, with_text
from tests.support.world import ROOT, World, world

ALPHA, ALPHA_SDIST, BETA = wheel("alpha", "1.0"), sdist("alpha", "1.0"), wheel("beta", "2.0")
KNOWN = (ALPHA, ALPHA_SDIST, BETA)
NEW = wheel("gamma", "1.0")
OTHER_NEW = wheel("gamma", "1.0", payload=b"other bytes")
LIST, SIMPLE, FILE = r"/api/v1/packages/", r"/pypi/simple/", r"/pypi/files/"
OK = Said(200, {"Content-Type": "application/json"}, b"{}")


@dataclass
class Scene:
    """A World with a liar in front of devpi, and one Mapping."""

    world: World
    liar: Liar
    index: str
    published: list[Dist]

    def sync(self) -> bool:
        """Whether `syncer sync` says that all is well."""
        return self._says("sync")

    def green(self) -> dict[str, bool]:
        """What is green to those who only look."""
        container = self.world.seen
        ledger, mappings, database = (
            container.services.ledger,
            container.settings.mappings,
            container.database,
        )
        for name in (BEAT, *(f"{WORKER}w{queue}" for queue in QUEUES)):
            ledger.heartbeats.beat(name, now(), name.removeprefix(f"{WORKER}w"))
        seen = overview(database, mappings, now())
        return {
            "status": self._says("status"),
            "overview": all(one.state == MappingState.COMPLETE for one in seen.mappings),
            "health": health(database, mappings, now(), broker_alive=True).status == "ok",
        }

    def is_true(self) -> bool:
        """Whether an installer gets every published file, byte for byte, from the index itself."""
        return all(self._served(dist) == dist.sha256 for dist in self.published)

    def publish(self, dist: Dist) -> None:
        self.world.publish(dist)
        self.published.append(dist)

    def forge(self, *statements: str) -> None:
        """Somebody changes rows; what the database itself refuses stays as it was."""
        for statement in statements:
            try:
                with self.world.seen.database.write() as session:
                    session.execute(text(statement))
            except Refused:
                pass

    def scheduled(self) -> None:
        """A scheduled Run, worked off to its end in this process."""
        services = self.world.seen.services
        with LocalQueue(handlers(services, this_process(), 2, 2)) as queue:
            complete_pass(services, queue, [RunRequest("my-org")], lambda _runs: None)

    def law(self, when: str, **more: bool) -> None:
        """Nothing is green that is not true."""
        seen = {**more, **self.green()}
        assert self.is_true() or not any(seen.values()), f"{when}: {seen}"

    def _says(self, *words: str) -> bool:
        found = CliRunner().invoke(cli, ["-c", str(self.world.config), *words], prog_name="syncer")
        return found.exit_code == 0

    def _served(self, dist: Dist) -> str:
        project = dist.filename.partition("-")[0]
        if dist.filename not in self.world.on_target(self.index, project):
            return ""
        place = f"{self.index}/+f/{dist.sha256[:3]}/{dist.sha256[3:16]}/{dist.filename}"
        answer = requests.get(f"{self.world.devpi.url}/{place}", timeout=30)
        return hashlib.sha256(answer.content).hexdigest() if answer.ok else ""


@pytest.fixture
def scene(
    database_url: str, tmp_path: Path, devpi_server: DevpiServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Scene]:
    """Three files were synced truly, and everything is green; a Run waits for no second try."""
    monkeypatch.setattr(settling, "HOLDS_RUN", 0.5)
    with (
        Liar(devpi_server.url) as liar,
        world(
            tmp_path, devpi_server, broker=False, interval=60, database=database_url, devpi_url=liar.url
        ) as made,
    ):
        found = Scene(made, liar, made.add_mapping("my-org"), [])
        for dist in KNOWN:
            found.publish(dist)
        assert found.sync()
        yield found


Plant = Callable[[Scene], None]


def gitea(effect: Effect, path: str) -> Plant:
    """A file is published, and Gitea answers so from now on."""

    def plant(scene: Scene) -> None:
        scene.publish(NEW)
        scene.world.gitea.faults.add(Fault(effect, path))

    return plant


def rewritten(old: str, new: str) -> Effect:
    """The true answer, in which one text stands for another."""

    def effect(request: Request, answer: Answer) -> Response:
        said = answer(request)
        return replace(said, body=said.body.replace(old.encode(), new.encode()))

    return effect


def without_gamma(total: str | None) -> Effect:
    """The list without the new release, with or without a total to match."""

    def effect(request: Request, answer: Answer) -> Response:
        said = answer(request)
        rows = [row for row in json.loads(said.body) if row["name"] != "gamma"]
        return replace(said, body=json.dumps(rows).encode()).with_headers(X_Total_Count=total or "3")

    return effect


def devpi(plant: Plant) -> Plant:
    """A file is published, and devpi lies about it from now on."""

    def planted(scene: Scene) -> None:
        scene.publish(NEW)
        plant(scene)

    return planted


def accepted_and_dropped(scene: Scene) -> None:
    scene.liar.keeps_back(OK, f"/{scene.index}/$", "POST")


def shown_with_another_digest(scene: Scene) -> None:
    scene.liar.tells(with_text(NEW.sha256, OTHER_NEW.sha256), r"\+simple/gamma")


def page_without_it(scene: Scene) -> None:
    scene.liar.tells(with_text(NEW.filename, "gamma-0.9-py3-none-any.whl"), r"\+simple/gamma")


def on_devpis_disk(change: Callable[[Path], object]) -> Plant:
    """What devpi has on its disk is not what it says; the file's turn to be read back has come."""

    def plant(scene: Scene) -> None:
        digest = ALPHA.sha256
        for path in scene.world.devpi.folder.rglob(f"{digest[:3]}/{digest[3:16]}/{ALPHA.filename}"):
            if scene.index in str(path):
                change(path)
        assert not scene.is_true()
        services = scene.world.seen.services
        with LocalQueue(handlers(services, this_process(), 2, 2)) as queue:
            queue.send(recheck(services, 2**30, this_process(), Memory()))

    return plant


def spoil(path: Path) -> None:
    path.write_bytes(flipped(path.read_bytes()))


def page_of_a_proxy(scene: Scene) -> None:
    scene.liar.tells(with_body(b"<html>Please sign in</html>"), scene.index)


def everything_lost(scene: Scene) -> None:
    """devpi says of every project that it has none, so that everything is copied anew."""
    scene.liar.tells(lambda said: replace(said, status=404, body=b"{}"), r"\+simple/")


def failing(scene: Scene) -> None:
    """A new file cannot be uploaded, as devpi says."""
    scene.publish(NEW)
    refused = Said(403, {"Content-Type": "application/json"}, b'{"message": "no permission to submit"}')
    scene.liar.keeps_back(refused, f"/{scene.index}/$", "POST")
    assert not scene.sync()


def ledger(*statements: str) -> Plant:
    """A file could not be uploaded, and rows say otherwise."""

    def plant(scene: Scene) -> None:
        failing(scene)
        scene.forge(*statements)
        assert not any(scene.green().values()), "before anybody looked anew"

    return plant


COPIED = "UPDATE transfers SET state='ended', outcome='copied', error_code='' WHERE error_code <> ''"
CALLED_COMPLETE = "UPDATE runs SET outcome='complete', error_code='' WHERE outcome <> 'complete'"
THERE = "UPDATE decisions SET kind='already_there' WHERE project='gamma'"
FORGOTTEN = (
    "DELETE FROM attempts",
    "DELETE FROM transfers WHERE decision_id IN (SELECT id FROM decisions WHERE project='gamma')",
    "DELETE FROM decisions WHERE project='gamma'",
)
UNSEEN = "UPDATE looks SET stated = 4, seen_at = full_at"


def staged(content: Callable[[bytes], bytes]) -> Plant:
    """The bytes wait in staging for devpi to come back, and somebody changes them."""

    def plant(scene: Scene) -> None:
        failing(scene)
        blob = scene.world.folder / "state" / "staging" / NEW.sha256[:2] / NEW.sha256
        assert blob.exists()
        blob.write_bytes(content(blob.read_bytes()))
        scene.liar.is_honest()

    return plant


def flipped(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


def slow(plant: Plant, name: str) -> Any:
    """A lie of a kind of which others are told every time."""
    return pytest.param(plant, id=name, marks=pytest.mark.slow)


NOTHING_AT_ALL = gitea(faults.empty_list(0), LIST)

LIES = [
    slow(gitea(faults.headers(X_Total_Count="9"), LIST), "Gitea: a total that is too high"),
    slow(gitea(faults.headers(X_Total_Count="2"), LIST), "Gitea: a total that is too low"),
    pytest.param(gitea(without_gamma("4"), LIST), id="Gitea: a list that lacks a release"),
    slow(NOTHING_AT_ALL, "Gitea: suddenly nothing at all"),
    slow(gitea(faults.status(404), LIST), "Gitea: an owner that is not there"),
    slow(gitea(faults.html_garbage(), LIST), "Gitea: a proxy's page"),
    slow(gitea(rewritten(NEW.filename, "x"), SIMPLE), "Gitea: a project page without the file"),
    slow(gitea(rewritten(NEW.sha256, OTHER_NEW.sha256), SIMPLE), "Gitea: another digest on the page"),
    slow(gitea(faults.flipped_byte(), FILE), "Gitea: a bit that flips on the way"),
    slow(gitea(faults.half_body(), FILE), "Gitea: half a file, of that length"),
    pytest.param(devpi(accepted_and_dropped), id="devpi: an upload accepted and dropped"),
    slow(devpi(shown_with_another_digest), "devpi: another digest on its page"),
    slow(devpi(page_without_it), "devpi: a page without the file"),
    slow(devpi(page_of_a_proxy), "devpi: a proxy's page"),
    slow(devpi(everything_lost), "devpi: no project at all"),
    slow(on_devpis_disk(spoil), "devpi: other bytes behind the right digest"),
    slow(on_devpis_disk(Path.unlink), "devpi: no bytes behind what it lists"),
    pytest.param(ledger(COPIED), id="ledger: a failed transfer called copied"),
    slow(ledger(CALLED_COMPLETE), "ledger: an incomplete run called complete"),
    slow(ledger(COPIED, CALLED_COMPLETE), "ledger: both"),
    slow(ledger(THERE), "ledger: a missing file called already there"),
    pytest.param(ledger(THERE, CALLED_COMPLETE), id="ledger: the same in a run called complete"),
    pytest.param(ledger(*FORGOTTEN), id="ledger: a file forgotten"),
    pytest.param(ledger(*FORGOTTEN, CALLED_COMPLETE, UNSEEN), id="ledger: a release said to be seen"),
    pytest.param(staged(flipped), id="staging: a bit flipped"),
    slow(staged(lambda content: content[:100]), "staging: cut short"),
    slow(staged(lambda _content: OTHER_NEW.content), "staging: another wheel"),
]


@pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True
)
@pytest.mark.parametrize("plant", LIES)
def test_nothing_is_green_that_is_not_true(scene: Scene, plant: Plant) -> None:
    assert all(scene.green().values()), "the honest world is green"
    assert scene.is_true()
    plant(scene)
    scene.scheduled()
    scene.law("after a scheduled run")
    if plant is not NOTHING_AT_ALL:  # a person who syncs an empty registry says that it is empty
        done = scene.sync()
        scene.law("after `syncer sync`", sync=done)


def test_the_table_in_the_documentation_is_this_one() -> None:
    told = (ROOT / "docs" / "lies.md").read_text()
    missing = [str(lie.id) for lie in LIES if f"| {lie.id} |" not in told]
    assert missing == []
