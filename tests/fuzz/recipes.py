"""Archives built from JSON, so that a fuzzer reaches what stands behind checksums and compression."""

from __future__ import annotations

import bz2
import gzip
import io
import struct
import tarfile
import zipfile
from dataclasses import dataclass, field

_TAR_KINDS = {
    "symlink": tarfile.SYMTYPE,
    "hardlink": tarfile.LNKTYPE,
    "directory": tarfile.DIRTYPE,
    "fifo": tarfile.FIFOTYPE,
    "device": tarfile.BLKTYPE,
    "sparse": tarfile.GNUTYPE_SPARSE,
    "odd": b"?",
}
_METHODS = {"deflated": zipfile.ZIP_DEFLATED, "bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA}
_STEM = {".whl": "demo-1.0-py3-none-any"}
_SUFFIXES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2")
#: What building refuses: a number out of range, a text that cannot be encoded.
_UNBUILDABLE = (ValueError, OverflowError, struct.error, RuntimeError, TypeError)


@dataclass(frozen=True, slots=True)
class Member:
    """One member; ``kind`` means to a zip how it is packed, to a tar what it is."""

    name: str
    text: str = ""
    kind: str = ""
    link: str = ""
    pax: dict[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        return self.text.encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class Recipe:
    """An archive to be built; ``format`` is one of tarfile's."""

    suffix: str
    members: tuple[Member, ...]
    format: int = tarfile.PAX_FORMAT

    @property
    def filename(self) -> str:
        return _STEM.get(self.suffix, "demo-1.0") + self.suffix

    @property
    def is_zip(self) -> bool:
        return self.suffix in {".whl", ".zip"}

    def build(self) -> bytes | None:
        """The archive's bytes; None when there is no such archive."""
        try:
            return _zip(self.members) if self.is_zip else _packed(self.suffix, _tar(self))
        except _UNBUILDABLE:
            return None


def read_recipe(value: object) -> Recipe:
    """The recipe that some JSON can be taken for."""
    said = value if isinstance(value, dict) else {}
    suffix = said.get("suffix")
    members = said.get("members")
    return Recipe(
        suffix if suffix in _SUFFIXES else ".whl",
        tuple(map(_member, members[:50])) if isinstance(members, list) else (),
        tarfile.GNU_FORMAT if said.get("gnu") else tarfile.PAX_FORMAT,
    )


def _member(value: object) -> Member:
    said = value if isinstance(value, dict) else {}
    pax = said.get("pax")
    headers = {str(key): str(text) for key, text in pax.items()} if isinstance(pax, dict) else {}
    name, text, kind, link = (_text(said.get(key)) for key in ("name", "text", "kind", "link"))
    return Member(name, text, kind, link, headers)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _zip(members: tuple[Member, ...]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for member in members:
            info = zipfile.ZipInfo(member.name or "x")
            archive.writestr(info, member.content(), _METHODS.get(member.kind, zipfile.ZIP_STORED))
            info.flag_bits |= member.kind == "encrypted"
    return buffer.getvalue()


def _tar(recipe: Recipe) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=recipe.format) as archive:
        for member in recipe.members:
            info = tarfile.TarInfo(member.name)
            info.type, info.linkname = _TAR_KINDS.get(member.kind, tarfile.REGTYPE), member.link
            info.pax_headers, info.size = member.pax, len(member.content())
            archive.addfile(info, io.BytesIO(member.content()))
    return buffer.getvalue()


def _packed(suffix: str, content: bytes) -> bytes:
    return bz2.compress(content) if suffix == ".tar.bz2" else gzip.compress(content, 1)
