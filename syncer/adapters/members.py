"""What a wheel or sdist holds, member by member; nothing is extracted to disk."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from syncer.adapters.archive import ENCRYPTED, READABLE, CarefulZip, damage_refused, link_of, members_in
from syncer.adapters.careful_tar import (
    MAX_RATIO,
    MAX_TAR,
    RATIO_COUNTS_FROM,
    CarefulMember,
    CarefulTar,
    Refused,
)
from syncer.core.members import Member, Members
from syncer.core.names import suffix_of

_CHUNK = 256 * 1024


def read_members(path: Path, filename: str) -> Members:
    """The members of the archive at ``path``, whose real name is ``filename``; folders are left out.

    Raises NotADistribution whatever is wrong with the file, and OSError when the disk fails. Memory and
    time are bounded, whatever the file claims.
    """
    size = path.stat().st_size
    with damage_refused(filename), path.open("rb") as file:
        if ".t" in suffix_of(filename):
            return _of_tar(file, suffix_of(filename), size)
        return _of_zip(file, size)


def _of_zip(file: IO[bytes], size: int) -> Members:
    left = _Allowance(size)
    with zipfile.ZipFile(CarefulZip(file)) as archive:
        return {
            info.filename: _zipped(archive, info, left) for info in archive.infolist() if not info.is_dir()
        }


def _zipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo, left: _Allowance) -> Member:
    if info.flag_bits & ENCRYPTED:
        raise Refused("it is encrypted")
    if info.compress_type not in READABLE:
        raise Refused("a member is packed by a method other than deflate")
    with archive.open(info) as content:
        return _hashed(lambda: left.take(content.read(_CHUNK)))


def _of_tar(file: IO[bytes], suffix: str, size: int) -> Members:
    with bz2.open(file) if suffix == ".tar.bz2" else gzip.open(file) as unpacked:
        careful = CarefulTar(unpacked, size)
        with tarfile.open(fileobj=careful, mode="r:", tarinfo=CarefulMember) as archive:  # type: ignore[call-overload]  # enough of a file
            return {
                member.name: _in_tar(archive, member, careful)
                for member in members_in(archive, careful)
                if not member.isdir()
            }


def _in_tar(archive: tarfile.TarFile, member: tarfile.TarInfo, careful: CarefulTar) -> Member:
    """A sparse member may claim any size without a byte of it, so it is told by its claim alone."""
    if member.issparse() or not member.isreg():
        return Member(member.size, link=link_of(member) or "special")
    content = archive.extractfile(member)
    if content is None:
        raise Refused("one of its members cannot be read")

    def read() -> bytes:
        careful.begin_member()  # each piece has the allowance that a header has
        return content.read(_CHUNK)

    return _hashed(read)


def _hashed(read: Callable[[], bytes]) -> Member:
    digest, size = hashlib.sha256(), 0
    while chunk := read():
        digest.update(chunk)
        size += len(chunk)
    return Member(size, digest.hexdigest())


class _Allowance:
    """How many bytes a zip may still unpack to, as many as a tar of that size may."""

    def __init__(self, size: int) -> None:
        self._limit = min(MAX_TAR, max(RATIO_COUNTS_FROM, MAX_RATIO * size))
        self._left = self._limit

    def take(self, chunk: bytes) -> bytes:
        """The chunk, unless it is too much."""
        self._left -= len(chunk)
        if self._left < 0:
            raise Refused(f"it unpacks to more than {self._limit // 2**20} MiB, as an archive bomb does")
        return chunk
