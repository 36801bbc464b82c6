"""What an index inherits from mirrors, in memory as behind the real devpi, whose mirror asks an upstream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from syncer.core.errors import RemoteUnavailable, SyncerError, TargetMissing
from syncer.ports.target import Target
from tests.contract.sides import DevpiSide, MemoryServer, TargetSide
from tests.support.devpi import DevpiServer
from tests.support.devpi_place import Place
from tests.support.dists import sdist, wheel
from tests.support.ports import MemoryTarget
from tests.support.upstream import Upstream

TAKEN, FREE = "taken", "free"


@dataclass(frozen=True, slots=True)
class Online:
    """A devpi whose mirrors ask the upstream, and a user of the test's own there."""

    place: Place
    upstream: Upstream

    def mirror(self, name: str = "mirror", **options: object) -> str:
        index = f"{self.place.user}/{name}"
        settings = {"type": "mirror", "mirror_url": self.upstream.url, **options}
        self.place.server.call("PUT", index, settings)
        return index

    def whitelist(self, index: str, *entries: str, inheritance: str = "intersection") -> None:
        changes = [f"mirror_whitelist={','.join(entries)}", f"mirror_whitelist_inheritance={inheritance}"]
        self.place.server.call("PATCH", index, changes)

    def installers_see(self, index: str, project: str) -> set[str]:
        page = requests.get(
            f"{self.place.server.url}/{index}/+simple/{project}/",
            headers={"Accept": "application/vnd.pypi.simple.v1+json"},
            timeout=30,
        )
        return {file["filename"] for file in page.json()["files"]}


@pytest.fixture
def online(online_devpi_server: DevpiServer, tmp_path: Path) -> Iterator[Online]:
    place = Place(online_devpi_server, tmp_path)
    with Upstream(TAKEN) as upstream:
        yield Online(place, upstream)
    place.close()


@pytest.fixture(params=["memory", "devpi", "devpi, whose upstream has no list"])
def behind(request: pytest.FixtureRequest) -> tuple[Target, str]:
    """An index over a mirror that has ``TAKEN``, and what the mirror is called."""
    if request.param == "memory":
        return MemoryTarget(mirrors={"root/mirror": {TAKEN}}, opened=(("root/index", "*"),)), "root/mirror"
    online: Online = request.getfixturevalue("online")
    mirror = online.mirror(mirror_no_project_list="upstream" in request.param)
    index = online.place.index(bases=[mirror])
    online.whitelist(index, "*")
    return online.place.target(index), mirror


def test_a_mirror_is_named_and_says_which_projects_it_has(behind: tuple[Target, str]) -> None:
    target, mirror = behind
    found = target.inheritance()
    assert found.mirrors == (mirror,)
    assert [entry for _, entry in found.opened] == ["*"]
    assert found.opens("anything")
    assert [target.mirrored(mirror, name) for name in (TAKEN, FREE, TAKEN, FREE)] == [True, False] * 2


@pytest.fixture(params=["memory", "devpi"])
def side(request: pytest.FixtureRequest) -> TargetSide:
    return MemoryServer() if request.param == "memory" else DevpiSide(request.getfixturevalue("devpi_place"))


def test_an_index_without_mirrors_inherits_nothing_of_strangers(side: TargetSide) -> None:
    found = side.index(bases=(side.index(),)).inheritance()
    assert (found.mirrors, found.opened, found.opens(TAKEN)) == ((), (), False)


@pytest.mark.parametrize("kind", [RemoteUnavailable, TargetMissing])
def test_a_target_out_of_reach_tells_nothing(side: TargetSide, kind: type[SyncerError]) -> None:
    with pytest.raises(kind):
        side.broken(kind).inheritance()


# What only devpi has


def test_the_upstream_is_asked_for_one_list_and_for_the_names_that_it_has(online: Online) -> None:
    mirror = online.mirror()
    target = online.place.target(online.place.index(bases=[mirror]))
    names = [TAKEN, *(f"free{number}" for number in range(30))]
    assert [target.mirrored(mirror, name) for name in names * 2] == ([True] + [False] * 30) * 2
    assert sorted(online.upstream.asked) == ["/simple/", f"/simple/{TAKEN}/"]


def test_an_upstream_that_fails_is_no_denial_of_a_name_that_it_had(online: Online) -> None:
    mirror = online.mirror()
    target = online.place.target(online.place.index(bases=[mirror]))
    online.upstream.projects.append("late")
    assert not target.mirrored(mirror, FREE)  # devpi has the list of names now
    online.upstream.broken = True
    with pytest.raises(RemoteUnavailable):
        target.mirrored(mirror, "late")


@pytest.mark.parametrize(
    ("own", "of_base", "inheritance", "opened"),
    [
        pytest.param([], [], "intersection", False, id="nobody opens"),
        pytest.param(["*"], [], "intersection", True, id="the index opens, its base cannot close"),
        pytest.param([TAKEN], [], "intersection", True, id="the index opens this project"),
        pytest.param([FREE], [], "intersection", False, id="the index opens another project"),
        pytest.param([], ["*"], "intersection", False, id="the base alone cannot open"),
        pytest.param([], ["*"], "union", True, id="united, the base opens"),
        pytest.param([], [TAKEN], "union", True, id="united, the base opens this project"),
        pytest.param([], [], "union", False, id="united, nobody opens"),
    ],
)
def test_what_is_called_open_is_what_installers_get(
    online: Online, own: list[str], of_base: list[str], inheritance: str, opened: bool
) -> None:
    """The rule is devpi's own: read from its code, and held to what its pages show."""
    mirror = online.mirror()
    base = online.place.index("base", bases=[mirror])
    index = online.place.index("index", bases=[base])
    online.whitelist(base, *of_base)
    online.whitelist(index, *own, inheritance=inheritance)
    target = online.place.target(index)
    mine = wheel(TAKEN, "1.0")
    online.place.upload(target, mine)
    found = target.inheritance()
    assert found.mirrors == (mirror,)
    assert found.opens(TAKEN) is opened
    stranger = {sdist(TAKEN, "9.0").filename} if opened else set()
    assert online.installers_see(index, TAKEN) == {mine.filename} | stranger


def test_bases_of_bases_are_found_and_circles_end(online: Online) -> None:
    mirror = online.mirror()
    first, second = online.place.index("first"), online.place.index("second", bases=[mirror])
    online.place.server.call("PATCH", second, [f"bases={mirror},{first}"])
    online.place.server.call("PATCH", first, [f"bases={second}"])
    assert online.place.target(first).inheritance().mirrors == (mirror,)
