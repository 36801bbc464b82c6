from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.adapters.devpi.answers import classify_upload_answer, reason_of
from syncer.adapters.devpi.listing import read_facts, read_project, read_projects, read_simple
from syncer.core.errors import (
    ContentConflict,
    ListingIncomplete,
    RateLimited,
    RemoteUnavailable,
    Retryable,
    SyncerError,
    TargetMissing,
    Unauthorized,
    UploadRejected,
)
from syncer.core.model import DistributionFile

FILE = DistributionFile("beta", "1.0", "beta-1.0-py3-none-any.whl", "0" * 64)
SHA256 = "ab" * 32


@pytest.mark.parametrize(
    ("status", "reason", "error"),
    [
        pytest.param(200, "OK", None, id="new file"),
        pytest.param(200, "Upload of identical file to non volatile index.", None, id="identical file"),
        pytest.param(200, "OK, but a trigger plugin failed: x", None, id="a plugin failed afterwards"),
        pytest.param(201, "Created", None, id="another legacy server"),
        pytest.param(
            409, "beta-1.0 already exists in non-volatile index", ContentConflict, id="other content"
        ),
        pytest.param(401, "Unauthorized", Unauthorized, id="no or dead token"),
        pytest.param(407, "Proxy Authentication Required", Unauthorized, id="proxy wants a login"),
        pytest.param(403, "no permission to submit", Unauthorized, id="not in acl_upload"),
        pytest.param(403, "Token expired at 1", Unauthorized, id="token expired"),
        pytest.param(403, "Token denied access to index 'u/s'", Unauthorized, id="token of another index"),
        pytest.param(
            403, "Token denied access to project 'beta'", UploadRejected, id="token of another project"
        ),
        pytest.param(404, "The stage u/nope could not be found.", TargetMissing, id="no such index"),
        pytest.param(404, "cannot submit to mirror index", TargetMissing, id="mirror"),
        pytest.param(405, "Method Not Allowed", TargetMissing, id="no devpi at all"),
        pytest.param(302, "Found", TargetMissing, id="redirect"),
        pytest.param(308, "Permanent Redirect", TargetMissing, id="permanent redirect"),
        pytest.param(400, "'beta-1.0.txt' is not a valid archive name", UploadRejected, id="not an archive"),
        pytest.param(
            400, "filename 'x' does not contain version '1'", UploadRejected, id="version not in the name"
        ),
        pytest.param(400, "invalid metadata: Invalid package name", UploadRejected, id="bad name"),
        pytest.param(410, "Gone", UploadRejected, id="gone"),
        pytest.param(413, "Request Entity Too Large", UploadRejected, id="too large"),
        pytest.param(422, "Unprocessable", UploadRejected, id="anything else of the 400s"),
        pytest.param(408, "Request Timeout", RemoteUnavailable, id="server lost patience"),
        pytest.param(429, "Too Many Requests", RateLimited, id="slow down"),
        pytest.param(500, "Internal Server Error", RemoteUnavailable, id="write lock held too long"),
        pytest.param(502, "Bad Gateway", RemoteUnavailable, id="proxy before a restarting devpi"),
        pytest.param(503, "Service Unavailable", RemoteUnavailable, id="read-only for maintenance"),
        pytest.param(507, "", RemoteUnavailable, id="disk full"),
        pytest.param(999, "", RemoteUnavailable, id="no HTTP status at all"),
    ],
)
def test_every_answer_to_an_upload_has_its_meaning(
    status: int, reason: str, error: type[SyncerError] | None
) -> None:
    answer = classify_upload_answer(status, reason, FILE)
    assert answer.text
    if error is None:
        assert answer.error is None
    else:
        assert type(answer.error) is error
        assert all((answer.error.what, answer.error.cause, answer.error.next_step))
        assert "redirect" in answer.error.what or answer.text in answer.error.what


@given(status=st.integers(min_value=100, max_value=999), reason=st.text(max_size=20))
def test_only_success_is_success_and_only_the_servers_trouble_is_tried_again(
    status: int, reason: str
) -> None:
    answer = classify_upload_answer(status, reason, FILE)
    assert (answer.error is None) == (200 <= status < 300)
    assert isinstance(answer.error, Retryable) == (status in {408, 425, 429} or status >= 500 or status < 200)


def test_a_rejected_file_keeps_the_status() -> None:
    error = classify_upload_answer(413, "", FILE).error
    assert isinstance(error, UploadRejected)
    assert (error.status, "client_max_body_size" in error.next_step) == (413, True)


@pytest.mark.parametrize(
    ("phrase", "body", "reason"),
    [
        pytest.param("OK", b"", "OK", id="success has no body"),
        pytest.param(
            "already exists",
            json.dumps({"message": "\n\n\n", "code": "409 x", "title": "x already exists"}).encode(),
            "x already exists",
            id="devpi's title",
        ),
        pytest.param(
            "Not Found",
            b'{"message": "The stage u/x could not be found."}',
            "The stage u/x could not be found",
            id="message",
        ),
        pytest.param(
            "Forbidden",
            b'{"message": "Access was denied.\\n\\n\\nToken expired at 1\\n", "title": "Forbidden"}',
            "Access was denied. Token expired at 1",
            id="devpi-tokens",
        ),
        pytest.param("Bad Gateway", b"<html>nginx</html>", "Bad Gateway", id="a proxy's page"),
        pytest.param("Bad", b"[" * 100_000, "Bad", id="hostile JSON"),
        pytest.param("Bad", b"[1]", "Bad", id="other JSON"),
        pytest.param("a\x1b[31m\nb", b'{"message": 1}', "a[31m b", id="control characters"),
        pytest.param("x" * 1000, b"", "x" * 300, id="long"),
    ],
)
def test_the_reason_is_devpis_own_in_one_line(phrase: str, body: bytes, reason: str) -> None:
    assert reason_of(phrase, body) == reason


def listed(versions: dict[str, Any]) -> list[DistributionFile]:
    return list(read_project("u/s/beta", "beta", {"type": "projectconfig", "result": versions}))


def link(**changes: Any) -> dict[str, Any]:
    href = "http://h/u/s/+f/aba/b/beta-1.0%2Bx.tar.gz"
    return {"rel": "releasefile", "href": href, "hashes": {"sha256": SHA256}} | changes


@pytest.mark.parametrize(
    ("links", "sha256"),
    [
        pytest.param([link()], [SHA256], id="hashes"),
        pytest.param([link(hashes={}, hash_spec=f"sha256={SHA256}")], [SHA256], id="only hash_spec"),
        pytest.param([link(hashes=None, hash_spec="md5=ab")], [""], id="no sha256: equal to nothing"),
        pytest.param([link(hashes={"sha256": 5})], [""], id="absurd sha256: equal to nothing"),
        pytest.param([link(rel="doczip"), link(rel="toxresult")], [], id="no release files"),
        pytest.param([], [], id="no files"),
    ],
)
def test_release_files_are_listed_with_their_sha256(links: list[dict[str, Any]], sha256: list[str]) -> None:
    files = listed({"1.0+x": {"requires_python": ">=3.9", "+links": links}, "2.0": {}})
    expected = [("beta", "1.0+x", "beta-1.0+x.tar.gz", digest, ">=3.9") for digest in sha256]
    assert [(f.project, f.version, f.filename, f.sha256, f.requires_python) for f in files] == expected


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"result": []},
        {"result": {"1.0": None}},
        {"result": {"1.0": {"+links": {}}}},
        {"result": {"1.0": {"+links": ["x"]}}},
        {"result": {"1.0": {"+links": [{"rel": "releasefile"}]}}},
    ],
)
def test_a_project_of_another_shape_is_never_taken_for_complete(answer: Any) -> None:
    with pytest.raises(ListingIncomplete, match="u/s/beta"):
        list(read_project("u/s/beta", "beta", answer))


@pytest.mark.parametrize("answer", [None, {"result": {"type": "stage"}}, {"result": {"projects": [1]}}])
def test_an_index_of_another_shape_is_never_taken_for_complete(answer: Any) -> None:
    with pytest.raises(ListingIncomplete):
        read_projects("u/s", answer)


def test_an_index_that_does_not_say_whether_it_is_volatile_counts_as_volatile() -> None:
    assert read_facts("u/s", {"result": {"type": "stage"}}).volatile


@pytest.mark.parametrize(
    ("link_url", "own"),
    [
        pytest.param("../../+f/aba/b/beta-1.0.zip", True, id="relative"),
        pytest.param("http://h/u/s/+f/aba/b/beta-1.0.zip", True, id="absolute"),
        pytest.param("https://public/prefix/u/s/+f/aba/b/beta-1.0.zip", True, id="outside URL with a path"),
        pytest.param("../../../base/+f/aba/b/beta-1.0.zip", False, id="inherited"),
        pytest.param("../../../../u/ss/+f/aba/b/beta-1.0.zip", False, id="index whose name begins alike"),
        pytest.param("../../../../uu/s/+f/aba/b/beta-1.0.zip", False, id="user whose name ends alike"),
        pytest.param(
            "http://h/root/pypi/+f/u/s/+f/beta-1.0.zip", False, id="the path of a base imitates ours"
        ),
        pytest.param("http://elsewhere/beta-1.0.zip", False, id="a mirror's own link"),
    ],
)
def test_only_the_indexs_own_files_are_read_back(link_url: str, own: bool) -> None:
    entry = {
        "filename": "beta-1.0.zip",
        "url": link_url,
        "hashes": {"sha256": SHA256},
        "requires-python": ">=3",
    }
    files = list(read_simple("place", "http://h/u/s/+simple/beta/", "u/s", "beta", {"files": [entry]}))
    expected = [DistributionFile("beta", "1.0", "beta-1.0.zip", SHA256, requires_python=">=3")]
    assert files == (expected if own else [])


@pytest.mark.parametrize("page", [None, {}, {"files": None}, {"files": [1]}, {"files": [{"filename": "x"}]}])
def test_a_simple_page_of_another_shape_is_refused(page: Any) -> None:
    with pytest.raises(ListingIncomplete):
        list(read_simple("place", "http://h/", "u/s", "beta", page))
