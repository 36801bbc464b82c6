"""Name, version and Requires-Python of a distribution file, read from its own metadata."""

import io
import tarfile
import zipfile
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from pathlib import PurePosixPath

SUFFIXES = (".whl", ".tar.gz", ".zip")


@dataclass(frozen=True)
class Metadata:
    """What an upload form says of a file."""

    name: str
    version: str
    requires_python: str = ""


def read_metadata(filename: str, content: bytes) -> Metadata | None:
    """From METADATA or PKG-INFO, else from the file name alone; None when neither tells."""
    text = _metadata_text(content)
    if text is not None:
        fields: Message = HeaderParser().parsestr(text)
        if fields["Name"] and fields["Version"]:
            return Metadata(fields["Name"], fields["Version"], fields["Requires-Python"] or "")
    return _from_filename(filename)


def _from_filename(filename: str) -> Metadata | None:
    suffix = next((suffix for suffix in SUFFIXES if filename.endswith(suffix)), None)
    if suffix is None:
        return None
    stem = filename.removesuffix(suffix)
    name, _, rest = stem.partition("-") if suffix == ".whl" else stem.rpartition("-")
    version = rest.partition("-")[0]
    return Metadata(name, version) if name and version else None


def _metadata_text(content: bytes) -> str | None:
    stream = io.BytesIO(content)
    if zipfile.is_zipfile(stream):
        return _from_zip(stream)
    stream.seek(0)
    try:
        return _from_tar(stream)
    except (tarfile.TarError, OSError, EOFError):
        return None


def _from_zip(stream: io.BytesIO) -> str | None:
    with zipfile.ZipFile(stream) as archive:
        member = next((name for name in archive.namelist() if _is_metadata(name)), None)
        return archive.read(member).decode() if member else None


def _from_tar(stream: io.BytesIO) -> str | None:
    with tarfile.open(fileobj=stream) as archive:
        member = next((member for member in archive if _is_metadata(member.name)), None)
        file = archive.extractfile(member) if member else None
        return file.read().decode() if file else None


def _is_metadata(path: str) -> bool:
    """`name-1.0.dist-info/METADATA` of a wheel, `name-1.0/PKG-INFO` of a sdist."""
    parts = PurePosixPath(path).parts
    return len(parts) == 2 and parts[1] in ("METADATA", "PKG-INFO")
