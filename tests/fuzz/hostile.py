"""Inputs made to exhaust whoever reads them; too large to be kept, so they are built."""

from __future__ import annotations

import gzip
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from syncer.adapters.archive import inspect
from syncer.adapters.gitea.client import MAX_LIST_BYTES, MAX_SIMPLE_BYTES
from syncer.adapters.gitea.rows import parse_rows
from syncer.adapters.gitea.simple_page import parse_simple_page
from syncer.core.metadata import read_core_metadata
from syncer.core.names import read_filename
from tests.support.dists import member, tar_of, zipped

_MIB = 2**20
#: A member named x, as the list at the end of a zip has it.
_CENTRAL = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", 20, 0, 20, *[0] * 8, 1, *[0] * 6) + b"x"
WHEEL = "demo-1.0-py3-none-any.whl"
SDIST = "demo-1.0.tar.gz"


#: Who reads an input, from the file that holds it.
READERS: dict[str, Callable[[Path], object]] = {
    "wheel": lambda path: inspect(path, WHEEL),
    "sdist": lambda path: inspect(path, SDIST),
    "page": lambda path: parse_simple_page(path.read_bytes(), "demo"),
    "rows": lambda path: parse_rows(path.read_bytes()),
    "metadata": lambda path: read_core_metadata(path.read_bytes(), SDIST),
    "filename": lambda path: read_filename(path.read_text()),
}


@dataclass(frozen=True, slots=True)
class Hostile:
    """An input, who reads it, and what is said of it.

    ``megabytes`` and CPU ``seconds`` are the most that it may cost; an input that is read whole
    counts as well.
    """

    name: str
    reader: str
    build: Callable[[], bytes]
    reason: str
    megabytes: int = 32
    seconds: float = 2


def _sdist(tar: bytes) -> bytes:
    return gzip.compress(tar, 1)


def wheel_with_metadata_of_50_mb() -> bytes:
    return zipped({"demo-1.0.dist-info/METADATA": bytes(50 * _MIB)}, zipfile.ZIP_DEFLATED)


def sdist_with_metadata_of_50_mb() -> bytes:
    return _sdist(tar_of(member("d/PKG-INFO"), contents={"d/PKG-INFO": bytes(50 * _MIB)}))


def tar_bomb() -> bytes:
    return _sdist(tar_of(member("d/zeros"), contents={"d/zeros": bytes(96 * _MIB)}))


def wheel_of_100_001_members() -> bytes:
    return _directory(_CENTRAL, 100_001)


def wheel_of_countless_extra_fields() -> bytes:
    """Each member's extra field is as long as it can be, and all of it empty records."""
    extra = struct.pack("<HH", 0x9999, 0) * 16383
    entry = bytearray(_CENTRAL + extra)
    struct.pack_into("<H", entry, 30, len(extra))
    return _directory(bytes(entry), 20)


def _directory(entry: bytes, number: int) -> bytes:
    """A zip that is nothing but its list of members."""
    size = len(entry) * number
    return entry * number + struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, number & 0xFFFF, number & 0xFFFF, size, 0, 0
    )


def pax_header_of_digits() -> bytes:
    return _sdist(_headers([(tarfile.XHDTYPE, b"1" * _MIB)]))


def pax_header_with_a_number_without_end() -> bytes:
    return _sdist(_headers([(tarfile.XHDTYPE, _record("comment", "1" * (_MIB - 1024)))]))


def pax_records_that_lie_about_their_length() -> bytes:
    return _sdist(_headers([(tarfile.XHDTYPE, b"3 x" * (_MIB // 3) + b"=")]))


def pax_headers_upon_headers() -> bytes:
    """Each of the inner ones gets a copy of what the outer one holds."""
    records = b"".join(_record(f"{number:x}", "") for number in range(90_000))[: _MIB - 512]
    whole = records[: records.rindex(b"\n") + 1]
    inner = [(tarfile.XHDTYPE, _record("a", "b"))] * 300
    return _sdist(_headers([(tarfile.XGLTYPE, whole), *inner]))


def _headers(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    found = b""
    for kind, content in headers:
        info = member("x", kind)
        info.size = len(content)
        found += info.tobuf() + content + bytes(-len(content) % 512)
    return found + member("d/x").tobuf() + bytes(1024)


def _record(key: str, value: str) -> bytes:
    """One record of a pax header, whose length counts itself."""
    rest = f" {key}={value}\n".encode()
    length = len(rest)
    while length != len(str(length)) + len(rest):
        length = len(str(length)) + len(rest)
    return str(length).encode() + rest


def page_of_anchors() -> bytes:
    return b"<a>" * (MAX_SIMPLE_BYTES // 3)


def page_of_attributes() -> bytes:
    return b"<b " + b"a " * (MAX_SIMPLE_BYTES // 2) + b">"


def page_of_attributes_with_values() -> bytes:
    return b"<b " + b"a='' " * (MAX_SIMPLE_BYTES // 5) + b">"


def page_of_one_value() -> bytes:
    return b'<a href="' + b"a" * (MAX_SIMPLE_BYTES // 8) + b'">'


def page_of_markup_in_an_anchor() -> bytes:
    return b"<a>" + b"a<b>" * (MAX_SIMPLE_BYTES // 4)


def rows_of_lists() -> bytes:
    return b"[" + b"[]," * (MAX_LIST_BYTES // 6) + b"[]]"


def wheel_name_of_countless_tags() -> bytes:
    return ("d-1-" + "-".join(".".join(each * 41) for each in "abc") + ".whl").encode()


def metadata_with_a_version_of_digits() -> bytes:
    return b"Name: demo\nVersion: " + b"1" * (5 * _MIB - 100)


def metadata_with_a_version_of_segments() -> bytes:
    return b"Name: demo\nVersion: 1" + b".1" * (_MIB // 4)


HOSTILE = (
    Hostile("METADATA of 50 MB", "wheel", wheel_with_metadata_of_50_mb, "larger than 5 MiB"),
    Hostile("PKG-INFO of 50 MB", "sdist", sdist_with_metadata_of_50_mb, "larger than 5 MiB"),
    Hostile("tar bomb", "sdist", tar_bomb, "unpacks to more than"),
    Hostile("members of a zip", "wheel", wheel_of_100_001_members, "more than 100000 members"),
    Hostile("extra fields of a zip", "wheel", wheel_of_countless_extra_fields, "this has none", seconds=10),
    Hostile("digits in a pax header", "sdist", pax_header_of_digits, "damaged pax header"),
    Hostile("number in a pax header", "sdist", pax_header_with_a_number_without_end, "absurd number"),
    Hostile("lengths of pax records", "sdist", pax_records_that_lie_about_their_length, "damaged pax header"),
    Hostile("pax headers upon headers", "sdist", pax_headers_upon_headers, "absurd size", megabytes=100),
    Hostile("anchors", "page", page_of_anchors, "has no sha256", megabytes=128),
    Hostile("attributes", "page", page_of_attributes, "tag of absurd size", megabytes=200),
    Hostile("values of attributes", "page", page_of_attributes_with_values, "absurd size", megabytes=200),
    Hostile("one value", "page", page_of_one_value, "ends before", megabytes=64),
    Hostile("markup in an anchor", "page", page_of_markup_in_an_anchor, "full of markup", megabytes=128),
    Hostile("lists in a list", "rows", rows_of_lists, "row 1 is no object", megabytes=150),
    Hostile("tags of a wheel", "filename", wheel_name_of_countless_tags, "", seconds=0.03),
    Hostile("digits of a version", "metadata", metadata_with_a_version_of_digits, "Version", megabytes=100),
    Hostile("segments of a version", "metadata", metadata_with_a_version_of_segments, "else", megabytes=100),
)
