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

from syncer.adapters.careful_tar import CarefulMember, CarefulTar, Refused
from syncer.core.errors import NotADistribution
from syncer.core.metadata import MAX_METADATA, CoreMetadata, read_core_metadata
from syncer.core.model import FileKind
from syncer.core.names import SUFFIXES, suffix_of

MAX_MEMBERS = 100_000
#: Bytes; the largest list of members that a zip may have.
MAX_ZIP_DIRECTORY = 32 * 2**20

_METADATA = re.compile(r"[^/]+\.dist-info/METADATA")
ENCRYPTED = 0x1
READABLE = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
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


def inspect(path: Path, filename: str) -> CoreMetadata:
    """Read the core metadata of the archive at ``path``, whose real name is ``filename``.

    Raises NotADistribution whatever is wrong with the file, and OSError when the disk fails. Memory
    and time are bounded, whatever the file claims.
    """
    suffix = suffix_of(filename)
    if not suffix:
        raise _not_a_distribution(filename, "it is neither a wheel nor an sdist by its name")
    with damage_refused(filename), path.open("rb") as file:
        size = path.stat().st_size
        if not size:
            raise Refused("it is empty")
        raw = _from_tar(file, suffix, size) if ".t" in suffix else _from_zip(file, SUFFIXES[suffix])
    return read_core_metadata(raw, filename)


@contextmanager
def damage_refused(filename: str) -> Iterator[None]:
    """Whatever is wrong with the archive is raised as NotADistribution; a disk that fails stays OSError."""
    try:
        yield
    except Refused as refused:
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


class CarefulZip:
    """Gives zipfile what it asks for, unless that is a list of members too large to hold."""

    def __init__(self, file: IO[bytes]) -> None:
        self.seek = file.seek
        self.tell = file.tell
        self.seekable = file.seekable
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """Read as a file does; ``size`` is what the archive claims."""
        if size > MAX_ZIP_DIRECTORY:
            raise Refused("its list of members is too large")
        data = self._file.read(size)
        if data.count(b"PK\x01\x02") > MAX_MEMBERS:
            raise Refused(f"it has more than {MAX_MEMBERS} members")
        return data


def _from_zip(file: IO[bytes], kind: FileKind) -> bytes:
    with zipfile.ZipFile(CarefulZip(file)) as archive:
        members = archive.infolist()
        for member in members:
            _refuse_outside(member.filename)
            if member.flag_bits & ENCRYPTED:
                raise Refused("it is encrypted")
        names = [member.filename for member in members]
        chosen = members[
            names.index(_wheel_metadata(names) if kind is FileKind.WHEEL else _shallowest(names))
        ]
        if chosen.compress_type not in READABLE:
            raise Refused("its metadata is packed by a method other than deflate")
        with archive.open(chosen) as metadata:
            return metadata.read(MAX_METADATA + 1)


def _wheel_metadata(names: Collection[str]) -> str:
    found = [name for name in names if _METADATA.fullmatch(name)]
    if len(found) != 1:
        raise Refused(f"a wheel has one .dist-info/METADATA, and this has {len(found) or 'none'}")
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
        raise Refused("an sdist has a PKG-INFO, and this has none")
    if depths.count(min(depths)) > 1:
        raise Refused("it has several PKG-INFO files, and none comes first")


def _from_tar(file: IO[bytes], suffix: str, size: int) -> bytes:
    with bz2.open(file) if suffix == ".tar.bz2" else gzip.open(file) as unpacked:
        careful = CarefulTar(unpacked, size)
        with tarfile.open(fileobj=careful, mode="r:", tarinfo=CarefulMember) as archive:  # type: ignore[call-overload]  # enough of a file
            content = _pkg_info(archive, careful)
        careful.skip_to_end()
    return content


def _pkg_info(archive: tarfile.TarFile, careful: CarefulTar) -> bytes:
    """The content of the shallowest PKG-INFO; only one is held at a time."""
    depths: list[int] = []
    content = b""
    for member in members_in(archive, careful):
        _refuse_outside(member.name)
        _refuse_outside(link_of(member))
        depth = _depth(member.name)
        if _is_pkg_info(member.name) and depth <= min(depths, default=depth):
            content = _content(archive, member)
            depths.append(depth)
    _refuse_ambiguity(depths)
    return content


def link_of(member: tarfile.TarInfo) -> str:
    """Where a link leads: a symbolic one from its own folder, a hard one from the top; empty for others."""
    if member.issym():
        return posixpath.join(posixpath.dirname(member.name), member.linkname)
    return member.linkname if member.islnk() else ""


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    opened = archive.extractfile(member) if member.isreg() else None
    if opened is None:
        raise Refused("its PKG-INFO is no ordinary file")
    return opened.read(MAX_METADATA + 1)


def members_in(archive: tarfile.TarFile, careful: CarefulTar) -> Iterator[tarfile.TarInfo]:
    """The tar's members in their order, each gone from memory when the next one comes."""
    for _ in range(MAX_MEMBERS):
        careful.begin_member()
        member = archive.next()
        if member is None:
            return
        careful.begin_member()
        yield member
        # tarfile would keep them all; one pass needs none.
        archive.members.clear()  # type: ignore[attr-defined]  # missing in typeshed
        archive.pax_headers = {}
    raise Refused(f"it has more than {MAX_MEMBERS} members")


def _refuse_outside(place: str) -> None:
    """Installers refuse such an archive as a whole, so nobody could use it."""
    if "\0" in place:
        raise Refused("the name of a member holds a NUL")
    if place.startswith("/") or posixpath.normpath(place).split("/")[0] == "..":
        raise Refused(f"a member would land outside of its folder ({place})")
