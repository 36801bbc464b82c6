"""What Gitea has on record of a release's files, as a real Gitea 1.27 answered, and as nobody should."""

from __future__ import annotations

import pytest

from syncer.adapters.gitea.filed import DIGESTS, parse_filed
from syncer.core.errors import RemoteUnavailable
from tests.unit.gitea.recordings import body


@pytest.mark.parametrize("recording", ["version-files", "version-files-odd-names"])
def test_a_recorded_answer_gives_every_file_with_all_its_digests(recording: str) -> None:
    found = parse_filed(body(recording))
    assert len(found) > 1
    assert all(set(file.digests) == set(DIGESTS) for file in found)
    assert all(file.id > 0 and file.size >= 0 and file.filename for file in found)


def test_the_older_spelling_of_the_size_is_read_too() -> None:
    newer = body("version-files")
    assert parse_filed(newer.replace(b'"size"', b'"Size"')) == parse_filed(newer)


def test_a_digest_that_is_none_is_left_out() -> None:
    (file,) = parse_filed(b'[{"id":1,"size":2,"name":"a","md5":null,"sha1":"x","sha256":5}]')
    assert file.digests == {}


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"null",
        b"{}x",
        b"[1]",
        b'{"message": "nothing"}',
        b'[{"id":"1","size":2,"name":"a"}]',
        b'[{"id":1,"size":2.5,"name":"a"}]',
        b'[{"id":1,"size":2,"name":null}]',
        b'[{"id":1,"name":"a"}]',
        b"[" * 100_000,
    ],
)
def test_an_answer_of_another_shape_is_no_record(answer: bytes) -> None:
    with pytest.raises(RemoteUnavailable, match="cannot be read"):
        parse_filed(answer)
