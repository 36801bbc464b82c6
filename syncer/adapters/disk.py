"""What a file system has free."""

from __future__ import annotations

import os
from pathlib import Path

from syncer.core.diagnosis.facts import DiskFacts
from syncer.core.errors import StagingUnavailable


def look_at_disk(directory: Path) -> DiskFacts:
    """The file system of the directory, or of the nearest one above it that exists; nothing is written.

    Raises StagingUnavailable when that cannot be found out.
    """
    try:
        there = _nearest(directory.absolute())
        status = os.statvfs(there)
    except OSError as error:
        raise StagingUnavailable(
            f"{directory} could not be looked at: {error.strerror or error}.",
            "A part of its path is no directory, or closed to this user.",
            "Correct the path in the configuration, or the owner and mode of its directories.",
        ) from error
    # Some file systems make inodes as they need them, and count none.
    files = status.f_favail if status.f_files else None
    writable = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    return DiskFacts(str(directory), status.f_bavail * status.f_frsize, files, writable)


def _nearest(path: Path) -> Path:
    """The path itself or the nearest above it that exists."""
    while True:
        try:
            path.lstat()
        except FileNotFoundError:
            path = path.parent
        else:
            return path
