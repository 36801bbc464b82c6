"""Open a wheel or sdist just far enough to read its core metadata; nothing is extracted to disk."""

from __future__ import annotations

import bz2
import errno
import gzip
import posixpath
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from syncer.core.errors import NotADistribution
from syncer.core.metadata import MAX_METADATA, CoreMetadata, read_core_metadata
from syncer.core.model import FileKind
from syncer.core.names import SUFFIXES, suffix_of

MAX_MEMBERS = 100_000
#: Bytes; the largest list of members that a zip may have.
MAX_ZIP_DIRECTORY = 32 * 2**20
#: Bytes; how far a tar is unpacked in memory, and from where on its ratio to the file counts.
MAX_TAR = 2 * 2**30
RATIO_COUNTS_FROM = 64 * 2**20
MAX_RATIO = 200
#: Bytes; the most that one tar member's header, its extensions or its metadata may take.
MAX_TAR_HEADER = MAX_METADATA + 2**20
_CHUNK = 2**18

_METADATA = re.compile(r"[^/]+\.dist-info/METADATA")
_ENCRYPTED = 0x1
_READABLE = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,  # undecodable text included
    RuntimeError,  # NotImplementedError and RecursionError included
    LookupError,
    OverflowError,
    TypeError,
)


class _Refused(Exception):  # a file with a defect that has a sentence of its own
    pass


def inspect(path: Path, filename: str) -> CoreMetadata:
    """Read the core metadata of the archive at ``path``, whose real name is ``filename``.

    Raises NotADistribution whatever is wrong with the file, and OSError when the disk fails. Memory
    and time are bounded, whatever the file claims.
    """
    suffix = suffix_of(filename)
    if not suffix:
        raise _not_a_distribution(filename, "it is neither a wheel nor an sdist by its name")
    with _damage_refused(filename), path.open("rb") as file:
        size = path.stat().st_size
        if not size:
            raise _Refused("it is empty")
        raw = _from_tar(file, suffix, size) if ".t" in suffix else _from_zip(file, SUFFIXES[suffix])
    return read_core_metadata(raw, filename)


@contextmanager
def _damage_refused(filename: str) -> Iterator[None]:
    try:
        yield
    except _Refused as refused:
        raise _not_a_distribution(filename, str(refused)) from None
    except (*_DAMAGE, OSError) as error:
        # gzip and bz2 report damage as OSError without a number; EINVAL is a seek to an absurd place.
        if isinstance(error, OSError) and error.errno not in {None, errno.EINVAL}:
            raise
        raise _not_a_distribution(filename, f"it is no readable archive ({error})") from error


def _not_a_distribution(filename: str, reason: str) -> NotADistribution:
    return NotADistribution(
        f"{filename} cannot be copied: {' '.join(reason.split())[:300]}.",
        "It was damaged or cut off before it was published, or it is something else under this name.",
        "Build it again and publish it anew.",
    )


class _CarefulZip:
    """Gives zipfile what it asks for, unless that is a list of members too large to hold."""

    def __init__(self, file: IO[bytes]) -> None:
        self.seek = file.seek
        self.tell = file.tell
        self.seekable = file.seekable
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """Read as a file does; ``size`` is what the archive claims."""
        if size > MAX_ZIP_DIRECTORY:
            raise _Refused("its list of members is too large")
        data = self._file.read(size)
        if data.count(b"PK\x01\x02") > MAX_MEMBERS:
            raise _Refused(f"it has more than {MAX_MEMBERS} members")
        return data


def _from_zip(file: IO[bytes], kind: FileKind) -> bytes:
    with zipfile.ZipFile(_CarefulZip(file)) as archive:
        members = archive.infolist()
        for member in members:
            _refuse_outside(member.filename)
            if member.flag_bits & _ENCRYPTED:
                raise _Refused("it is encrypted")
        names = [member.filename for member in members]
        chosen = members[
            names.index(_wheel_metadata(names) if kind is FileKind.WHEEL else _shallowest(names))
        ]
        if chosen.compress_type not in _READABLE:
            raise _Refused("its metadata is packed by a method other than deflate")
        with archive.open(chosen) as metadata:
            return metadata.read(MAX_METADATA + 1)


def _wheel_metadata(names: Collection[str]) -> str:
    found = [name for name in names if _METADATA.fullmatch(name)]
    if len(found) != 1:
        raise _Refused(f"a wheel has one .dist-info/METADATA, and this has {len(found) or 'none'}")
    return found[0]


def _shallowest(names: Collection[str]) -> str:
    found = [name for name in names if _is_pkg_info(name)]
    _refuse_ambiguity([_depth(name) for name in found])
    return min(found, key=_depth)


def _is_pkg_info(name: str) -> bool:
    return posixpath.basename(name) == "PKG-INFO"


def _depth(name: str) -> int:
    return name.count("/")


def _refuse_ambiguity(depths: list[int]) -> None:
    if not depths:
        raise _Refused("an sdist has a PKG-INFO, and this has none")
    if depths.count(min(depths)) > 1:
        raise _Refused("it has several PKG-INFO files, and none comes first")


class _CarefulTar:
    """An unpacked tar that is read once, forwards, and no further than its limits."""

    def __init__(self, unpacked: gzip.GzipFile | bz2.BZ2File, limit: int) -> None:
        self._unpacked = unpacked
        self._limit = limit
        self._position = 0
        self.allowance = MAX_TAR_HEADER

    def tell(self) -> int:
        """The position in the unpacked tar."""
        return self._position

    def read(self, size: int) -> bytes:
        """Read what a header asks for, within the allowance of this member."""
        self.allowance -= size
        if self.allowance < 0:
            raise _Refused("one of its members has a header of absurd size")
        return self._take(size)

    def seek(self, position: int) -> None:
        """Skip forwards; a tar read in order never goes back."""
        if position < self._position:
            raise _Refused("its members overlap")
        while self._position < position and self._take(min(_CHUNK, position - self._position)):
            pass

    def skip_to_end(self) -> None:
        """Read the rest, so that a damaged or cut off end shows."""
        while self._take(_CHUNK):
            pass

    def _take(self, size: int) -> bytes:
        data = self._unpacked.read(size)
        self._position += len(data)
        if self._position > self._limit:
            raise _Refused(f"it unpacks to more than {self._limit // 2**20} MiB, as an archive bomb does")
        return data


def _from_tar(file: IO[bytes], suffix: str, size: int) -> bytes:
    limit = min(MAX_TAR, max(RATIO_COUNTS_FROM, MAX_RATIO * size))
    with bz2.open(file) if suffix == ".tar.bz2" else gzip.open(file) as unpacked:
        careful = _CarefulTar(unpacked, limit)
        with tarfile.open(fileobj=careful, mode="r:") as archive:  # type: ignore[call-overload]  # enough of a file
            content = _pkg_info(archive, careful)
        careful.skip_to_end()
    return content


def _pkg_info(archive: tarfile.TarFile, careful: _CarefulTar) -> bytes:
    """The content of the shallowest PKG-INFO; only one is held at a time."""
    depths: list[int] = []
    content = b""
    for member in _members(archive, careful):
        _refuse_outside(member.name, member.linkname if member.islnk() or member.issym() else "")
        depth = _depth(member.name)
        if _is_pkg_info(member.name) and depth <= min(depths, default=depth):
            content = _content(archive, member)
            depths.append(depth)
    _refuse_ambiguity(depths)
    return content


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    opened = archive.extractfile(member) if member.isreg() else None
    if opened is None:
        raise _Refused("its PKG-INFO is no ordinary file")
    return opened.read(MAX_METADATA + 1)


def _members(archive: tarfile.TarFile, careful: _CarefulTar) -> Iterator[tarfile.TarInfo]:
    for _ in range(MAX_MEMBERS):
        careful.allowance = MAX_TAR_HEADER
        member = archive.next()
        if member is None:
            return
        careful.allowance = MAX_TAR_HEADER
        yield member
        # tarfile would keep them all; one pass needs none.
        archive.members.clear()  # type: ignore[attr-defined]  # missing in typeshed
        archive.pax_headers = {}
    raise _Refused(f"it has more than {MAX_MEMBERS} members")


def _refuse_outside(name: str, link: str = "") -> None:
    """Installers refuse such an archive as a whole, so nobody could use it."""
    for place in (name, posixpath.join(posixpath.dirname(name), link)):
        if place.startswith("/") or posixpath.normpath(place).split("/")[0] == "..":
            raise _Refused(f"a member would land outside of its folder ({place})")
