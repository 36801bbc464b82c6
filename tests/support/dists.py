"""Real small wheels and sdists, built in memory; the same arguments give the same bytes."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import re
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

#: Builds an installable wheel without anything from an index, so that pip can install the sdists too.
_BACKEND = """
import base64, hashlib, pathlib, zipfile

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    files = {{{module!r} + "/__init__.py": pathlib.Path({module!r}, "__init__.py").read_bytes(),
             "{info}/METADATA": pathlib.Path("PKG-INFO").read_bytes(),
             "{info}/WHEEL": {wheel!r}}}
    record = "".join(f"{{name}},," + chr(10) for name in [*files, "{info}/RECORD"])
    with zipfile.ZipFile(pathlib.Path(wheel_directory, {filename!r}), "w") as archive:
        for name, content in [*files.items(), ("{info}/RECORD", record)]:
            archive.writestr(name, content)
    return {filename!r}
"""
_WHEEL = b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Dist:
    """One built file."""

    filename: str
    content: bytes = field(repr=False)
    sha256: str

    def write_to(self, folder: Path) -> Path:
        """The file in the folder, under its own name."""
        path = folder / self.filename
        path.write_bytes(self.content)
        return path


def wheel(  # noqa: PLR0913  # each is one line of the metadata
    name: str,
    version: str,
    *,
    requires_python: str = "",
    requires_dist: Sequence[str] = (),
    classifiers: Sequence[str] = (),
    summary: str = "",
    payload: bytes = b"",
    filename: str | None = None,
    metadata: bytes | None = None,
) -> Dist:
    """A pure wheel with one importable module; ``payload`` lies beside it, unpacked."""
    written = metadata or core_metadata(name, version, requires_python, requires_dist, classifiers, summary)
    info = f"{_module(name)}-{_escaped(version)}.dist-info"
    files = {**_module_files(name, version, payload), f"{info}/METADATA": written, f"{info}/WHEEL": _WHEEL}
    files[f"{info}/RECORD"] = _record(files, f"{info}/RECORD")
    return _dist(filename or f"{_module(name)}-{_escaped(version)}-py3-none-any.whl", zipped(files))


def sdist(  # noqa: PLR0913  # each is one line of the metadata
    name: str,
    version: str,
    *,
    requires_python: str = "",
    requires_dist: Sequence[str] = (),
    classifiers: Sequence[str] = (),
    summary: str = "",
    payload: bytes = b"",
    filename: str | None = None,
    suffix: str = ".tar.gz",
) -> Dist:
    """A source distribution that pip builds without an index."""
    written = core_metadata(name, version, requires_python, requires_dist, classifiers, summary)
    stem = f"{_module(name)}-{version}"
    backend = _BACKEND.format(
        module=_module(name),
        info=f"{_module(name)}-{_escaped(version)}.dist-info",
        wheel=_WHEEL,
        filename=f"{_module(name)}-{_escaped(version)}-py3-none-any.whl",
    )
    project = b'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    files = {"PKG-INFO": written, "pyproject.toml": project, "backend.py": backend.encode()}
    files |= _module_files(name, version, payload)
    rooted = {f"{stem}/{path}": content for path, content in files.items()}
    return _dist(filename or stem + suffix, zipped(rooted) if suffix == ".zip" else tarred(rooted))


def core_metadata(
    name: str,
    version: str,
    requires_python: str = "",
    requires_dist: Sequence[str] = (),
    classifiers: Sequence[str] = (),
    summary: str = "",
) -> bytes:
    """METADATA or PKG-INFO."""
    fields = [("Metadata-Version", "2.4"), ("Name", name), ("Version", version), ("Summary", summary)]
    fields += [("Requires-Python", requires_python)]
    fields += [("Requires-Dist", requirement) for requirement in requires_dist]
    fields += [("Classifier", classifier) for classifier in classifiers]
    lines = [f"{key}: {value}" for key, value in fields if value]
    return ("\n".join(lines) + f"\n\n# {name}\n").encode()


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, method)
    return buffer.getvalue()


def tarred(files: Mapping[str, bytes]) -> bytes:
    """A .tar.gz of these files."""
    return gzip.compress(tar_of(*map(member, files), contents=files), mtime=0)


def tar_of(*members: tarfile.TarInfo, contents: Mapping[str, bytes] | None = None) -> bytes:
    """A bare tar of these members."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info in members:
            content = (contents or {}).get(info.name, b"")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", **pax: str) -> tarfile.TarInfo:
    """One member of a tar, of any kind, with extended headers."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.pax_headers = kind, link, pax
    return info


def _module_files(name: str, version: str, payload: bytes) -> dict[str, bytes]:
    module = _module(name)
    files = {f"{module}/__init__.py": f"__version__ = {version!r}\n".encode()}
    return files | ({f"{module}/payload.bin": payload} if payload else {})


def _module(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


def _escaped(version: str) -> str:
    return version.replace("-", "_")


def _record(files: Mapping[str, bytes], itself: str) -> bytes:
    lines = [f"{name},sha256={_urlsafe(content)},{len(content)}\n" for name, content in files.items()]
    return "".join([*lines, f"{itself},,\n"]).encode()


def _urlsafe(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _dist(filename: str, content: bytes) -> Dist:
    return Dist(filename, content, hashlib.sha256(content).hexdigest())
