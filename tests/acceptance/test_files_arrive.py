"""Every file that is published becomes installable, whatever it is called and however Gitea lists it."""

from __future__ import annotations

import pytest
import requests

from syncer.core.states import RunOutcome
from syncer.queries.runs import run_detail
from tests.acceptance.live import FILES, LIST, SIMPLE, Live
from tests.standin.gitea import faults
from tests.support.dists import Dist, sdist, wheel
from tests.support.world import eventually

ODD = {
    "odd": [
        wheel("odd", "2024.01.05"),
        sdist("odd", "2024.01.05"),
        wheel("odd", "1.0+local.1"),
        wheel("odd", "1!2.0"),
        sdist("odd", "1!2.0", suffix=".zip"),
        sdist("odd", "1.0-1"),
    ],
    "my-package": [
        wheel("My.Package", "1.0", filename="My.Package-1.0-py3-none-any.whl"),
        sdist("My.Package", "1.1"),
    ],
    "foo-bar": [wheel("foo__bar", "1.0", filename="foo__bar-1.0-py3-none-any.whl"), wheel("foo_bar", "1.1")],
}


def test_a_wheel_added_later_to_an_already_synced_version_arrives(steady: Live) -> None:
    first, later = sdist("demo", "1.0"), wheel("demo", "1.0")
    steady.publish(first)
    steady.arrives("demo", first)
    steady.publish(later)
    steady.arrives("demo", first, later)
    steady.becomes("complete")


def test_requires_python_and_requires_dist_survive_into_devpi(asked: Live) -> None:
    told = {
        "requires_python": ">=3.9,<4",
        "requires_dist": ["attrs>=23", 'rich; extra == "pretty"'],
        "classifiers": ["Programming Language :: Python :: 3", "Private :: Do Not Upload"],
        "summary": "Tells <everything> & more",
    }
    dists = [wheel("told", "1.0", **told), sdist("told", "1.0", **told)]  # type: ignore[arg-type]  # as above
    asked.publish(*dists)
    assert asked.resync().outcome == RunOutcome.COMPLETE
    kept = asked.world.devpi.call("GET", f"{asked.index}/told/1.0")["result"]
    assert {name: kept[name] for name in told} == told
    address = f"{asked.world.devpi.url}/{asked.index}/+simple/told/"
    page = requests.get(address, headers={"Accept": "application/vnd.pypi.simple.v1+json"}, timeout=30).json()
    assert [file["requires-python"] for file in page["files"]] == [">=3.9,<4"] * 2
    assert requests.get(address, timeout=30).text.count('data-requires-python="&gt;=3.9,&lt;4"') == 2


def test_a_good_zip_sdist_arrives(asked: Live) -> None:
    dists = [sdist("zipped", "1.0", suffix=".zip"), sdist("zipped", "1.1")]
    asked.publish(*dists)
    assert asked.resync().outcome == RunOutcome.COMPLETE
    assert asked.on_target("zipped") == digests(dists)


@pytest.mark.parametrize("rows", [30, 7], ids=["pages are capped at 30", "limit is clamped to 7"])
def test_a_gitea_with_short_pages_loses_nothing(asked: Live, rows: int) -> None:
    asked.fault(faults.clamped_limit(rows), LIST)
    names = [f"p{number}" for number in range(8)]
    projects = {name: [wheel(name, f"1.{minor}") for minor in range(8)] for name in names}
    asked.publish(*(dist for dists in projects.values() for dist in dists))
    run = asked.resync()
    assert (run.outcome, run.stated_releases, run.read_releases) == (RunOutcome.COMPLETE, 64, 64)
    assert {name: asked.on_target(name) for name in names} == {
        name: digests(dists) for name, dists in projects.items()
    }
    assert len(asked.requests(LIST)) >= 64 / rows


def test_a_version_that_the_index_inherits_is_still_uploaded_to_the_index_itself(asked: Live) -> None:
    """A base may change or go; what was promised is that this index holds the file."""
    dist, base = wheel("inherited", "1.0"), f"{asked.world.user}/base"
    asked.world.devpi.create_index(base)
    Live(asked.world, asked.name, base).upload(dist, "inherited", "1.0")
    asked.configure_index(bases=base)
    asked.publish(dist)
    assert asked.resync().outcome == RunOutcome.COMPLETE
    assert asked.on_target("inherited") == digests([dist])


def test_a_connection_dropped_in_mid_download_is_retried_and_the_rest_goes_on(asked: Live) -> None:
    first, broken, *others = dists = [
        wheel("dropped", f"1.{minor}", payload=bytes(100_000)) for minor in range(4)
    ]
    fault = asked.fault(faults.dropped(after=50_000), f"{FILES}dropped/1.1/", times=2)
    asked.publish(*dists)
    run = asked.world.send(mapping=asked.name)
    eventually(lambda: digests([first, *others]).items() <= asked.on_target("dropped").items())
    assert asked.finished(run).outcome == RunOutcome.COMPLETE
    assert asked.on_target("dropped") == digests(dists)
    assert asked.world.gitea.faults.hits(fault) == 2
    assert asked.downloads() == {dist.filename: 1 for dist in dists} | {broken.filename: 3}


def test_odd_names_and_versions_settle_and_stay_settled(asked: Live) -> None:
    asked.publish(*(dist for dists in ODD.values() for dist in dists))
    assert asked.resync().outcome == RunOutcome.COMPLETE
    assert {project: asked.on_target(project) for project in ODD} == {
        project: digests(dists) for project, dists in ODD.items()
    }
    before = {project: asked.uploads(project) for project in ODD}
    again = asked.resync()
    assert again.outcome == RunOutcome.COMPLETE
    assert copies(asked, again.id) == 0
    assert {project: asked.uploads(project) for project in ODD} == before


def test_a_second_pass_with_no_change_uploads_nothing_and_asks_each_project_once(asked: Live) -> None:
    names = ["one", "three", "two"]
    asked.publish(
        *(dist for name in names for dist in (wheel(name, "1.0"), sdist(name, "1.0"), wheel(name, "2")))
    )
    assert asked.resync().outcome == RunOutcome.COMPLETE
    gitea, devpi = len(asked.requests()), asked.world.devpi.log.stat().st_size
    again = asked.resync()
    assert again.outcome == RunOutcome.COMPLETE
    assert copies(asked, again.id) == 0
    lists = [path for path in asked.requests()[gitea:] if SIMPLE not in path]
    pages = [path for path in asked.requests()[gitea:] if SIMPLE in path]
    assert (len(lists), sorted(path.rpartition("/")[2] for path in pages)) == (1, names)
    told = asked.world.devpi.log.read_bytes()[devpi:].decode()
    assert [told.count(f"GET /{asked.index}/{name}") for name in names] == [1, 1, 1]
    assert f"POST /{asked.index}" not in told


def digests(dists: list[Dist]) -> dict[str, str]:
    return {dist.filename: dist.sha256 for dist in dists}


def copies(live: Live, run: int) -> int:
    """How many files the Run decided to copy or took over."""
    detail = run_detail(live.world.seen.database, run)
    assert detail is not None
    return sum(file.kind == "copy" for file in detail.files)
