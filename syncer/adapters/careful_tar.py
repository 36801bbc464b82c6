"""A compressed tar, read so that memory and time are bounded whatever it claims."""

from __future__ import annotations

import re
import tarfile
from bz2 import BZ2File
from gzip import GzipFile

from syncer.core.metadata import MAX_METADATA

#: Bytes; how far a tar is unpacked in memory, and from where on its ratio to the file counts.
MAX_TAR = 2 * 2**30
RATIO_COUNTS_FROM = 64 * 2**20
MAX_RATIO = 200
#: Bytes; the most that one tar member's header, its extensions or its metadata may take.
MAX_TAR_HEADER = MAX_METADATA + 2**20
#: Bytes and number; the most pax headers of one member. tarfile holds a copy of all records for each.
MAX_PAX_HEADER = 2**20
MAX_PAX_HEADERS = 8
#: Bytes; the most pax headers of a whole tar, enough for a hundred thousand members.
MAX_PAX = 64 * 2**20
#: Digits in a row in a pax header; no segment of a path is longer.
MAX_DIGITS = 256

_CHUNK = 2**18
_PAX_TYPES = {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE}
_RECORD = re.compile(rb"([0-9]{1,8}) [^=]+=")
_ZEROS = bytes.maketrans(b"123456789", b"0" * 9)


class Refused(Exception):  # noqa: D101  # a file with a defect that has a sentence of its own
    pass


class CarefulTar:
    """The unpacked tar, read once, forwards, and no further than its limits."""

    def __init__(self, unpacked: GzipFile | BZ2File, size: int) -> None:
        self._unpacked = unpacked
        self._limit = min(MAX_TAR, max(RATIO_COUNTS_FROM, MAX_RATIO * size))
        self._position = 0
        self._pax_left = MAX_PAX
        self._pax_follows = False
        self.begin_member()

    def begin_member(self) -> None:
        """What is read from now on belongs to another member, or to the content of this one."""
        self._allowance = MAX_TAR_HEADER
        self._pax_headers_left = MAX_PAX_HEADERS

    def expect_pax(self) -> None:
        """What is read next are the records of a pax header."""
        self._pax_follows = True

    def tell(self) -> int:
        """The position in the unpacked tar."""
        return self._position

    def read(self, size: int) -> bytes:
        """Read what a header asks for, within the allowance of this member."""
        self._allowance -= size
        if self._allowance < 0:
            raise Refused("one of its members has a header of absurd size")
        if not self._pax_follows:
            return self._take(size)
        self._pax_follows = False
        return self._pax(size)

    def seek(self, position: int) -> None:
        """Skip forwards; a tar read in order never goes back."""
        if position < self._position:
            raise Refused("its members overlap")
        while self._position < position and self._take(min(_CHUNK, position - self._position)):
            pass

    def skip_to_end(self) -> None:
        """Read the rest, so that a damaged or cut off end shows."""
        while self._take(_CHUNK):
            pass

    def _pax(self, size: int) -> bytes:
        self._pax_headers_left -= 1
        self._pax_left -= size
        if size > MAX_PAX_HEADER or self._pax_headers_left < 0 or self._pax_left < 0:
            raise Refused("its members have pax headers of absurd size")
        records = self._take(size)
        _refuse_absurd(records)
        return records

    def _take(self, size: int) -> bytes:
        data = self._unpacked.read(size)
        self._position += len(data)
        if self._position > self._limit:
            raise Refused(f"it unpacks to more than {self._limit // 2**20} MiB, as an archive bomb does")
        return data


class CarefulMember(tarfile.TarInfo):
    """A member whose pax headers are looked at before tarfile parses them."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        """The method that tarfile's source names as the one to override."""
        if self.type in _PAX_TYPES and isinstance(archive.fileobj, CarefulTar):
            archive.fileobj.expect_pax()
        return super()._proc_member(archive)  # type: ignore[misc,no-any-return]  # missing in typeshed


def _refuse_absurd(records: bytes) -> None:
    """Refuse what Python before 3.11.10 and 3.12.6 takes quadratic time for (CVE-2024-6232).

    Records whose stated lengths do not lead from one to the next, which later versions refuse as
    well, and endless numbers.
    """
    at = 0
    while records[at : at + 1].strip(b"\0"):
        record = _RECORD.match(records, at)
        end = at + int(record[1]) if record else at
        if record is None or end <= record.end() or records[end - 1 : end] != b"\n":
            raise Refused("one of its members has a damaged pax header")
        at = end
    if b"0" * MAX_DIGITS in records.translate(_ZEROS):
        raise Refused("one of its members has a pax header with an absurd number")
