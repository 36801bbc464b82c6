"""What a real devpi says of its projects, and having it say so anew."""

from __future__ import annotations

from dataclasses import replace

import pytest
import requests

from syncer.adapters.archive import inspect
from syncer.adapters.devpi import DevpiTarget
from syncer.adapters.devpi.refresh import MARKER
from syncer.core.errors import UploadRejected
from syncer.core.metadata import CoreMetadata
from syncer.core.secret import Secret
from tests.support.devpi_place import BETA, PASSWORD, Place
from tests.support.dists import sdist, wheel
from tests.support.ports import MemoryTarget

ALPHA, BETA_SDIST = wheel("alpha", "1.0"), sdist("beta", "1.0", requires_python=">=3.9")


def metadata(place: Place) -> CoreMetadata:
    return inspect(BETA.write_to(place.folder), BETA.filename)


def lean(place: Place, index: str) -> None:
    """Somebody uploads without saying which Python it takes."""
    answer = requests.post(
        f"{place.server.url}/{index}/",
        data={":action": "file_upload", "name": "beta", "version": "1.0"},
        files={"content": (BETA.filename, BETA.content)},
        auth=(place.user, place.server.login(place.user, PASSWORD)),
        timeout=30,
    )
    assert answer.ok, answer.text


def register(place: Place, index: str, version: str, requires_python: str = "") -> None:
    """The release is registered without a file."""
    form = {":action": "submit", "name": "beta", "version": version, "requires_python": requires_python}
    user = (place.user, place.server.login(place.user, PASSWORD))
    assert requests.post(f"{place.server.url}/{index}/", data=form, auth=user, timeout=30).ok


def versions(place: Place, index: str) -> set[str]:
    return set(place.server.call("GET", f"{index}/beta?ignore_bases")["result"])


def shown(target: DevpiTarget) -> tuple[str, str]:
    """Requires-Python as the release and as the page that installers read have it."""
    shelf = target.survey(["beta"], alone=True)["beta"]
    return shelf.files[0].requires_python, shelf.page[0].requires_python


def test_a_survey_tells_own_files_their_page_and_what_is_inherited(devpi_place: Place) -> None:
    base = devpi_place.target(devpi_place.index("base"))
    index = devpi_place.index("stable", bases=[f"{devpi_place.user}/base"])
    target = devpi_place.target(index)
    for into, dist in ((base, BETA_SDIST), (base, BETA), (target, BETA), (target, ALPHA)):
        devpi_place.upload(into, dist)
    found = target.survey(["beta", "nowhere"])
    assert set(found) == {"alpha", "beta", "nowhere"}
    assert found["nowhere"] == replace(found["nowhere"], files=(), page=(), inherited=(), error="")
    beta = found["beta"]
    assert [file.filename for file in beta.files] == [file.filename for file in beta.page] == [BETA.filename]
    # devpi shows of two files of one name the one of the index itself.
    (inherited,) = beta.inherited
    assert (inherited.filename, inherited.repository) == (BETA_SDIST.filename, f"{devpi_place.user}/base")
    assert requests.get(beta.files[0].locator, timeout=30).content == BETA.content
    assert set(target.survey(["beta"], alone=True)) == {"beta"}


def test_the_target_in_memory_surveys_as_devpi_does(devpi_place: Place) -> None:
    path, file = BETA.write_to(devpi_place.folder), BETA.filename
    memory = MemoryTarget()
    devpi = devpi_place.target(devpi_place.index())
    devpi_place.upload(devpi, BETA)
    listed = devpi.list(["beta"]).files[0]
    memory.upload(listed, path, inspect(path, file))
    for target in (memory, devpi):
        shelf = target.survey(["other"])["beta"]
        assert [replace(each, locator="") for each in shelf.files] == [listed]
        assert [replace(each, locator="") for each in shelf.page] == [listed]


@pytest.mark.parametrize("volatile", [True, False])
def test_a_page_is_written_anew_without_touching_a_file(devpi_place: Place, volatile: bool) -> None:
    index = devpi_place.index(volatile=volatile)
    target = devpi_place.target(index)
    lean(devpi_place, index)
    assert shown(target) == ("", "")
    register(devpi_place, index, "1.0", ">=3.7")
    assert shown(target) == (">=3.7", "")
    register(devpi_place, index, MARKER)  # left behind by one that died half-way
    uploads = devpi_place.server.log.read_text().count("added 'releasefile' link")
    assert target.refresh("beta", None) == "the page was written anew"
    assert shown(target) == (">=3.7", ">=3.7")
    target.refresh("beta", metadata(devpi_place))
    assert shown(target) == (">=3.9", ">=3.9")
    assert versions(devpi_place, index) == {"1.0"}
    assert devpi_place.server.log.read_text().count("added 'releasefile' link") == uploads
    assert target.list(["beta"]).files[0].sha256 == BETA.sha256


def test_a_real_release_of_that_version_is_never_removed(devpi_place: Place) -> None:
    index = devpi_place.index()
    target = devpi_place.target(index)
    devpi_place.upload(target, sdist("beta", MARKER))
    with pytest.raises(UploadRejected, match=r"has files in release 0\.dev0\+page"):
        target.refresh("beta", metadata(devpi_place))
    assert versions(devpi_place, index) == {MARKER}


def test_who_may_not_remove_is_told_what_to_do(devpi_place: Place) -> None:
    index = devpi_place.index()
    lean(devpi_place, index)
    token = devpi_place.server.token(devpi_place.user, PASSWORD, allowed=["upload", "pkg_read"])
    target = devpi_place.target(index, password=None, token=Secret(token))
    with pytest.raises(UploadRejected) as refused:
        target.refresh("beta", metadata(devpi_place))
    assert "(403)" in refused.value.what
    assert f"devpi remove --force --index {index} beta=={MARKER}" in refused.value.next_step
    rights = ["upload", "pkg_read", "del_verdata"]
    token = devpi_place.server.token(devpi_place.user, PASSWORD, allowed=rights)
    devpi_place.target(index, password=None, token=Secret(token)).refresh("beta", metadata(devpi_place))
    assert shown(target) == (">=3.9", ">=3.9")
