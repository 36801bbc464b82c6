"""One launcher per state directory."""

import fcntl
import os
import time
from pathlib import Path
from typing import Self

from syncer.core.errors import SyncerError

PATIENCE = 10.0


class LauncherLock:
    """Held from ``with`` until this process and its guard are gone, however they end.

    SyncerError when another launcher holds it, with its pid. The programs of a launcher that was
    killed may need some seconds to end; that is waited for.
    """

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self._file = state_dir / "up.lock"

    def __enter__(self) -> Self:
        self.fd = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._acquire()
        except BaseException:
            os.close(self.fd)
            raise
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, str(os.getpid()).encode(), 0)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)

    def _acquire(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self._try():
            holder = os.pread(self.fd, 20, 0).decode()
            if _lives(holder) or time.monotonic() > deadline:
                raise SyncerError(
                    f"`syncer up` is already running on {self._state_dir} (pid {holder}).",
                    "Two launchers cannot share a state directory.",
                    f"Stop the other with `kill {holder}`, or give this one another [runtime] state_dir.",
                )
            time.sleep(0.1)

    def _try(self) -> bool:
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except PermissionError:
        return True
    except (ValueError, OSError):
        return False
    return True
