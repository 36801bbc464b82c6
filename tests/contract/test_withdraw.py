"""A Target gives up exactly the bytes that it is asked to, in memory as on a real devpi."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncer.adapters.archive import inspect
from syncer.core.errors import FileGone, MappingBroken, RemoteUnavailable, Unauthorized, UploadRejected
from syncer.core.secret import Secret
from syncer.ports.target import Target
from tests.contract.sides import DevpiSide, MemoryServer, TargetSide
from tests.support.devpi_place import Place, described
from tests.support.dists import Dist, sdist, wheel

A, A_SDIST, A2 = wheel("alpha", "1.0"), sdist("alpha", "1.0"), wheel("alpha", "2.0")
OTHER_A = wheel("alpha", "1.0", payload=b"other")


@pytest.fixture(params=["memory", "devpi"])
def server(request: pytest.FixtureRequest) -> TargetSide:
    if request.param == "memory":
        return MemoryServer()
    return DevpiSide(request.getfixturevalue("devpi_place"))


def holding(target: Target, folder: Path, *dists: Dist) -> Target:
    for dist in dists:
        path = dist.write_to(folder)
        target.upload(described(dist), path, inspect(path, dist.filename))
    return target


def names(target: Target) -> set[str]:
    listed = {file.filename for file in target.list(["alpha"]).files}
    assert {file.filename for file in target.read_back("alpha").files} == listed
    return listed


def test_a_file_goes_alone_and_a_release_with_its_last_file(server: TargetSide, tmp_path: Path) -> None:
    target = holding(server.index(volatile=True), tmp_path, A, A_SDIST, A2)
    state = target.probe().state
    assert target.withdraw(described(A))
    assert names(target) == {A_SDIST.filename, A2.filename}
    assert target.probe().state != state
    assert target.withdraw(described(A_SDIST))
    assert target.withdraw(described(A2))
    assert names(target) == set()
    holding(target, tmp_path, A)
    assert names(target) == {A.filename}


def test_other_bytes_under_the_name_stay(server: TargetSide, tmp_path: Path) -> None:
    target = holding(server.index(volatile=True), tmp_path, A)
    with pytest.raises(FileGone) as gone:
        target.withdraw(described(OTHER_A))
    assert gone.value.next_step
    holding(target, tmp_path, OTHER_A)
    with pytest.raises(FileGone):
        target.withdraw(described(A))
    assert {file.sha256 for file in target.list(["alpha"]).files} == {OTHER_A.sha256}


def test_what_is_gone_already_is_gone(server: TargetSide, tmp_path: Path) -> None:
    target = holding(server.index(volatile=True), tmp_path, A, A2)
    target.withdraw(described(A))
    with pytest.raises(FileGone):
        target.withdraw(described(A))


def test_an_index_that_is_not_volatile_keeps_its_files(server: TargetSide, tmp_path: Path) -> None:
    target = holding(server.index(), tmp_path, A)
    with pytest.raises(UploadRejected, match="non-volatile") as refused:
        target.withdraw(described(A))
    assert (refused.value.status, bool(refused.value.next_step)) == (403, True)
    assert names(target) == {A.filename}


@pytest.mark.parametrize("kind", [RemoteUnavailable, Unauthorized])
def test_a_target_out_of_reach_has_removed_nothing(server: TargetSide, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        server.broken(kind).withdraw(described(A))  # type: ignore[arg-type]  # each is one of ours


def test_who_may_not_remove_files_is_told_so(devpi_place: Place, tmp_path: Path) -> None:
    index = devpi_place.index("theirs", volatile=True)
    holding(devpi_place.target(index), tmp_path, A)
    devpi_place.server.create_user(f"{devpi_place.user}x", "another-password")
    stranger = devpi_place.target(index, username=f"{devpi_place.user}x", password=Secret("another-password"))
    with pytest.raises(MappingBroken, match="forbids"):
        stranger.withdraw(described(A))
    assert names(devpi_place.target(index)) == {A.filename}
