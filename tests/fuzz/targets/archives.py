"""Wheels and sdists: their raw bytes, the tar beneath its compression, and archives built by a recipe."""

from __future__ import annotations

import gzip
import io
import tarfile
import tempfile
import zipfile
from pathlib import Path

from syncer.adapters.archive import inspect
from syncer.adapters.members import read_members
from syncer.core.errors import NotADistribution
from syncer.core.members import Members
from syncer.core.metadata import CoreMetadata
from tests.fuzz.laws import check_metadata, only
from tests.fuzz.recipes import Recipe, read_recipe
from tests.fuzz.target import Target, loaded

WHEEL = "demo-1.0-py3-none-any.whl"
_PACKED = ("demo-1.0.tar.gz", "demo-1.0.tar.bz2")
_ZIPS = (WHEEL, "demo-1.0.zip")
SHA256_DIGITS = 64
#: What an installer says to a member that would land outside of the archive's folder.
_OUTSIDE = (
    tarfile.OutsideDestinationError,
    tarfile.LinkOutsideDestinationError,
    tarfile.AbsoluteLinkError,
    tarfile.AbsolutePathError,
)


def packed(data: bytes) -> None:
    """The first byte chooses the compression; the rest is the file as it is."""
    examine(data[1:], _PACKED[data[0] % 2 if data else 0])


def unpacked_tar(data: bytes) -> None:
    examine(gzip.compress(data, 0), "demo-1.0.tar.gz")


def zipped(data: bytes) -> None:
    """The first byte chooses between wheel and sdist."""
    examine(data[1:], _ZIPS[data[0] % 2 if data else 0])


def recipe(data: bytes) -> None:
    wanted = read_recipe(loaded(data))
    content = wanted.build()
    if content is not None and examine(content, wanted.filename):
        _check_usable(content, wanted)


def examine(content: bytes, filename: str) -> bool:
    """Whether the archive is a distribution; the laws hold either way."""
    accepted: list[CoreMetadata] = []
    with tempfile.NamedTemporaryFile(prefix="fuzz-") as file:
        file.write(content)
        file.flush()
        with only(NotADistribution):
            accepted.append(inspect(Path(file.name), filename))
            check_metadata(accepted[0], filename)
        with only(NotADistribution):
            _check_members(read_members(Path(file.name), filename))
    return bool(accepted)


def _check_members(members: Members) -> None:
    """Each has what it can be compared by."""
    assert all(len(member.sha256) == SHA256_DIGITS or member.link for member in members.values())


def _check_usable(content: bytes, wanted: Recipe) -> None:
    """An installer would not refuse what was accepted."""
    if wanted.is_zip:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
        assert not any(name.startswith("/") or ".." in name.split("/")[:1] for name in names)
        assert wanted.filename != WHEEL or sum(name.endswith(".dist-info/METADATA") for name in names) >= 1
        return
    with tarfile.open(fileobj=io.BytesIO(content)) as opened:
        for member in opened:
            _check_member(member)


def _check_member(member: tarfile.TarInfo) -> None:
    try:
        tarfile.data_filter(member, "/nowhere")
    except _OUTSIDE as error:
        raise AssertionError(str(error)) from error
    except tarfile.FilterError:
        return  # a device, which installers leave out


TARGETS = (
    Target("packed", packed, ("\x1f\x8b", "BZh9"), max_len=1024),
    Target("tar", unpacked_tar, ("ustar\x0000", "PKG-INFO", "L", "x", "30 mtime=1"), max_len=8192),
    Target("zip", zipped, ("PK\x01\x02", "PK\x03\x04", "PK\x05\x06", "PK\x06\x07"), max_len=2048),
    Target(
        "recipe",
        recipe,
        (
            "demo-1.0.dist-info/METADATA",
            "demo-1.0/PKG-INFO",
            "Name: demo\nVersion: 1.0\n",
            "../x",
            "/x",
            "symlink",
            "hardlink",
            "encrypted",
            "deflated",
            "lzma",
            "path",
            "linkpath",
            "size",
            "GNU.sparse.map",
            "GNU.sparse.major",
            "hdrcharset",
            ".tar.gz",
            ".whl",
        ),
        json=True,
        max_len=4096,
    ),
)
