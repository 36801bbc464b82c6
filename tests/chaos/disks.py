"""Small disks of their own, so that they can be full: tmpfs mounts, where this machine allows them."""

from __future__ import annotations

import errno
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

_FILLING = "filling"


class Disk:
    """A folder that is a file system of its own; a plain one where nothing can be mounted."""

    def __init__(self, folder: Path, mebibytes: int) -> None:
        self.folder = folder
        self._size = mebibytes
        self._mounted = False

    def mount(self) -> None:
        """The folder exists, empty."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not why_no_mount():
            _run("mount", "-t", "tmpfs", "-o", f"size={self._size}m,mode=755", "tmpfs", str(self.folder))
            self._mounted = True

    def unmount(self) -> None:
        """The file system is gone, even while a process still has a file on it."""
        if self._mounted:
            subprocess.run(["umount", "-l", str(self.folder)], check=False, capture_output=True)
            self._mounted = False

    @contextmanager
    def full(self) -> Iterator[None]:
        """No byte is free."""
        path = self.folder / _FILLING
        try:
            _fill(path)
            yield
        finally:
            path.unlink(missing_ok=True)


@cache
def why_no_mount() -> str:
    """Why no file system can be mounted here, empty where it can."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            _run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder)
        except (OSError, subprocess.CalledProcessError) as error:
            said = (getattr(error, "stderr", b"") or b"").decode(errors="replace").strip()
            return f"no tmpfs can be mounted here ({said or error})"
        subprocess.run(["umount", "-l", folder], check=False, capture_output=True)
    return ""


def _fill(path: Path) -> None:
    block = bytes(2**20)
    with path.open("wb", buffering=0) as file:
        while len(block) > 0:
            try:
                file.write(block)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                block = block[: len(block) // 2]


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
