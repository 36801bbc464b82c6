"""GiteaSource over real HTTP, against the stand-in that was checked against a real Gitea 1.27."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from syncer.adapters.gitea import GiteaSource
from syncer.config.settings import GiteaServer
from syncer.core.errors import (
    FileGone,
    ListingIncomplete,
    RateLimited,
    RemoteUnavailable,
    SourceMissing,
    SyncerError,
    Unauthorized,
)
from syncer.core.model import EVERYTHING, DistributionFile, Listing, Scope
from syncer.core.secret import Secret
from tests.standin.gitea import Fault, StandinGitea, faults
from tests.standin.gitea.exchange import Request, Response, redirect

TOKEN = "0123456789abcdef0123456789abcdef01234567"
CONTENT = b"not looked into here" * 5000
LIST, SIMPLE, FILES = r"^/api/v1/packages/", r"/pypi/simple/", r"/pypi/files/"

Connect = Callable[..., GiteaSource]


@pytest.fixture
def gitea() -> Iterator[StandinGitea]:
    with StandinGitea() as server:
        server.add_owner("acme")
        server.add_token(TOKEN)
        yield server


@pytest.fixture
def connect(gitea: StandinGitea) -> Iterator[Connect]:
    """Make sources of the stand-in; all are closed in the end."""
    made: list[GiteaSource] = []

    def build(
        owner: str = "acme", token: str | None = TOKEN, *, url: str = "", timeout: float = 5, **options: float
    ) -> GiteaSource:
        server = GiteaServer(url or gitea.url, timeout=timeout)
        secret = None if token is None else Secret(token)
        made.append(GiteaSource(server, owner, secret, **options))  # type: ignore[arg-type]  # readers, deadline
        return made[-1]

    yield build
    for source in made:
        source.close()


def publish(gitea: StandinGitea, *filenames: str, owner: str = "acme", content: bytes = CONTENT) -> None:
    for filename in filenames:
        gitea.publish(owner, filename, content)


def publish_releases(gitea: StandinGitea, count: int, project: str = "a") -> None:
    publish(gitea, *(f"{project}-1.{number}.tar.gz" for number in range(count)), content=b"x")


def filenames(listing: Listing) -> list[str]:
    return [file.filename for file in listing.files]


def requested(gitea: StandinGitea, pattern: str) -> list[str]:
    return [request.path for request in gitea.requests if re.search(pattern, request.path)]


def download(source: GiteaSource, file: DistributionFile) -> bytes:
    with source.fetch(file) as chunks:
        return b"".join(chunks)


def only_file(listing: Listing) -> DistributionFile:
    (file,) = listing.files
    return file


# What a Listing says


def test_an_owner_without_packages_has_an_empty_but_proven_listing(connect: Connect) -> None:
    assert connect().list() == Listing((), stated_releases=0, read_releases=0)


def test_every_file_of_every_release_is_listed_with_its_digest(gitea: StandinGitea, connect: Connect) -> None:
    publish(gitea, "b-2.0.tar.gz", "a-1.0.tar.gz", "a-1.0-py3-none-any.whl", "a-2.0.zip")
    listing = connect().list()
    assert filenames(listing) == ["a-1.0-py3-none-any.whl", "a-1.0.tar.gz", "a-2.0.zip", "b-2.0.tar.gz"]
    assert {file.sha256 for file in listing.files} == {hashlib.sha256(CONTENT).hexdigest()}
    assert (listing.stated_releases, listing.read_releases) == (3, 3)


def test_a_file_added_to_an_old_release_is_seen(gitea: StandinGitea, connect: Connect) -> None:
    publish(gitea, "a-1.0.tar.gz")
    source = connect()
    before = source.list()
    publish(gitea, "a-1.0-py3-none-any.whl")
    assert len(source.list().files) == len(before.files) + 1


def test_a_file_carries_gitea_s_version_and_the_normalized_project(
    gitea: StandinGitea, connect: Connect
) -> None:
    gitea.publish(
        "acme", "my_package-1.0.zip", CONTENT, name="My.Package", version="v1.0", requires_python=">=3.9"
    )
    assert only_file(connect().list()) == DistributionFile(
        project="my-package",
        version="v1.0",
        filename="my_package-1.0.zip",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        requires_python=">=3.9",
        locator="my-package/v1.0/my_package-1.0.zip",
        release_id=1,
    )


def test_a_file_carries_its_repository_and_whether_it_is_archived(
    gitea: StandinGitea, connect: Connect
) -> None:
    publish(gitea, "a-1.0.tar.gz", "a-2.0.tar.gz", "b-1.0.tar.gz", "c-1.0.tar.gz")
    gitea.link("acme", "a", "core-lib")
    gitea.link("acme", "b", "old-lib", archived=True)
    assert [(file.repository, file.archived) for file in connect().list().files] == [
        ("acme/core-lib", False),
        ("acme/core-lib", False),
        ("acme/old-lib", True),
        ("", False),
    ]


def test_a_repository_that_the_user_may_not_see_is_as_if_there_were_none(
    gitea: StandinGitea, connect: Connect
) -> None:
    gitea.add_token("outsider", user="bob")
    publish(gitea, "a-1.0.tar.gz")
    gitea.link("acme", "a", "secret", private=True)
    assert only_file(connect(token="outsider").list()).repository == ""


def test_two_names_that_pep_503_makes_one_both_contribute(gitea: StandinGitea, connect: Connect) -> None:
    gitea.publish("acme", "foo-1.0.zip", b"one", name="foo__bar", version="1.0")
    gitea.publish("acme", "foo-2.0.zip", b"two", name="foo-bar", version="2.0")
    source = connect()
    listing = source.list(Scope("foo.bar"))
    assert [(file.project, file.locator) for file in listing.files] == [
        ("foo-bar", "foo--bar/1.0/foo-1.0.zip"),
        ("foo-bar", "foo-bar/2.0/foo-2.0.zip"),
    ]
    assert [download(source, file) for file in listing.files] == [b"one", b"two"]


@pytest.mark.parametrize(
    ("filename", "version"),
    [
        pytest.param("a-1.0 hash#q?.tar.gz", "1.0", id="space, hash and question mark"),
        pytest.param("ünï-1.0.tar.gz", "1.0", id="beyond ASCII"),
        pytest.param("a-1!2.0-py3-none-any.whl", "1!2.0", id="epoch"),
        pytest.param("a-1.0+local.1.zip", "1.0+local.1", id="local version"),
        pytest.param("a-2024.01.05.zip", "2024.01.05", id="zeros"),
        pytest.param("a%2e%2e%2fb.zip", "1.0", id="escapes"),
        pytest.param("100%.zip", "1.0", id="a lone per cent sign"),
        pytest.param("a;b&c=d@e:f.zip", "1.0", id="what means something in a URL"),
    ],
)
def test_a_file_with_an_odd_name_is_listed_and_fetched(
    gitea: StandinGitea, connect: Connect, filename: str, version: str
) -> None:
    gitea.publish("acme", filename, CONTENT, name="a", version=version)
    source = connect()
    file = only_file(source.list())
    assert (file.filename, file.version) == (filename, version)
    assert download(source, file) == CONTENT


def test_addresses_come_from_the_configuration_and_not_from_root_url(connect: Connect) -> None:
    with StandinGitea(root_url="https://git.public.example/gitea", max_response_items=1) as gitea:
        gitea.add_owner("acme")
        gitea.add_token(TOKEN)
        publish(gitea, "a-1.0.tar.gz", "a-2.0.tar.gz")
        source = connect(url=f"{gitea.url}/")
        assert {download(source, file) for file in source.list().files} == {CONTENT}


def test_a_renamed_owner_is_followed(gitea: StandinGitea, connect: Connect) -> None:
    publish(gitea, "a-1.0.tar.gz")
    gitea.rename_owner("acme", "acme-new")
    source = connect()
    assert download(source, only_file(source.list())) == CONTENT


# Scope


def test_only_the_pages_of_the_project_in_scope_are_read(gitea: StandinGitea, connect: Connect) -> None:
    publish(gitea, "a-1.0.tar.gz", "My_Package-1.0.tar.gz", "my_package-2.0.tar.gz")
    listing = connect().list(Scope("MY.PACKAGE"))
    assert filenames(listing) == ["My_Package-1.0.tar.gz", "my_package-2.0.tar.gz"]
    assert requested(gitea, SIMPLE) == ["/api/packages/acme/pypi/simple/my-package"]


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        pytest.param("1.0", ["a-1.0.tar.gz", "a-v1.0.zip"], id="spelt otherwise, the same version"),
        pytest.param("2024.1.5", ["a-2024.01.05.tar.gz"], id="zeros do not count"),
        pytest.param("9", [], id="no such version"),
    ],
)
def test_a_version_in_scope_selects_by_value(
    gitea: StandinGitea, connect: Connect, version: str, expected: list[str]
) -> None:
    publish(gitea, "a-1.0.tar.gz", "a-2024.01.05.tar.gz", "b-3.tar.gz")
    gitea.publish("acme", "a-v1.0.zip", CONTENT, version="v1.0", name="a")
    assert filenames(connect().list(Scope("a", version))) == expected


def test_an_unknown_project_in_scope_gives_an_empty_listing(gitea: StandinGitea, connect: Connect) -> None:
    publish(gitea, "a-1.0.tar.gz")
    assert connect().list(Scope("b")).files == ()
    assert requested(gitea, SIMPLE) == []


# Completeness


@pytest.mark.parametrize(
    ("releases", "cap", "pages"),
    [
        pytest.param(50, 50, 1, id="exactly one page"),
        pytest.param(51, 50, 2, id="one more"),
        pytest.param(120, 50, 3, id="three pages"),
        pytest.param(70, 30, 3, id="a server that caps at 30"),
        pytest.param(22, 7, 4, id="a server that clamps to 7"),
    ],
)
def test_a_listing_costs_its_pages_and_one_request_per_project(
    connect: Connect, releases: int, cap: int, pages: int
) -> None:
    with StandinGitea(max_response_items=cap) as gitea:
        gitea.add_owner("acme")
        gitea.add_token(TOKEN)
        for project, count in (("a", releases - 4), ("b", 3), ("c", 1)):
            publish_releases(gitea, count, project)
        listing = connect(url=gitea.url).list()
        assert (len(listing.files), listing.read_releases) == (releases, releases)
        assert (len(requested(gitea, LIST)), len(requested(gitea, SIMPLE))) == (pages, 3)
        assert len(gitea.requests) == pages + 3


def test_a_limit_that_is_clamped_without_a_word_loses_nothing(gitea: StandinGitea, connect: Connect) -> None:
    publish_releases(gitea, 20)
    gitea.faults.add(Fault(faults.clamped_limit(7), path=LIST))
    assert len(connect().list().files) == 20


def delete_newest(gitea: StandinGitea) -> None:
    gitea.delete_version("acme", "a", "1.59")


def publish_another(gitea: StandinGitea) -> None:
    publish(gitea, "z-1.0.zip")


def delete_and_publish(gitea: StandinGitea) -> None:
    delete_newest(gitea)
    publish_another(gitea)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(publish_another, 61, id="a release is published"),
        pytest.param(delete_newest, 59, id="a release is deleted"),
        pytest.param(delete_and_publish, 60, id="one is deleted and one published"),
    ],
)
def test_nothing_is_lost_when_pages_shift_while_they_are_read(
    gitea: StandinGitea, connect: Connect, change: Callable[[StandinGitea], None], expected: int
) -> None:
    publish_releases(gitea, 60)
    gitea.faults.add(Fault(faults.and_then(lambda: change(gitea)), path=r"[?&]page=1&", times=1))
    listing = connect().list()
    held = {version.version for version in gitea.store.versions(gitea.store.owner("acme"))}
    assert {file.version for file in listing.files} == held
    assert len(listing.files) == listing.stated_releases == expected


def test_a_list_that_never_holds_still_is_incomplete_after_three_readings(
    gitea: StandinGitea, connect: Connect
) -> None:
    publish_releases(gitea, 60)
    numbers = iter(range(100))
    gitea.faults.add(
        Fault(faults.and_then(lambda: publish(gitea, f"z-{next(numbers)}.zip")), path=r"[?&]page=1&")
    )
    with pytest.raises(ListingIncomplete, match=r"3 readings: page 1 counted 62 .* page 2 counted 63"):
        connect().list()
    assert len(requested(gitea, LIST)) == 6


def test_a_project_deleted_behind_the_list_is_gone_after_a_second_reading(
    gitea: StandinGitea, connect: Connect
) -> None:
    publish(gitea, "a-1.0.tar.gz", "b-1.0.tar.gz")
    gitea.faults.add(Fault(faults.and_then(lambda: gitea.delete_package("acme", "a")), path=LIST, times=1))
    listing = connect().list()
    assert (filenames(listing), listing.stated_releases) == (["b-1.0.tar.gz"], 1)


def test_a_release_deleted_behind_the_list_is_gone_after_a_second_reading(
    gitea: StandinGitea, connect: Connect
) -> None:
    publish(gitea, "a-1.0.tar.gz", "a-2.0.tar.gz")
    deletion = faults.and_then(lambda: gitea.delete_version("acme", "a", "1.0"))
    gitea.faults.add(Fault(deletion, path=LIST, times=1))
    assert filenames(connect().list()) == ["a-2.0.tar.gz"]


def test_a_release_published_behind_the_list_is_listed_at_once(gitea: StandinGitea, connect: Connect) -> None:
    publish(gitea, "a-1.0.tar.gz")
    gitea.link("acme", "a", "core-lib")
    gitea.faults.add(Fault(faults.and_then(lambda: publish(gitea, "a-2.0.tar.gz")), path=LIST, times=1))
    listing = connect().list()
    assert filenames(listing) == ["a-1.0.tar.gz", "a-2.0.tar.gz"]
    assert {file.repository for file in listing.files} == {"acme/core-lib"}
    assert len(gitea.requests) == 2


def without_version(version: str) -> faults.Effect:
    """The simple page without the anchors of one version."""

    def effect(request: Request, answer: faults.Answer) -> Response:
        response = answer(request)
        kept = [
            line for line in response.body.splitlines(keepends=True) if f"/{version}/".encode() not in line
        ]
        return replace(response, body=b"".join(kept))

    return effect


@pytest.mark.parametrize(
    ("effect", "path", "says"),
    [
        pytest.param(
            faults.empty_list(total=None),
            LIST,
            "counts 3 releases, but 0 were read",
            id="empty with true count",
        ),
        pytest.param(faults.headers(X_Total_Count="4"), LIST, "counts 4 .* but 3 were", id="one is withheld"),
        pytest.param(faults.headers(X_Total_Count="2"), LIST, "counts 2 .* but 3 were", id="too many"),
        pytest.param(faults.headers(X_Total_Count="200000"), LIST, "counts 200000", id="an absurd total"),
        pytest.param(faults.headers(X_Total_Count=None), LIST, "no X-Total-Count", id="no total"),
        pytest.param(faults.headers(X_Total_Count="three"), LIST, "'three'", id="a garbled total"),
        pytest.param(faults.wrong_shape([{"id": 1}]), LIST, "row 1: type", id="rows of another shape"),
        pytest.param(faults.wrong_shape({"rows": []}), LIST, "no JSON list", id="no list"),
        pytest.param(faults.html_garbage(), LIST, "no X-Total-Count", id="a proxy answers the list"),
        pytest.param(faults.half_body(), LIST, "no JSON", id="half a list"),
        pytest.param(faults.oversized(9 << 20), LIST, "larger than", id="a list without end"),
        pytest.param(without_version("1.1"), SIMPLE, "version 1.1, but its page", id="a release is withheld"),
        pytest.param(faults.status(404), SIMPLE, "version 1.0, but its page", id="a page is withheld"),
        pytest.param(faults.half_body(), SIMPLE, "page of project 'a'", id="half a page"),
        pytest.param(faults.html_garbage(), SIMPLE, "page of project 'a'", id="a proxy answers the page"),
        pytest.param(faults.wrong_shape([]), SIMPLE, "instead of HTML", id="a page that is JSON"),
        pytest.param(faults.oversized(33 << 20), SIMPLE, "larger than", id="a page without end"),
    ],
)
def test_what_is_not_provably_everything_is_incomplete(
    gitea: StandinGitea, connect: Connect, effect: faults.Effect, path: str, says: str
) -> None:
    publish_releases(gitea, 3)
    gitea.faults.add(Fault(effect, path=path))
    with pytest.raises(ListingIncomplete, match=says):
        connect().list()
    assert len(gitea.requests) <= 6


def test_a_server_that_repeats_one_page_for_ever_is_left_soon(gitea: StandinGitea, connect: Connect) -> None:
    publish_releases(gitea, 120)
    gitea.faults.add(Fault(faults.repeated_page(1), path=LIST))
    with pytest.raises(ListingIncomplete, match="counts 120 releases, but 50 were read up to page 2"):
        connect().list()
    assert len(gitea.requests) == 6


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        pytest.param("a/../../admin", ["/api/packages/acme/pypi/simple/a%2F..%2F..%2Fadmin"], id="a path"),
        pytest.param("a?b#c", ["/api/packages/acme/pypi/simple/a%3Fb%23c"], id="a query"),
        pytest.param("..", [], id="one level up"),
    ],
)
def test_a_hostile_project_name_cannot_leave_its_place_in_the_path(
    gitea: StandinGitea, connect: Connect, name: str, asked: list[str]
) -> None:
    row = {"id": 1, "type": "pypi", "name": name, "version": "1.0", "created_at": "x", "repository": None}
    gitea.faults.add(Fault(faults.wrong_shape([row]), path=LIST))
    gitea.faults.add(Fault(faults.headers(X_Total_Count="1"), path=LIST))
    with pytest.raises(ListingIncomplete):
        connect().list()
    assert sorted(set(requested(gitea, "simple|admin"))) == asked


# What is new


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SINCE = NOON - timedelta(hours=2)


def publish_aged(gitea: StandinGitea, count: int, hours: float, project: str) -> None:
    """So many releases of one project, all dated so many hours before noon."""
    dated = NOON - timedelta(hours=hours)
    for number in range(count):
        gitea.publish("acme", f"{project}-{number}.tar.gz", b"x", created_at=dated)


def test_where_nothing_is_new_one_request_is_enough(gitea: StandinGitea, connect: Connect) -> None:
    publish_aged(gitea, 120, 3, "old")
    assert connect().recent(SINCE) == Listing((), stated_releases=120, read_releases=0)
    assert len(gitea.requests) == 1


def test_an_owner_without_packages_has_nothing_new(gitea: StandinGitea, connect: Connect) -> None:
    assert connect().recent(SINCE) == Listing((), stated_releases=0, read_releases=0)
    assert len(gitea.requests) == 1


@pytest.mark.parametrize(
    ("young", "old", "cap", "pages"),
    [
        pytest.param(1, 200, 50, 1, id="one new release"),
        pytest.param(49, 200, 50, 1, id="the first page ends with an old one"),
        pytest.param(50, 200, 50, 2, id="the first page is full of new ones"),
        pytest.param(50, 0, 50, 1, id="all are new, on one page"),
        pytest.param(120, 30, 50, 3, id="three pages of new ones"),
        pytest.param(10, 90, 7, 2, id="a server that clamps to 7"),
    ],
)
def test_what_is_new_costs_its_pages_and_one_request_per_project(
    connect: Connect, young: int, old: int, cap: int, pages: int
) -> None:
    with StandinGitea(max_response_items=cap) as gitea:
        gitea.add_owner("acme")
        gitea.add_token(TOKEN)
        publish_aged(gitea, old, 3, "old")
        publish_aged(gitea, young, 1, "young")
        listing = connect(url=gitea.url).recent(SINCE)
        assert {file.project for file in listing.files} == {"young"}
        assert len(listing.files) == len(listing.releases) == listing.read_releases == young
        assert listing.stated_releases == young + old
        assert (len(requested(gitea, LIST)), len(requested(gitea, SIMPLE))) == (pages, 1)


def test_a_project_with_a_young_release_is_read_with_its_old_ones(
    gitea: StandinGitea, connect: Connect
) -> None:
    publish_aged(gitea, 2, 3, "a")
    publish_aged(gitea, 1, 3, "b")
    gitea.publish("acme", "a-9.tar.gz", CONTENT, created_at=NOON)
    listing = connect().recent(SINCE)
    assert filenames(listing) == ["a-0.tar.gz", "a-1.tar.gz", "a-9.tar.gz"]
    assert [release.created_at for release in listing.releases] == [NOON]


def test_a_release_that_was_committed_late_shows_in_the_total_alone(
    gitea: StandinGitea, connect: Connect
) -> None:
    """It stands among those that were seen long ago."""
    publish_aged(gitea, 60, 3, "old")
    source = connect()
    before = source.recent(SINCE)
    gitea.publish("acme", "late-1.tar.gz", CONTENT, created_at=NOON - timedelta(days=1))
    after = source.recent(SINCE)
    assert (before.files, after.files) == ((), ())
    assert (before.stated_releases, after.stated_releases) == (60, 61)


def test_of_two_names_that_pep_503_makes_one_only_the_page_of_the_young_one_is_read(
    gitea: StandinGitea, connect: Connect
) -> None:
    """Nobody can know the other name without reading all pages; so what is missing was not withdrawn."""
    gitea.publish("acme", "foo-1.0.zip", b"one", name="foo__bar", version="1.0", created_at=SINCE)
    gitea.publish("acme", "foo-2.0.zip", b"two", name="foo-bar", version="2.0", created_at=NOON)
    source = connect()
    assert filenames(source.recent(SINCE)) == ["foo-1.0.zip", "foo-2.0.zip"]
    assert filenames(source.recent(NOON)) == ["foo-2.0.zip"]


def dated(text: str) -> faults.Effect:
    """The list as it is, but with this date in every row of project ``odd``."""

    def effect(request: Request, answer: faults.Answer) -> Response:
        response = answer(request)
        rows = json.loads(response.body)
        for row in rows:
            row["created_at"] = text if row["name"] == "odd" else row["created_at"]
        return replace(response, body=json.dumps(rows).encode())

    return effect


@pytest.mark.parametrize(
    ("text", "is_new"),
    [
        pytest.param("2026-03-01T11:00:00Z", True, id="UTC"),
        pytest.param("2026-03-01T10:00:00Z", True, id="in the very second"),
        pytest.param("2026-03-01T09:59:59Z", False, id="a second too old"),
        pytest.param("2026-03-01T12:30:00+02:00", True, id="another zone"),
        pytest.param("2026-03-01T11:30:00+02:00", False, id="another zone, too old"),
        pytest.param("2026-03-01T05:30:00-05:00", True, id="a zone in the west"),
        pytest.param("2026-03-01T11:00:00", True, id="no zone"),
        pytest.param("yesterday", True, id="no date"),
        pytest.param("0", True, id="a number"),
        pytest.param("9999-12-31T23:59:59-23:00", True, id="beyond the calendar"),
        pytest.param("0001-01-01T00:00:00+23:00", False, id="before the calendar"),
    ],
)
def test_what_cannot_be_dated_counts_as_young(
    gitea: StandinGitea, connect: Connect, text: str, is_new: bool
) -> None:
    publish_aged(gitea, 1, 3, "old")
    publish_aged(gitea, 1, 3, "odd")
    gitea.faults.add(Fault(dated(text), path=LIST))
    assert filenames(connect().recent(SINCE)) == (["odd-0.tar.gz"] if is_new else [])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(publish_another, 61, id="a release is published"),
        pytest.param(delete_newest, 59, id="a release is deleted"),
        pytest.param(delete_and_publish, 60, id="one is deleted and one published"),
    ],
)
def test_nothing_new_is_lost_when_pages_shift_while_they_are_read(
    gitea: StandinGitea, connect: Connect, change: Callable[[StandinGitea], None], expected: int
) -> None:
    publish_releases(gitea, 60)
    gitea.faults.add(Fault(faults.and_then(lambda: change(gitea)), path=r"[?&]page=1&", times=1))
    listing = connect().recent(SINCE)
    held = {version.version for version in gitea.store.versions(gitea.store.owner("acme"))}
    assert {file.version for file in listing.files} == held
    assert len(listing.files) == listing.stated_releases == expected


@pytest.mark.parametrize(
    ("effect", "path", "says"),
    [
        pytest.param(faults.empty_list(total=None), LIST, "counts 60 .* but 0 were", id="an empty page"),
        pytest.param(
            faults.repeated_page(1), LIST, "counts 60 .* but 50 were .* page 2", id="a page repeats"
        ),
        pytest.param(faults.headers(X_Total_Count="61"), LIST, "counts 61 .* but 60", id="one is withheld"),
        pytest.param(faults.headers(X_Total_Count="10"), LIST, "counts 10 .* but 50", id="too many"),
        pytest.param(faults.headers(X_Total_Count=None), LIST, "no X-Total-Count", id="no total"),
        pytest.param(faults.half_body(), LIST, "no JSON", id="half a list"),
        pytest.param(without_version("1.1"), SIMPLE, "version 1.1, but its page", id="a release is withheld"),
        pytest.param(faults.status(404), SIMPLE, "but its page has no such file", id="a page is withheld"),
        pytest.param(faults.half_body(), SIMPLE, "page of project 'a'", id="half a page"),
    ],
)
def test_what_does_not_add_up_is_never_taken_for_what_is_new(
    gitea: StandinGitea, connect: Connect, effect: faults.Effect, path: str, says: str
) -> None:
    publish_releases(gitea, 60)
    gitea.faults.add(Fault(effect, path=path))
    with pytest.raises(ListingIncomplete, match=says):
        connect().recent(SINCE)
    assert len(gitea.requests) <= 9


def test_pages_beyond_what_is_new_are_not_looked_at(gitea: StandinGitea, connect: Connect) -> None:
    publish_aged(gitea, 60, 3, "old")
    publish_aged(gitea, 5, 1, "young")
    gitea.faults.add(Fault(faults.status(500), path=r"[?&]page=2&"))
    assert len(connect().recent(SINCE).files) == 5


def test_a_limit_that_is_clamped_without_a_word_loses_nothing_new(
    gitea: StandinGitea, connect: Connect
) -> None:
    publish_aged(gitea, 30, 3, "old")
    publish_aged(gitea, 20, 1, "young")
    gitea.faults.add(Fault(faults.clamped_limit(7), path=LIST))
    assert len(connect().recent(SINCE).files) == 20
    assert len(requested(gitea, LIST)) == 3


@pytest.mark.parametrize(
    ("code", "error"), [(401, Unauthorized), (429, RateLimited), (500, RemoteUnavailable)]
)
def test_a_gitea_that_refuses_never_means_that_nothing_is_new(
    gitea: StandinGitea, connect: Connect, code: int, error: type[SyncerError]
) -> None:
    publish_releases(gitea, 1)
    gitea.faults.add(Fault(faults.status(code), path=LIST))
    with pytest.raises(error):
        connect().recent(SINCE)


# Access


def test_without_a_token_nothing_is_asked_and_the_three_places_are_named(
    gitea: StandinGitea, connect: Connect
) -> None:
    with pytest.raises(Unauthorized, match=r"\[mapping:<name>\], \[gitea:acme\] or \[gitea\]"):
        connect(token=None).list()
    assert gitea.requests == []


@pytest.mark.parametrize("token", ["", "two words", "line\nend", "tök", "tab\t"])
def test_a_token_that_cannot_be_sent_is_refused_without_showing_it(
    gitea: StandinGitea, connect: Connect, token: str
) -> None:
    with pytest.raises(Unauthorized, match="holds a character") as caught:
        connect(token=token).list()
    assert not token or token not in repr((caught.value, caught.value.__cause__, caught.value.__context__))
    assert gitea.requests == []


@pytest.mark.parametrize(
    ("owner", "user", "scopes", "error", "says"),
    [
        pytest.param("hidden", "", [], Unauthorized, "refuses the token .*invalid username", id="bad token"),
        pytest.param(
            "hidden",
            "alice",
            ["read:user"],
            Unauthorized,
            r"does not let .*required=\[read:package\]",
            id="no scope",
        ),
        pytest.param(
            "hidden",
            "bob",
            ["read:package"],
            Unauthorized,
            "does not let .*specific permission",
            id="outsider",
        ),
        pytest.param(
            "hidden",
            "alice",
            ["read:package", "public-only"],
            Unauthorized,
            "public packages",
            id="public-only",
        ),
        pytest.param(
            "nobody", "alice", ["read:package"], SourceMissing, "knows no owner nobody", id="no owner"
        ),
        pytest.param("..", "alice", ["read:package"], SourceMissing, "no owner '..'", id="an owner of dots"),
    ],
)
def test_who_may_not_read_learns_why(
    gitea: StandinGitea,
    connect: Connect,
    owner: str,
    user: str,
    scopes: list[str],
    error: type[SyncerError],
    says: str,
) -> None:
    gitea.add_owner("hidden", "private")
    if user:
        gitea.add_token("the-token-itself", user, scopes)
    with pytest.raises(error, match=says) as caught:
        connect(owner, "the-token-itself").list()
    assert "the-token-itself" not in str(caught.value)
    assert caught.value.cause
    assert caught.value.next_step


@pytest.mark.parametrize(
    ("effect", "path", "error", "says"),
    [
        pytest.param(faults.status(401), SIMPLE, Unauthorized, "registry refuses .*401", id="registry 401"),
        pytest.param(faults.status(403), SIMPLE, Unauthorized, "registry refuses .*403", id="registry 403"),
        pytest.param(faults.status(429), LIST, RateLimited, "slow down", id="list 429"),
        pytest.param(faults.status(429), SIMPLE, RateLimited, "slow down", id="page 429"),
        pytest.param(faults.status(500), LIST, RemoteUnavailable, "answered 500", id="list 500"),
        pytest.param(faults.status(500), SIMPLE, RemoteUnavailable, "answered 500", id="page 500"),
        pytest.param(faults.status(418), LIST, RemoteUnavailable, "answered 418", id="a status of nobody"),
        pytest.param(faults.dropped(10), LIST, RemoteUnavailable, "broke off", id="list dropped"),
        pytest.param(faults.dropped(100), SIMPLE, RemoteUnavailable, "broke off", id="page dropped"),
        pytest.param(
            lambda *_: redirect(302, "Found", "http://["),
            LIST,
            RemoteUnavailable,
            "InvalidURL",
            id="bad redirect",
        ),
        pytest.param(
            lambda request, _: redirect(302, "Found", request.target),
            LIST,
            RemoteUnavailable,
            "Redirects",
            id="loop",
        ),
    ],
)
def test_refusals_and_failures_are_told_apart(
    gitea: StandinGitea,
    connect: Connect,
    effect: faults.Effect,
    path: str,
    error: type[SyncerError],
    says: str,
) -> None:
    publish(gitea, "a-1.0.tar.gz")
    gitea.faults.add(Fault(effect, path=path))
    with pytest.raises(error, match=says) as caught:
        connect().list()
    assert type(caught.value) is error
    assert TOKEN not in str(caught.value)


def test_the_time_that_a_busy_gitea_asks_for_is_kept(gitea: StandinGitea, connect: Connect) -> None:
    gitea.faults.add(Fault(faults.status(429, retry_after=17)))
    with pytest.raises(RateLimited) as caught:
        connect().list()
    assert caught.value.retry_after == 17


def test_a_short_outage_is_bridged(gitea: StandinGitea, connect: Connect) -> None:
    publish(gitea, "a-1.0.tar.gz")
    gitea.faults.add(Fault(faults.status(503), times=2))
    assert len(connect().list().files) == 1


def test_a_gitea_that_is_down_is_unavailable(gitea: StandinGitea, connect: Connect) -> None:
    gitea.stop()
    with pytest.raises(RemoteUnavailable, match="could not be reached"):
        connect().list()


def test_a_gitea_that_says_nothing_is_unavailable(gitea: StandinGitea, connect: Connect) -> None:
    gitea.faults.add(Fault(faults.hang(30)))
    with pytest.raises(RemoteUnavailable, match="could not be reached"):
        connect(timeout=0.1).list()


def test_words_of_gitea_are_cut_and_never_show_the_token(gitea: StandinGitea, connect: Connect) -> None:
    gitea.faults.add(Fault(faults.status(403, text=f"got\x1b[31m {TOKEN} " + "word " * 500)))
    with pytest.raises(Unauthorized) as caught:
        connect().list()
    assert "got[31m *** word" in str(caught.value)
    assert len(caught.value.what) < 300


def test_a_redirect_to_another_host_takes_no_token_along_and_is_named(
    gitea: StandinGitea, connect: Connect
) -> None:
    with StandinGitea() as other:
        other.add_owner("acme")
        gitea.faults.add(Fault(faults.redirected(other.url), path=LIST))
        with pytest.raises(Unauthorized, match=f"redirect to {other.url.removeprefix('http://')}"):
            connect().list()
        assert [request.had_authorization for request in other.requests] == [False]


def test_the_first_failure_ends_the_reading_of_pages(gitea: StandinGitea, connect: Connect) -> None:
    publish(gitea, *(f"p{number}-1.0.zip" for number in range(40)))
    gitea.faults.add(Fault(faults.status(401), path=SIMPLE))
    with pytest.raises(Unauthorized):
        connect(readers=2).list()
    assert len(requested(gitea, SIMPLE)) < 10


def test_a_list_that_drips_ends_at_the_deadline(gitea: StandinGitea, connect: Connect) -> None:
    publish(gitea, "a-1.0.tar.gz")
    gitea.faults.add(Fault(faults.drip(1, 0.02)))
    with pytest.raises(RemoteUnavailable, match="too slowly"):
        connect(deadline=0.2).list()


# Fetching


def test_a_file_comes_in_chunks_byte_for_byte(gitea: StandinGitea, connect: Connect) -> None:
    content = bytes(range(256)) * 8192
    publish(gitea, "a-1.0.tar.gz", content=content)
    source = connect()
    with source.fetch(only_file(source.list())) as chunks:
        received = list(chunks)
    assert b"".join(received) == content
    assert max(map(len, received)) <= 256 * 1024
    assert gitea.requests[-1].headers["Accept-Encoding"] == "identity"


def test_locator_and_filename_are_enough_to_fetch(gitea: StandinGitea, connect: Connect) -> None:
    publish(gitea, "a-1.0.tar.gz")
    listed = only_file(connect().list())
    bare = DistributionFile("", "", listed.filename, "", locator=listed.locator)
    assert download(connect(), bare) == CONTENT


def test_a_file_that_was_deleted_meanwhile_is_gone(gitea: StandinGitea, connect: Connect) -> None:
    publish(gitea, "a-1.0.tar.gz")
    source = connect()
    file = only_file(source.list())
    gitea.delete_version("acme", "a", "1.0")
    with pytest.raises(FileGone, match=r"no longer serves /api/packages/acme/pypi/files/a/1\.0"):
        download(source, file)


def test_a_file_name_of_dots_is_listed_but_never_asked_for(gitea: StandinGitea, connect: Connect) -> None:
    gitea.publish("acme", "..", CONTENT, name="a", version="1.0")
    source = connect()
    file = only_file(source.list())
    with pytest.raises(FileGone, match="cannot serve"):
        download(source, file)
    assert requested(gitea, FILES) == []


@pytest.mark.parametrize(
    ("effect", "error", "says"),
    [
        pytest.param(faults.dropped(1000), RemoteUnavailable, "broke off", id="dropped in the middle"),
        pytest.param(faults.dropped(0), RemoteUnavailable, "broke off", id="dropped before the first byte"),
        pytest.param(faults.drip(100, 0.02), RemoteUnavailable, "too slowly", id="dripping"),
        pytest.param(faults.status(500), RemoteUnavailable, "answered 500", id="500"),
        pytest.param(faults.status(503), RemoteUnavailable, "answered 503", id="503 for long"),
        pytest.param(faults.status(429), RateLimited, "slow down", id="429"),
        pytest.param(faults.status(401), Unauthorized, "registry refuses", id="401"),
        pytest.param(faults.status(403), Unauthorized, "registry refuses", id="403"),
        pytest.param(faults.status(404), FileGone, "no longer serves", id="404"),
        pytest.param(faults.status(206), RemoteUnavailable, "answered 206", id="a part of it"),
    ],
)
def test_a_download_that_fails_says_what_to_do_next(
    gitea: StandinGitea, connect: Connect, effect: faults.Effect, error: type[SyncerError], says: str
) -> None:
    publish(gitea, "a-1.0.tar.gz")
    source = connect(deadline=0.5)
    file = only_file(source.list())
    gitea.faults.add(Fault(effect, path=FILES))
    started = time.monotonic()
    with pytest.raises(error, match=says) as caught:
        download(source, file)
    assert type(caught.value) is error
    assert time.monotonic() - started < 10


def test_a_download_that_broke_off_can_be_fetched_again(gitea: StandinGitea, connect: Connect) -> None:
    publish(gitea, "a-1.0.tar.gz")
    source = connect()
    file = only_file(source.list())
    gitea.faults.add(Fault(faults.dropped(1000), path=FILES, times=1))
    with pytest.raises(RemoteUnavailable):
        download(source, file)
    assert download(source, file) == CONTENT


def test_bytes_are_not_unpacked_whatever_a_proxy_calls_them(gitea: StandinGitea, connect: Connect) -> None:
    publish(gitea, "a-1.0.tar.gz")
    source = connect()
    file = only_file(source.list())
    gitea.faults.add(Fault(faults.headers(Content_Encoding="gzip"), path=FILES))
    assert download(source, file) == CONTENT


def test_a_storage_that_gitea_redirects_to_gets_no_token(gitea: StandinGitea, connect: Connect) -> None:
    publish(gitea, "a-1.0.tar.gz")
    source = connect()
    file = only_file(source.list())
    with StandinGitea() as storage:
        storage.add_owner("acme")
        publish(storage, "a-1.0.tar.gz")
        gitea.faults.add(Fault(faults.redirected(storage.url), path=FILES))
        assert download(source, file) == CONTENT
        assert [request.had_authorization for request in storage.requests] == [False]
        storage.faults.add(Fault(faults.status(403)))
        with pytest.raises(RemoteUnavailable, match=r"storage at 127\.0\.0\.1"):
            download(source, file)


def test_an_error_of_who_writes_the_bytes_down_stays_theirs(gitea: StandinGitea, connect: Connect) -> None:
    publish(gitea, "a-1.0.tar.gz")
    source = connect()
    file = only_file(source.list())
    full = OSError(28, "No space left on device")
    with pytest.raises(OSError, match="No space left") as caught, source.fetch(file):
        raise full
    assert caught.value is full


def test_everything_is_the_scope_of_a_plain_list(gitea: StandinGitea, connect: Connect) -> None:
    publish(gitea, "a-1.0.tar.gz")
    assert connect().list(EVERYTHING) == connect().list()
