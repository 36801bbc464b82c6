"""Blobs in one folder of this host, addressed by sha256."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from syncer.core.errors import DigestMismatch, Retryable

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PARTIAL = ".part"


class DirectoryStaging:
    """Keeps a blob as ``<root>/ab/abcdef…``: files of mode 600 in folders of mode 700.

    A blob gets its name by a rename after its last byte is on disk, so a name that is there is a
    whole blob. Several processes may share the folder. A disk that fails is a Retryable.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def find(self, sha256: str) -> Path | None:
        """The blob's file, None when this host does not have it; housekeeping counts it as fresh.

        A file that others could have written or read is not taken for a blob. Bytes that changed since
        they were stored, by a failing disk or by somebody, are removed: they must not get to any Target.
        """
        path = self._path(sha256)
        with self._disk_trouble():
            if not _is_private_file(path):
                return None
            with suppress(FileNotFoundError):
                if _digest_of(path) != sha256:
                    path.unlink()
                    return None
                os.utime(path)
                return path
        return None

    def store(self, sha256: str, chunks: Iterable[bytes]) -> Path:
        """The blob is present, verified while streaming; raises DigestMismatch and leaves nothing.

        A blob that is already present is returned as it is and ``chunks`` are not read.
        """
        present = self.find(sha256)
        return present or self._receive(sha256, chunks)

    def discard(self, sha256: str) -> None:
        """The blob is absent."""
        with self._disk_trouble():
            self._path(sha256).unlink(missing_ok=True)

    def keep_only(self, needed: frozenset[str], older_than: float) -> int:
        """Blobs and partial files older than that many seconds and not needed are gone; their number."""
        limit = time.time() - older_than
        with self._disk_trouble():
            return sum(_remove_if_older(path, limit) for path in self._ours() if path.name not in needed)

    def _path(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            message = f"{sha256[:80]!r} is no sha256 in lower-case hex"
            raise ValueError(message)
        return self._root / sha256[:2] / sha256

    def _receive(self, sha256: str, chunks: Iterable[bytes]) -> Path:
        path = self._path(sha256)
        with self._disk_trouble():
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            # mkstemp opens with mode 600 and O_EXCL.
            descriptor, name = tempfile.mkstemp(suffix=_PARTIAL, prefix=f"{sha256[:16]}-", dir=path.parent)
        partial = Path(name)
        try:
            self._fill(descriptor, sha256, chunks)
            with self._disk_trouble():
                partial.replace(path)  # should a power cut undo it, the bytes are fetched again
        finally:
            partial.unlink(missing_ok=True)
        return path

    def _fill(self, descriptor: int, sha256: str, chunks: Iterable[bytes]) -> None:
        file = os.fdopen(descriptor, "wb")
        try:
            self._write(file, sha256, chunks)
        finally:
            with self._disk_trouble():
                file.close()

    def _write(self, file: IO[bytes], sha256: str, chunks: Iterable[bytes]) -> None:
        digest = hashlib.sha256()
        for chunk in chunks:
            digest.update(chunk)
            with self._disk_trouble():
                file.write(chunk)
        if digest.hexdigest() != sha256:
            raise _mismatch(sha256, digest.hexdigest())
        with self._disk_trouble():
            file.flush()
            os.fsync(file.fileno())

    def _ours(self) -> Iterator[Path]:
        for path in self._root.glob("[0-9a-f][0-9a-f]/*"):
            if _SHA256.fullmatch(path.name) or path.name.endswith(_PARTIAL):
                yield path

    @contextmanager
    def _disk_trouble(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Retryable(
                f"The staging folder {self._root} could not be used: {error.strerror or error}.",
                "The disk is full or failing, or the folder belongs to another user.",
                "Free space or correct its owner ([staging] in the configuration names it); "
                "it is tried again by itself.",
            ) from error


def _mismatch(promised: str, received: str) -> DigestMismatch:
    return DigestMismatch(
        f"The bytes received have sha256 {received}, but the source promised {promised}.",
        "They were damaged on the way or at the source, or the transfer ended early.",
        "Nothing was uploaded; publish the file anew if the next pass says the same.",
    )


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_private_file(path: Path) -> bool:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISREG(status.st_mode) and not status.st_mode & 0o077 and status.st_uid == os.geteuid()


def _remove_if_older(path: Path, limit: float) -> bool:
    with suppress(FileNotFoundError):  # another process keeps house as well
        if path.lstat().st_mtime < limit:
            path.unlink()
            return True
    return False
