from __future__ import annotations

import os
from dataclasses import replace

import pytest

from syncer.core.errors import ContentConflict, RemoteUnavailable, TargetMissing, UploadRejected
from syncer.core.metadata import CoreMetadata
from syncer.core.model import DistributionFile
from tests.support.breaker import Breaker
from tests.support.devpi import free_port
from tests.support.devpi_place import BETA, PASSWORD, Place, described
from tests.support.dists import sdist, wheel
from tests.support.memory import cost_of


def test_an_uploaded_file_is_listed_and_read_back_with_its_digest(devpi_place: Place) -> None:
    target = devpi_place.target(devpi_place.index())
    assert devpi_place.upload(target, BETA) == "OK"
    expected = (DistributionFile("beta", "1.0", BETA.filename, BETA.sha256, requires_python=">=3.9"),)
    assert target.list(["beta"]).files == expected
    assert target.read_back("beta").files == expected


def test_the_metadata_of_the_file_survives(devpi_place: Place) -> None:
    index = devpi_place.index()
    dist = sdist(
        "Full.Meta",
        "1.0",
        requires_python=">=3.9",
        requires_dist=["a>1", "b; extra == 'x'"],
        classifiers=["Topic :: Test", "Private :: Do Not Upload"],
        summary="Für alle",
    )
    devpi_place.upload(devpi_place.target(index), dist)
    data = devpi_place.server.call("GET", f"{index}/full-meta/1.0")["result"]
    assert data["name"] == "Full.Meta"
    assert data["requires_python"] == ">=3.9"
    assert data["requires_dist"] == ["a>1", "b; extra == 'x'"]
    assert data["classifiers"] == ["Topic :: Test", "Private :: Do Not Upload"]
    assert data["summary"] == "Für alle"
    assert data["description"] == "# Full.Meta"


@pytest.mark.parametrize("volatile", [False, True])
def test_identical_bytes_are_welcome_again(devpi_place: Place, volatile: bool) -> None:
    target = devpi_place.target(devpi_place.index(volatile=volatile))
    devpi_place.upload(target, BETA)
    assert devpi_place.upload(target, BETA).startswith("OK" if volatile else "Upload of identical file")


def test_other_bytes_under_the_same_name_are_a_conflict(devpi_place: Place) -> None:
    target = devpi_place.target(devpi_place.index())
    devpi_place.upload(target, BETA)
    with pytest.raises(ContentConflict, match="already exists in non-volatile index"):
        devpi_place.upload(target, wheel("beta", "1.0", payload=b"other"))
    assert [file.sha256 for file in target.list(["beta"]).files] == [BETA.sha256]


def test_a_volatile_index_replaces_bytes_without_a_word(devpi_place: Place) -> None:
    """Nothing but the comparison of digests before the upload protects a volatile index."""
    target = devpi_place.target(devpi_place.index(volatile=True))
    other = wheel("beta", "1.0", payload=b"other")
    devpi_place.upload(target, BETA)
    assert devpi_place.upload(target, other) == "OK"
    assert [file.sha256 for file in target.read_back("beta").files] == [other.sha256]


@pytest.mark.parametrize("volatile", [False, True])
def test_an_index_tells_whether_its_files_may_be_replaced(devpi_place: Place, volatile: bool) -> None:
    base = devpi_place.index("base")
    facts = devpi_place.target(devpi_place.index(volatile=volatile, bases=[base])).probe()
    assert (facts.volatile, facts.bases) == (volatile, (base,))


@pytest.mark.parametrize("action", ["probe", "list", "upload"])
def test_an_index_that_does_not_exist_is_missing(devpi_place: Place, action: str) -> None:
    with pytest.raises(TargetMissing, match="no such index"):
        devpi_place.do(action, devpi_place.target(f"{devpi_place.user}/nope"))


@pytest.mark.parametrize("action", ["probe", "upload"])
def test_a_mirror_takes_no_uploads(devpi_place: Place, action: str) -> None:
    index = devpi_place.index("mirror", kind="mirror")
    with pytest.raises(TargetMissing, match="mirror"):
        devpi_place.do(action, devpi_place.target(index))


@pytest.mark.parametrize(
    ("filename", "metadata", "reason"),
    [
        pytest.param(
            "beta-1.0.txt", CoreMetadata("beta", "1.0"), "not a valid archive name", id="not an archive"
        ),
        pytest.param(BETA.filename, CoreMetadata("beta", "1.1"), "does not contain version", id="version"),
        pytest.param(BETA.filename, CoreMetadata("gamma", "1.0"), "does not match project name", id="name"),
        pytest.param("be ta-1.0.zip", CoreMetadata("be ta", "1.0"), "Invalid package name", id="bad name"),
    ],
)
def test_what_devpi_refuses_is_rejected_with_its_reason(
    devpi_place: Place, filename: str, metadata: CoreMetadata, reason: str
) -> None:
    target = devpi_place.target(devpi_place.index())
    form = (("name", metadata.name), ("version", metadata.version))
    path = BETA.write_to(devpi_place.folder)
    with pytest.raises(UploadRejected, match=reason) as refusal:
        target.upload(replace(described(BETA), filename=filename), path, replace(metadata, form=form))
    assert refusal.value.status == 400


def test_a_file_above_the_servers_limit_is_rejected_with_the_option_to_raise(
    narrow_devpi_place: Place,
) -> None:
    target = narrow_devpi_place.target(narrow_devpi_place.index())
    with pytest.raises(UploadRejected, match="--max-request-body-size") as refusal:
        narrow_devpi_place.upload(target, wheel("beta", "1.0", payload=bytes(2 * 2**20)))
    assert refusal.value.status == 413
    assert narrow_devpi_place.upload(target, BETA) == "OK"


def test_what_a_base_holds_is_not_the_indexs_own(devpi_place: Place) -> None:
    base = devpi_place.index("base")
    index = devpi_place.index(bases=[base])
    devpi_place.upload(devpi_place.target(base), BETA)
    target = devpi_place.target(index)
    assert target.list(["beta"]).files == target.read_back("beta").files == ()
    own = sdist("beta", "2.0")
    devpi_place.upload(target, own)
    assert [file.filename for file in target.list(["beta"]).files] == [own.filename]
    assert [file.filename for file in target.read_back("beta").files] == [own.filename]
    devpi_place.upload(target, BETA)
    assert {file.sha256 for file in target.read_back("beta").files} == {own.sha256, BETA.sha256}


def test_a_version_that_was_only_registered_has_no_files(devpi_place: Place) -> None:
    index = devpi_place.index()
    target = devpi_place.target(index)
    registered = devpi_place.folder / "empty"
    registered.write_bytes(b"")
    devpi_place.upload(target, BETA)
    form = [(":action", "submit"), ("name", "beta"), ("version", "3.0")]
    target._client.upload(index, form, described(BETA), registered)
    assert "3.0" in devpi_place.server.call("GET", f"{index}/beta")["result"]
    assert [file.version for file in target.list(["beta"]).files] == ["1.0"]


def test_only_the_named_projects_are_asked_and_each_once(devpi_place: Place) -> None:
    index = devpi_place.index()
    target = devpi_place.target(index)
    for name in ("alpha", "beta", "gamma"):
        devpi_place.upload(target, wheel(name, "1.0"))
    names = [file.project for file in target.list(["Gamma", "alpha", "alpha", "absent"]).files]
    assert names == ["alpha", "gamma"]
    asked = [devpi_place.asked_for(f"{index}/{name}") for name in ("alpha", "beta", "gamma", "absent")]
    assert asked == [1, 0, 1, 0]


def test_nothing_is_asked_when_nothing_is_named(devpi_place: Place) -> None:
    assert devpi_place.target("no/such-index").list([]).files == ()


def test_a_project_that_is_not_there_reads_back_as_empty(devpi_place: Place) -> None:
    assert devpi_place.target(devpi_place.index()).read_back("absent").files == ()


def test_the_memory_of_an_upload_does_not_grow_with_the_file(devpi_place: Place) -> None:
    index = devpi_place.index()
    big = wheel("big", "1.0", payload=os.urandom(60 * 2**20))
    path = big.write_to(devpi_place.folder)
    imports = (
        "from pathlib import Path; from syncer.adapters.devpi import DevpiTarget\n"
        "from syncer.adapters.archive import inspect; from syncer.config.settings import DevpiServer\n"
        "from syncer.core.model import DistributionFile; from syncer.core.secret import Secret\n"
        "url, user, password, index, path = sys.argv[1:]; path = Path(path)\n"
        "target = DevpiTarget(DevpiServer('d', url, user, Secret(password)), index); target.probe()\n"
        f"file = DistributionFile('big', '1.0', path.name, {big.sha256!r})\n"
    )
    work = "target.upload(file, path, inspect(path, path.name))"
    cost = cost_of(work, devpi_place.server.url, devpi_place.user, PASSWORD, index, path, imports=imports)
    assert cost.error == ""
    assert cost.kilobytes < 8 * 1024
    assert [file.sha256 for file in devpi_place.target(index).list(["big"]).files] == [big.sha256]


def test_a_server_that_is_down_is_tried_again_later(devpi_place: Place) -> None:
    target = devpi_place.target(devpi_place.index(), url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(RemoteUnavailable, match="could not be reached"):
        target.probe()


def test_a_url_that_is_no_devpi_is_told(devpi_place: Place) -> None:
    target = devpi_place.target(devpi_place.index(), url=f"{devpi_place.server.url}/nowhere")
    with pytest.raises(TargetMissing, match="No devpi-server answers"):
        target.probe()


def test_a_connection_that_breaks_off_stores_nothing(devpi_place: Place) -> None:
    """A proxy that resets the connection in mid-upload: the file is not there, and goes up later."""
    index = devpi_place.index()
    big = wheel("big", "1.0", payload=bytes(8 * 2**20))
    with Breaker(devpi_place.server.port, after=2 * 2**20) as breaker:
        broken = devpi_place.target(index, url=f"http://127.0.0.1:{breaker.port}")
        with pytest.raises(RemoteUnavailable):
            devpi_place.upload(broken, big)
    target = devpi_place.target(index)
    assert target.list(["big"]).files == ()
    assert devpi_place.upload(target, big) == "OK"


# Copies within the server


@pytest.mark.parametrize("volatile", [False, True])
def test_a_release_is_copied_to_another_index_with_all_its_files_and_metadata(
    devpi_place: Place, volatile: bool
) -> None:
    source = devpi_place.target(devpi_place.index("first"))
    to = devpi_place.index("second", volatile=volatile)
    other_file, other_release = sdist("beta", "1.0", requires_python=">=3.9"), wheel("beta", "2.0")
    for dist in (BETA, other_file, other_release):
        devpi_place.upload(source, dist)
    assert "copied by devpi" in source.push("beta", "1.0", to)
    copied = {file.filename: file for file in devpi_place.target(to).read_back("beta").files}
    assert {name: file.sha256 for name, file in copied.items()} == {
        dist.filename: dist.sha256 for dist in (BETA, other_file)
    }
    assert {file.requires_python for file in copied.values()} == {">=3.9"}


def test_a_copy_onto_files_that_are_there_is_refused_and_changes_nothing(devpi_place: Place) -> None:
    source, to = devpi_place.target(devpi_place.index("first")), devpi_place.index("second")
    mine = wheel("beta", "1.0", payload=b"other")
    devpi_place.upload(source, BETA)
    devpi_place.upload(devpi_place.target(to), mine)
    with pytest.raises(UploadRejected, match="409"):
        source.push("beta", "1.0", to)
    assert [file.sha256 for file in devpi_place.target(to).read_back("beta").files] == [mine.sha256]


@pytest.mark.parametrize(
    ("version", "index"),
    [pytest.param("9.9", "second", id="no such release"), pytest.param("1.0", "nope", id="no such index")],
)
def test_what_cannot_be_copied_is_refused(devpi_place: Place, version: str, index: str) -> None:
    source = devpi_place.target(devpi_place.index("first"))
    devpi_place.index("second")
    devpi_place.upload(source, BETA)
    with pytest.raises(UploadRejected, match="did not copy"):
        source.push("beta", version, f"{devpi_place.user}/{index}")
