"""The Source and Target in memory behave as the real adapters do, so that tests may use them for these."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncer.adapters.archive import inspect
from syncer.core.errors import (
    ContentConflict,
    FileGone,
    RemoteUnavailable,
    SourceMissing,
    SyncerError,
    TargetMissing,
    Unauthorized,
    UploadRejected,
)
from syncer.core.model import DistributionFile, Listing, Scope
from syncer.ports.source import Source
from syncer.ports.target import Target
from tests.contract.sides import DevpiSide, GiteaSide, MemoryServer, MemorySide, SourceSide, TargetSide
from tests.standin.gitea import StandinGitea
from tests.support.devpi_place import described
from tests.support.dists import Dist, sdist, wheel

A = wheel("alpha", "1.0", requires_python=">=3.9")
A_SDIST = sdist("alpha", "1.0", requires_python=">=3.9")
A2 = wheel("alpha", "2.0")
B = wheel("My.Package", "1.0")
OTHER_A = wheel("alpha", "1.0", payload=b"other")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

# Sources


class Clock:
    """What a registry dates its releases by: whole seconds, as Gitea keeps them."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "gitea"])
def registry(request: pytest.FixtureRequest, clock: Clock) -> Iterator[SourceSide]:
    if request.param == "memory":
        side = MemorySide()
        side.source.clock = clock
        yield side
        return
    with ExitStack() as stack:
        yield GiteaSide(stack.enter_context(StandinGitea(clock=clock)), stack)


def fetched(source: Source, file: DistributionFile) -> bytes:
    with source.fetch(file) as chunks:
        return b"".join(chunks)


def file_of(source: Source, dist: Dist) -> DistributionFile:
    return next(file for file in source.list().files if file.filename == dist.filename)


def test_a_source_without_files_has_an_empty_listing(registry: SourceSide) -> None:
    listing = registry.source.list()
    assert (listing.files, listing.stated_releases, listing.read_releases) == ((), 0, 0)


def test_a_source_lists_every_file_with_its_digest_and_its_totals(registry: SourceSide) -> None:
    for dist in (A, A_SDIST, A2, B):
        registry.publish(dist)
    listing = registry.source.list()
    assert {(file.project, file.version, file.filename, file.sha256) for file in listing.files} == {
        ("alpha", "1.0", A.filename, A.sha256),
        ("alpha", "1.0", A_SDIST.filename, A_SDIST.sha256),
        ("alpha", "2.0", A2.filename, A2.sha256),
        ("my-package", "1.0", B.filename, B.sha256),
    }
    assert listing.stated_releases == listing.read_releases == 3


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        pytest.param(Scope("Alpha"), {A, A_SDIST, A2}, id="project"),
        pytest.param(Scope("alpha", "1.0.0"), {A, A_SDIST}, id="version, spelt otherwise"),
        pytest.param(Scope("my_package"), {B}, id="another spelling"),
        pytest.param(Scope("nobody"), set(), id="no such project"),
        pytest.param(Scope("alpha", "3.0"), set(), id="no such version"),
    ],
)
def test_a_source_lists_what_lies_in_the_scope(
    registry: SourceSide, scope: Scope, expected: set[Dist]
) -> None:
    for dist in (A, A_SDIST, A2, B):
        registry.publish(dist)
    found = {file.filename for file in registry.source.list(scope).files}
    assert found == {dist.filename for dist in expected}


def test_a_source_gives_the_bytes_as_they_are(registry: SourceSide) -> None:
    large = wheel("large", "1.0", payload=bytes(range(256)) * 4000)
    registry.publish(large)
    assert fetched(registry.source, file_of(registry.source, large)) == large.content


def test_a_source_needs_only_locator_and_name_to_find_a_file(registry: SourceSide) -> None:
    registry.publish(A)
    listed = file_of(registry.source, A)
    known = DistributionFile("", "", listed.filename, "", locator=listed.locator)
    assert fetched(registry.source, known) == A.content


def test_a_source_tells_what_is_on_record_of_a_release(registry: SourceSide) -> None:
    for dist in (A, A_SDIST, A2):
        registry.publish(dist)
    listed = file_of(registry.source, A)
    found = registry.source.filed(DistributionFile("", "", "", "", locator=listed.locator))
    assert {(each.filename, each.size, each.digests["sha256"]) for each in found} == {
        (dist.filename, len(dist.content), dist.sha256) for dist in (A, A_SDIST)
    }
    assert len({each.id for each in found}) == 2
    assert listed.locator in registry.source.address(listed)
    registry.remove_alpha()
    with pytest.raises(FileGone):
        registry.source.filed(listed)


def test_a_file_that_was_removed_is_gone(registry: SourceSide) -> None:
    registry.publish(A)
    registry.publish(A2)
    listed = file_of(registry.source, A)
    registry.remove_alpha()
    assert {file.filename for file in registry.source.list().files} == {A2.filename}
    with pytest.raises(FileGone) as gone:
        fetched(registry.source, listed)
    assert gone.value.next_step


@pytest.mark.parametrize("kind", [RemoteUnavailable, Unauthorized, SourceMissing])
def test_a_source_out_of_reach_is_never_an_empty_one(registry: SourceSide, kind: type[SyncerError]) -> None:
    registry.publish(A)
    with pytest.raises(kind):
        registry.broken(kind).list()


def test_a_file_of_a_source_out_of_reach_is_not_gone(registry: SourceSide) -> None:
    registry.publish(A)
    with pytest.raises(RemoteUnavailable):
        fetched(registry.broken(RemoteUnavailable), file_of(registry.source, A))


# What is new at a Source


def publish_at(registry: SourceSide, clock: Clock, **ages: Dist) -> None:
    """Each file is there since so many days before noon: ``d3=…`` for three."""
    for days, dist in ages.items():
        clock.now = NOON - timedelta(days=int(days.removeprefix("d")))
        registry.publish(dist)
    clock.now = NOON


def recent(registry: SourceSide, days: float) -> Listing:
    return registry.source.recent(NOON - timedelta(days=days))


def names(listing: Listing) -> set[str]:
    return {file.filename for file in listing.files}


def unnumbered(file: DistributionFile) -> DistributionFile:
    """The file without its release's number, which is not told of the older ones."""
    return replace(file, release_id=None)


@pytest.mark.parametrize(
    ("days", "projects", "young"),
    [
        pytest.param(0, set(), 0, id="nothing is so young"),
        pytest.param(1, {"alpha"}, 1, id="one release, in the very second"),
        pytest.param(2.9, {"alpha"}, 1, id="one release"),
        pytest.param(3, {"alpha", "my-package"}, 2, id="releases of two projects"),
        pytest.param(99, {"alpha", "my-package"}, 3, id="everything"),
    ],
)
def test_a_source_tells_what_was_published_since_then_with_all_files_of_its_projects(
    registry: SourceSide, clock: Clock, days: float, projects: set[str], young: int
) -> None:
    publish_at(registry, clock, d9=A, d3=B, d1=A2)
    listing, whole = recent(registry, days), registry.source.list()
    of_projects = (file for file in whole.files if file.project in projects)
    assert set(map(unnumbered, listing.files)) == set(map(unnumbered, of_projects))
    assert (listing.stated_releases, listing.read_releases) == (3, young)
    since = NOON - timedelta(days=days)
    assert set(listing.releases) == {release for release in whole.releases if release.created_at >= since}
    assert len(listing.releases) == young


def test_a_source_without_files_has_nothing_new(registry: SourceSide) -> None:
    assert recent(registry, 1) == Listing((), 0, 0, ())


def test_a_file_that_was_added_to_an_old_release_is_not_new(registry: SourceSide, clock: Clock) -> None:
    publish_at(registry, clock, d9=A, d1=B)
    before = recent(registry, 2)
    registry.publish(A_SDIST)
    assert recent(registry, 2) == before
    assert A_SDIST.filename in names(registry.source.list())


def test_a_file_that_was_added_to_a_young_release_shows_and_leaves_its_date(
    registry: SourceSide, clock: Clock
) -> None:
    publish_at(registry, clock, d1=A)
    before = recent(registry, 2)
    registry.publish(A_SDIST)
    after = recent(registry, 2)
    assert names(after) == {A.filename, A_SDIST.filename}
    assert (after.releases, after.stated_releases) == (before.releases, before.stated_releases)


def test_a_release_that_was_deleted_shows_in_the_count(registry: SourceSide, clock: Clock) -> None:
    publish_at(registry, clock, d9=A, d1=B)
    before = recent(registry, 2)
    registry.remove_alpha()
    after = recent(registry, 2)
    assert (before.stated_releases, after.stated_releases) == (2, 1)
    assert before.releases == after.releases


def test_a_release_that_was_published_anew_is_another_one(registry: SourceSide, clock: Clock) -> None:
    publish_at(registry, clock, d1=A)
    before = recent(registry, 2)
    registry.remove_alpha()
    registry.publish(A)
    after = recent(registry, 2)
    assert (before.stated_releases, after.stated_releases) == (1, 1)
    assert {release.id for release in before.releases}.isdisjoint(release.id for release in after.releases)


def test_a_release_keeps_its_id_and_belongs_to_its_project(registry: SourceSide, clock: Clock) -> None:
    publish_at(registry, clock, d9=A, d1=B)
    (release,) = recent(registry, 2).releases
    assert (release.project, release.created_at) == ("my-package", NOON - timedelta(days=1))
    assert release in registry.source.list().releases


@pytest.mark.parametrize("kind", [RemoteUnavailable, Unauthorized, SourceMissing])
def test_of_a_source_out_of_reach_nobody_says_that_nothing_is_new(
    registry: SourceSide, kind: type[SyncerError]
) -> None:
    registry.publish(A)
    with pytest.raises(kind):
        registry.broken(kind).recent(NOON)


# Targets


@pytest.fixture(params=["memory", "devpi"])
def server(request: pytest.FixtureRequest) -> TargetSide:
    if request.param == "memory":
        return MemoryServer()
    return DevpiSide(request.getfixturevalue("devpi_place"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the bytes lie that are uploaded."""
    made = tmp_path / "files"
    made.mkdir()
    return made


def upload(target: Target, dist: Dist, folder: Path) -> str:
    path = dist.write_to(folder)
    return target.upload(described(dist), path, inspect(path, dist.filename))


def held(target: Target, project: str = "alpha") -> dict[str, tuple[str, str]]:
    """Digest and Requires-Python by file name, as both listings agree on them."""
    pages = [target.list([project]), target.read_back(project)]
    digests = [{file.filename: file.sha256 for file in page.files} for page in pages]
    assert digests[0] == digests[1]
    return {file.filename: (file.sha256, file.requires_python) for file in pages[1].files}


@pytest.mark.parametrize("volatile", [False, True])
def test_a_new_index_is_empty_and_says_what_it_is(server: TargetSide, volatile: bool) -> None:
    target = server.index(volatile=volatile)
    assert target.probe().volatile is volatile
    assert held(target) == {}
    assert target.list([]).files == ()


def test_what_was_uploaded_is_listed_and_shown_to_installers(server: TargetSide, folder: Path) -> None:
    target = server.index()
    assert upload(target, A, folder)
    upload(target, A_SDIST, folder)
    upload(target, B, folder)
    assert held(target) == {A.filename: (A.sha256, ">=3.9"), A_SDIST.filename: (A_SDIST.sha256, ">=3.9")}
    assert held(target, "my-package") == {B.filename: (B.sha256, "")}
    (file,) = target.read_back("my-package").files
    assert file.key == ("my-package", B.filename)


def test_a_target_gives_back_the_bytes_that_it_serves(server: TargetSide, folder: Path) -> None:
    target = server.index()
    upload(target, A, folder)
    (file,) = target.list(["alpha"]).files
    with target.fetch(file) as chunks:
        assert b"".join(chunks) == A.content


@pytest.mark.parametrize("missing", [OTHER_A, A2], ids=["other bytes", "another file"])
def test_of_bytes_that_a_target_does_not_hold_it_says_so(
    server: TargetSide, folder: Path, missing: Dist
) -> None:
    target = server.index()
    upload(target, A, folder)
    with pytest.raises(FileGone) as gone, target.fetch(described(missing)):
        pass
    assert gone.value.next_step


def test_only_the_projects_asked_for_are_listed(server: TargetSide, folder: Path) -> None:
    target = server.index()
    upload(target, A, folder)
    upload(target, B, folder)
    assert {file.project for file in target.list(["my-package", "nobody"]).files} == {"my-package"}


def test_what_a_base_holds_is_not_the_index_s_own(server: TargetSide, folder: Path) -> None:
    base = server.index()
    upload(base, A, folder)
    target = server.index(bases=(base,))
    assert held(target) == {}
    assert len(target.probe().bases) == 1
    upload(target, A, folder)
    assert set(held(target)) == {A.filename}


@pytest.mark.parametrize("volatile", [False, True])
def test_the_same_bytes_are_welcome_again(server: TargetSide, folder: Path, volatile: bool) -> None:
    target = server.index(volatile=volatile)
    upload(target, A, folder)
    assert upload(target, A, folder)
    assert set(held(target)) == {A.filename}


def test_other_bytes_under_the_same_name_are_a_conflict(server: TargetSide, folder: Path) -> None:
    target = server.index()
    upload(target, A, folder)
    with pytest.raises(ContentConflict):
        upload(target, OTHER_A, folder)
    assert held(target)[A.filename][0] == A.sha256


def test_a_volatile_index_replaces_bytes_without_a_word(server: TargetSide, folder: Path) -> None:
    target = server.index(volatile=True)
    upload(target, A, folder)
    upload(target, OTHER_A, folder)
    assert held(target)[A.filename][0] == OTHER_A.sha256


def test_a_version_has_the_requires_python_of_its_latest_file(server: TargetSide, folder: Path) -> None:
    target = server.index()
    upload(target, A, folder)
    other = sdist("alpha", "1.0", requires_python=">=3.11")
    upload(target, other, folder)
    assert {shown for _, shown in held(target).values()} == {">=3.11"}


def test_a_file_whose_name_does_not_fit_is_rejected(server: TargetSide, folder: Path) -> None:
    target = server.index()
    path = A.write_to(folder)
    with pytest.raises(UploadRejected) as refusal:
        target.upload(replace(described(A), filename="beta-1.0.zip"), path, inspect(path, A.filename))
    assert refusal.value.status == 400
    assert held(target) == {}


# What a Target's state tells


def test_as_long_as_nothing_changes_a_target_is_in_the_same_state(server: TargetSide, folder: Path) -> None:
    """Neither asking nor reading back is a change."""
    target = server.index()
    upload(target, A, folder)
    state = target.probe().state
    assert state
    held(target)
    assert target.probe().state == state


@pytest.mark.parametrize("volatile", [False, True])
def test_every_new_file_changes_a_target_s_state(server: TargetSide, folder: Path, volatile: bool) -> None:
    target = server.index(volatile=volatile)
    states = [target.probe().state]
    for dist in (A, A_SDIST, B):
        upload(target, dist, folder)
        states.append(target.probe().state)
    assert len(set(states)) == len(states)


def test_bytes_that_are_replaced_change_a_target_s_state(server: TargetSide, folder: Path) -> None:
    target = server.index(volatile=True)
    upload(target, A, folder)
    before = target.probe().state
    upload(target, OTHER_A, folder)
    assert target.probe().state != before


def test_a_state_that_was_left_never_comes_back(server: TargetSide, folder: Path) -> None:
    """The same bytes as before do not make it the same state as before."""
    target = server.index(volatile=True)
    upload(target, A, folder)
    before = target.probe().state
    upload(target, OTHER_A, folder)
    upload(target, A, folder)
    assert target.probe().state != before


@pytest.mark.parametrize("kind", [RemoteUnavailable, Unauthorized, TargetMissing])
def test_a_target_out_of_reach_takes_nothing(
    server: TargetSide, folder: Path, kind: type[SyncerError]
) -> None:
    target = server.broken(kind)
    with pytest.raises(kind):
        target.probe()
    with pytest.raises(kind):
        upload(target, A, folder)


@pytest.mark.parametrize("kind", [RemoteUnavailable, TargetMissing])
def test_a_target_out_of_reach_is_never_an_empty_one(server: TargetSide, kind: type[SyncerError]) -> None:
    with pytest.raises(kind):
        server.broken(kind).list(["alpha"])
