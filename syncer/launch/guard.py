"""A second process that ends every program when the launcher dies without a chance to do so.

The guard reads the launcher's pipe and learns from it which process groups live. Its end of file
means that the launcher is gone, whatever killed it, on every POSIX system. Linux's
PR_SET_PDEATHSIG would reach the programs alone, not what they have started, and does not exist
on macOS.

This file is also the guard's program, run by its path: it may import the standard library only.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Self

# The program enters itself before it becomes what it is to be. It holds the pipe until then, so
# the guard cannot see the launcher's death without having read of every program.
ENTER_THEN_EXEC = 'echo "$$" >&0 && exec "$@" </dev/null'
GRACE = 2.0
# It reads a pipe and sends signals: of the environment it gets what Python may need to start, no secret.
LIBRARIES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


class Guard:
    """Starts programs so that they, and all that they start, die with this process.

    ``keep_open`` are file descriptors that stay open until the last program is gone.
    """

    def __init__(self, keep_open: tuple[int, ...] = ()) -> None:
        self._keep_open = keep_open
        self._pids: set[int] = set()
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._pipe)
        self._process.wait()

    def spawn(self, argv: Sequence[str], env: Mapping[str, str]) -> subprocess.Popen[str]:
        """A process in a session of its own, with output and errors in one pipe."""
        process = subprocess.Popen(  # noqa: S603  # the launcher's own programs, no shell text of others
            ["/bin/sh", "-c", ENTER_THEN_EXEC, "guarded", *argv],
            stdin=self._pipe,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=env,
            start_new_session=True,
            encoding="utf-8",
            errors="backslashreplace",
        )
        self._pids.add(process.pid)
        return process

    def forget(self, pid: int) -> None:
        """The group of ``pid`` is gone and its number may come to belong to others."""
        self._pids.discard(pid)
        self._tell([-pid])

    def ensure(self) -> None:
        """A guard that died is replaced and knows every program."""
        if self._process.poll() is not None:
            os.close(self._pipe)
            self._start()

    def _start(self) -> None:
        ours, self._pipe = os.pipe()
        self._tell(self._pids)
        self._process = subprocess.Popen(  # noqa: S603  # this very file
            [sys.executable, "-I", "-S", __file__],
            stdin=ours,
            stdout=subprocess.DEVNULL,
            env={name: os.environ[name] for name in LIBRARIES if name in os.environ},
            cwd="/",
            start_new_session=True,
            pass_fds=self._keep_open,
        )
        os.close(ours)

    def _tell(self, numbers: Iterable[int]) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self._pipe, "".join(f"{number}\n" for number in numbers).encode())


def main() -> None:
    """Every program entered and not forgotten is gone some seconds after the pipe's end of file."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    pids: set[int] = set()
    for line in sys.stdin:
        number = int(line)
        if number > 0:
            pids.add(number)
        else:
            pids.discard(-number)
    _end(pids)


def _end(pids: set[int]) -> None:
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGTERM)
    _await_end(pids)
    for pid in pids:
        kill_group(pid)
    _await_end(pids)


def _await_end(pids: set[int]) -> None:
    deadline = time.monotonic() + GRACE
    while any(map(_group_lives, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)


def _group_lives(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except OSError:
        return False
    return True


def kill_group(pid: int) -> None:
    """Nothing of the process group ``pid`` runs any more; fine when there is none."""
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
