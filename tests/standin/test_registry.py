"""Names, uploads, deletions and pages, as seen on a running Gitea 1.27 beside the recordings."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.standin.gitea import Refused, StandinGitea
from tests.standin.gitea.simple_page import normalize_url

HEADERS = {"Authorization": "token t"}


def _get(gitea: StandinGitea, path: str, **headers: str) -> requests.Response:
    return requests.get(gitea.url + path, headers=HEADERS | headers, timeout=10)


def _rows(gitea: StandinGitea, query: str = "") -> list[tuple[str, str]]:
    rows = _get(gitea, f"/api/v1/packages/acme?type=pypi{query}").json()
    return [(row["name"], row["version"]) for row in rows]


def _upload(
    gitea: StandinGitea, filename: str, name: str = "a", version: str = "1.0", digest: str = ""
) -> str:
    form = {"name": name, "version": version, "sha256_digest": digest or hashlib.sha256(b"x").hexdigest()}
    url = f"{gitea.url}/api/packages/acme/pypi/"
    answer = requests.post(url, form, headers=HEADERS, files={"content": (filename, b"x")}, timeout=10)
    return f"{answer.status_code} {answer.text}".strip()


@pytest.mark.parametrize("name", ["My.Package", "my_package", "MY-PACKAGE", "my-package/", "my-package//"])
def test_the_registry_finds_any_spelling(gitea: StandinGitea, name: str) -> None:
    gitea.publish("acme", "My.Package-1.0.tar.gz", b"x")
    page = _get(gitea, f"/api/packages/acme/pypi/simple/{name}")
    assert (page.status_code, "<title>Links for My-Package</title>" in page.text) == (200, True)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("my-package/2.0rc1", 200),
        ("MY-PACKAGE/2.0RC1", 200),
        ("My.Package/2.0rc1", 404),
        ("my_package/2.0rc1", 404),
        ("my-package/2.0.rc1", 404),
        ("my-package/1%212.0", 200),
        ("my-package/1!2.0", 200),
        ("my-package/1.0+x", 200),
        ("my-package/1.0%2Bx", 200),
    ],
)
def test_the_api_compares_in_lower_case_and_normalizes_nothing(
    gitea: StandinGitea, path: str, status: int
) -> None:
    for version in ("2.0rc1", "1!2.0", "1.0+x"):
        gitea.publish("acme", f"f-{version}.tar.gz", b"x", "My.Package", version)
    assert _get(gitea, f"/api/v1/packages/acme/pypi/{path}").status_code == status


def test_runs_of_separators_make_another_project(gitea: StandinGitea) -> None:
    gitea.publish("acme", "a.tar.gz", b"x", "foo__bar", "1.0")
    gitea.publish("acme", "b.tar.gz", b"x", "foo-bar", "1.0")
    pages = [_get(gitea, f"/api/packages/acme/pypi/simple/{name}").text for name in ("foo--bar", "foo-bar")]
    assert [("a.tar.gz" in page, "b.tar.gz" in page) for page in pages] == [(True, False), (False, True)]


@pytest.mark.parametrize(
    ("filename", "name", "version", "answer"),
    [
        ("a-1.zip", "a", "1.0", "201"),
        ("A-1.0.TAR.GZ", "a", "1.0", "409 package file already exists"),
        ("b.tar.gz", "-x", "1.0", "400 invalid name or version"),
        ("b.tar.gz", "x-", "1.0", "400 invalid name or version"),
        ("b.tar.gz", "x y", "1.0", "400 invalid name or version"),
        ("b.tar.gz", "ünï", "1.0", "400 invalid name or version"),
        ("b.tar.gz", "a", "2.0RC1", "400 invalid name or version"),
        ("b.tar.gz", "a", "1.0+ABC", "400 invalid name or version"),
        ("b.tar.gz", "a", "1.0~1", "400 invalid name or version"),
        ("b.tar.gz", "a", "latest", "400 invalid name or version"),
        ("b.tar.gz", "a", "v1.0", "201"),
        ("b.tar.gz", "a", "1.0-1", "201"),
        ("b.tar.gz", "a", "1.0.1-alpha", "201"),
        ("b.tar.gz", "a", "2024.01.05", "201"),
        ("b.tar.gz", "a", "1!2.0.post1.dev3+a_b", "201"),
    ],
)
def test_an_upload_is_checked_by_giteas_rules(
    gitea: StandinGitea, filename: str, name: str, version: str, answer: str
) -> None:
    gitea.publish("acme", "a-1.0.tar.gz", b"x")
    assert _upload(gitea, filename, name, version) == answer


def test_an_upload_without_its_digest_is_refused(gitea: StandinGitea) -> None:
    upper = hashlib.sha256(b"x").hexdigest().upper()
    answers = [_upload(gitea, "a.whl", digest=digest) for digest in ("none", upper)]
    assert answers == ["400 hash mismatch", "201"]


def test_directories_in_a_file_name_are_cut_off(gitea: StandinGitea) -> None:
    assert _upload(gitea, "../../evil.tar.gz") == "201"
    files = _get(gitea, "/api/v1/packages/acme/pypi/a/1.0/files").json()
    assert [file["name"] for file in files] == ["evil.tar.gz"]


def test_a_second_file_leaves_the_listing_as_it_was(gitea: StandinGitea) -> None:
    gitea.publish("acme", "a-1.0-py3-none-any.whl", b"x", requires_python=">=3.9")
    before = _get(gitea, "/api/v1/packages/acme").content
    gitea.publish("acme", "a-1.0.tar.gz", b"x", requires_python=">=3.12")
    assert _get(gitea, "/api/v1/packages/acme").content == before
    page = _get(gitea, "/api/packages/acme/pypi/simple/a").text
    assert page.count('data-requires-python="&gt;=3.9"') == 2


def test_a_version_published_again_has_new_ids_and_other_bytes(gitea: StandinGitea) -> None:
    first = gitea.publish("acme", "a-1.0.tar.gz", b"x")
    gitea.delete_version("acme", "a", "1.0")
    assert _get(gitea, "/api/packages/acme/pypi/simple/a").status_code == 404
    assert _get(gitea, "/api/v1/packages/acme/pypi/a").json() == []
    second = gitea.publish("acme", "a-1.0.tar.gz", b"y", "A")
    assert first.id < second.id
    assert first.digests["sha256"] != second.digests["sha256"]
    assert _rows(gitea) == [("a", "1.0")]


def test_a_slow_upload_appears_below_rows_already_seen(gitea: StandinGitea) -> None:
    gitea.publish("acme", "fast-1.0.tar.gz", b"x")
    gitea.publish("acme", "slow-1.0.tar.gz", b"x", created_at=datetime.now(UTC) - timedelta(seconds=60))
    assert _rows(gitea) == [("fast", "1.0"), ("slow", "1.0")]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("", 30),
        ("&limit=0", 30),
        ("&limit=-1", 30),
        ("&limit=abc", 30),
        ("&limit=51", 50),
        ("&limit=1000", 50),
        ("&limit=40&page=2", 15),
        ("&limit=40&page=0", 40),
        ("&limit=40&page=abc", 40),
        ("&page=9", 0),
    ],
)
def test_pages_are_clamped(gitea: StandinGitea, query: str, rows: int) -> None:
    for number in range(55):
        gitea.publish("acme", f"a-{number}.tar.gz", b"x")
    assert len(_rows(gitea, query)) == rows


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("&q=MY", ["My-Package"]),
        ("&q=my_package", ["My-Package"]),
        ("&q=My.Package", []),
        ("&q=%25", ["My-Package"]),
    ],
)
def test_a_search_is_a_substring_with_wildcards(gitea: StandinGitea, query: str, names: list[str]) -> None:
    gitea.publish("acme", "My.Package-1.0.tar.gz", b"x")
    assert [name for name, _ in _rows(gitea, query)] == names


def test_addresses_follow_the_request_in_rows_and_root_url_in_pages() -> None:
    with StandinGitea("https://git.example/sub/") as gitea:
        gitea.add_owner("Acme")
        gitea.add_token("t")
        gitea.publish("Acme", "a-1.0.tar.gz", b"x")
        asked = {"Host": "other.example", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "ignored.example"}
        (row,) = _get(gitea, "/sub/api/v1/packages/acme/", **asked).json()
        page = _get(gitea, "/api/packages/acme/pypi/simple/a", **asked).text
    assert row["html_url"] == "https://other.example/sub/Acme/-/packages/pypi/a/1.0"
    assert 'href="https://git.example/sub/api/packages/Acme/pypi/files/a/1.0/a-1.0.tar.gz#' in page


@pytest.mark.parametrize(
    ("text", "normalized"),
    [("a b#c?d+e!f", "a%20b#c?d+e!f"), ("100%", "100%25"), ("%41", "%41"), ("it's(1)", "it%27s%281%29")],
)
def test_addresses_are_normalized_as_go_does(text: str, normalized: str) -> None:
    assert normalize_url(text) == normalized


def test_linking_shows_the_repository_and_changes_no_id(gitea: StandinGitea) -> None:
    gitea.publish("acme", "a-1.0.tar.gz", b"x")
    (before,) = _get(gitea, "/api/v1/packages/acme").json()
    gitea.link("acme", "a", "lib", archived=True)
    (after,) = _get(gitea, "/api/v1/packages/acme").json()
    assert (after["repository"]["full_name"], after["repository"]["archived"]) == ("acme/lib", True)
    assert before == after | {"repository": None}
    gitea.unlink("acme", "a")
    assert _get(gitea, "/api/v1/packages/acme").json() == [before]


def test_publishing_what_gitea_refuses_raises(gitea: StandinGitea) -> None:
    gitea.publish("acme", "a-1.0.tar.gz", b"x")
    with pytest.raises(Refused, match="409 package file already exists"):
        gitea.publish("acme", "a-1.0.tar.gz", b"other")


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("HEAD", "/api/packages/acme/pypi/simple/a", 405, "GET"),
        ("DELETE", "/api/packages/acme/pypi/files/a/1.0/a.whl", 405, "GET"),
        ("GET", "/api/packages/acme/pypi/", 405, "POST"),
        ("GET", "/api/packages/acme/pypi/files/a/1.0/a.whl.metadata", 404, None),
        ("GET", "/api/v1/unheard/of", 404, None),
    ],
)
def test_what_is_not_routed(
    gitea: StandinGitea, method: str, path: str, status: int, allow: str | None
) -> None:
    answer = requests.request(method, gitea.url + path, headers=HEADERS, timeout=10)
    assert (answer.status_code, answer.headers.get("Allow")) == (status, allow)
