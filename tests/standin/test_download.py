"""Downloads obey ranges and conditions as Go's file server does."""

from datetime import UTC, datetime

import pytest
import requests

from tests.standin.gitea import StandinGitea


def _get(gitea: StandinGitea, path: str, **headers: str) -> requests.Response:
    return requests.get(gitea.url + path, headers=headers, timeout=10)


@pytest.mark.parametrize(
    ("headers", "status", "body"),
    [
        ({}, 200, b"0123456789"),
        ({"Range": "bytes=2-4"}, 206, b"234"),
        ({"Range": "bytes=7-"}, 206, b"789"),
        ({"Range": "bytes=-2"}, 206, b"89"),
        ({"Range": "bytes=8-99"}, 206, b"89"),
        ({"Range": "bytes=4-2"}, 416, b"invalid range\n"),
        ({"Range": "lines=1-2"}, 416, b"invalid range\n"),
        ({"Range": "bytes=2-4", "If-Range": "Sat, 21 Nov 2026 08:00:00 GMT"}, 206, b"234"),
        ({"Range": "bytes=2-4", "If-Range": "Sat, 21 Nov 2026 07:00:00 GMT"}, 200, b"0123456789"),
        ({"If-Modified-Since": "Sat, 21 Nov 2026 07:59:59 GMT"}, 200, b"0123456789"),
        ({"If-Modified-Since": "some day"}, 200, b"0123456789"),
        ({"If-None-Match": "*"}, 304, b""),
        ({"If-None-Match": '"other"'}, 200, b"0123456789"),
    ],
)
def test_a_download_obeys_ranges_and_conditions(
    gitea: StandinGitea, headers: dict[str, str], status: int, body: bytes
) -> None:
    gitea.publish("acme", "a-1.0.tar.gz", b"0123456789", created_at=datetime(2026, 11, 21, 8, tzinfo=UTC))
    answer = _get(gitea, "/api/packages/acme/pypi/files/A/1.0/A-1.0.tar.gz", **headers)
    assert (answer.status_code, answer.content) == (status, body)


def test_several_ranges_come_as_multipart(gitea: StandinGitea) -> None:
    gitea.publish("acme", "a-1.0.tar.gz", b"0123456789")
    answer = _get(gitea, "/api/packages/acme/pypi/files/a/1.0/a-1.0.tar.gz", Range="bytes=0-1,8-9")
    assert answer.status_code == 206
    assert answer.headers["Content-Type"].startswith("multipart/byteranges; boundary=")
    assert [f"Content-Range: bytes {part}/10".encode() in answer.content for part in ("0-1", "8-9")] == [
        True,
        True,
    ]
