"""The members of wheels and sdists, read within bounds."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import zipfile
from pathlib import Path

import pytest

from syncer.adapters.members import read_members
from syncer.core.errors import NotADistribution
from syncer.core.members import Member, Members
from tests.support.dists import Dist, member, sdist, tar_of, tarred, wheel, zipped


def read(folder: Path, content: bytes, filename: str = "demo-1.0-py3-none-any.whl") -> Members:
    path = folder / "file"
    path.write_bytes(content)
    return read_members(path, filename)


def of(content: bytes) -> Member:
    return Member(len(content), hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize(
    "dist", [wheel("demo", "1.0", payload=b"x"), sdist("demo", "1.0")], ids=["wheel", "sdist"]
)
def test_the_members_of_a_distribution_are_its_files(tmp_path: Path, dist: Dist) -> None:
    found = read(tmp_path, dist.content, dist.filename)
    metadata = next(name for name in found if name.endswith(("METADATA", "PKG-INFO")))
    assert found[metadata].size > 10
    assert all(each.sha256 for each in found.values())


def test_members_have_their_unpacked_size_and_digest(tmp_path: Path) -> None:
    large = b"large" * 200_000
    files = {"a/small": b"small", "a/large": large, "a/empty": b""}
    expected = {name: of(content) for name, content in files.items()}
    assert read(tmp_path, zipped(files, zipfile.ZIP_DEFLATED)) == expected
    assert read(tmp_path, tarred(files), "demo-1.0.tar.gz") == expected


def test_a_link_is_told_by_where_it_leads_and_a_folder_not_at_all(tmp_path: Path) -> None:
    tar = tar_of(
        member("d", tarfile.DIRTYPE),
        member("d/link", tarfile.SYMTYPE, "other"),
        member("d/pipe", tarfile.FIFOTYPE),
    )
    found = read(tmp_path, gzip.compress(tar), "demo-1.0.tar.gz")
    assert found == {"d/link": Member(0, link="d/other"), "d/pipe": Member(0, link="special")}


@pytest.mark.parametrize(
    ("content", "filename", "words"),
    [
        pytest.param(b"", "demo-1.0-py3-none-any.whl", "no readable archive", id="empty"),
        pytest.param(b"garbage", "demo-1.0.tar.gz", "no readable archive", id="garbage"),
        pytest.param(
            zipped({"zeros": bytes(2**27)}, zipfile.ZIP_DEFLATED),
            "demo-1.0-py3-none-any.whl",
            "bomb",
            id="zip bomb",
        ),
        pytest.param(tarred({"zeros": bytes(2**27)}), "demo-1.0.tar.gz", "bomb", id="tar bomb"),
        pytest.param(
            zipped({"a": b"a" * 99}, zipfile.ZIP_BZIP2),
            "demo-1.0-py3-none-any.whl",
            "other than deflate",
            id="bzip2 in a zip",
        ),
    ],
)
def test_what_cannot_be_read_within_bounds_is_refused(
    tmp_path: Path, content: bytes, filename: str, words: str
) -> None:
    with pytest.raises(NotADistribution, match=words):
        read(tmp_path, content, filename)
