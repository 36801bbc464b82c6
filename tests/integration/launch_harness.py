"""Starts a launcher of real small programs and watches what becomes of them."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

PATIENCE = 15.0

# Each writes what happens to it into the journal, which all programs of a test share.
BODY = """
import os, signal, subprocess, sys, time
name, journal = sys.argv[1:3]
def write(what):
    with open(journal, "a") as file:
        file.write(f"{what} {name} {os.getpid()}\\n")
def stop(*_):
    write("stop")
    sys.exit()
signal.signal(signal.SIGTERM, stop)
"""
WORK = BODY + "write('start'); print('at work', flush=True)\nwhile True: time.sleep(60)"
STUBBORN = BODY + "signal.signal(signal.SIGTERM, signal.SIG_IGN); write('start')\nwhile True: time.sleep(60)"
LEAVES_AT_ONCE = BODY + "write('start'); sys.exit('no such thing')"
TALKS = (
    BODY + "print('all is well'); print('ERROR but this is not', flush=True); write('start'); time.sleep(60)"
)
HAS_CHILDREN = f"""{BODY}
for child in ({STUBBORN!r}, {WORK!r}):
    subprocess.Popen([sys.executable, "-c", child, f"{{name}}-child", journal])
write("start")
while True: time.sleep(60)
"""


class Launcher:
    """One launcher process and what its programs have written."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self.journal = state_dir / "journal"
        self.output = state_dir / "output"
        self.process: subprocess.Popen[bytes] | None = None

    def program(self, name: str, source: str, **fields: Any) -> dict[str, Any]:
        return {"name": name, "argv": [sys.executable, "-c", source, name, str(self.journal)], **fields}

    def start(self, *programs: dict[str, Any] | str) -> None:
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "tests.integration.launch_driver",
                    self.state_dir,
                    json.dumps(programs),
                ],
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def wait(self) -> int:
        assert self.process is not None
        return self.process.wait(PATIENCE)

    def events(self, what: str = "") -> list[str]:
        """The journal without pids."""
        return [line.rpartition(" ")[0] for line in self._lines() if line.startswith(what)]

    def pids(self, name: str) -> list[int]:
        """The pids with which the program has started, oldest first."""
        return [int(line.split()[2]) for line in self._lines() if line.startswith(f"start {name} ")]

    def said(self, pattern: str) -> bool:
        return bool(re.search(pattern, self.output.read_text()))

    def log(self, name: str) -> str:
        file = self.state_dir / f"{name}.log"
        return file.read_text() if file.exists() else ""

    def descendants(self) -> list[psutil.Process]:
        return psutil.Process(self.pid).children(recursive=True)

    def _lines(self) -> list[str]:
        return self.journal.read_text().splitlines() if self.journal.exists() else []


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "the deadline has passed"
        time.sleep(0.02)


def all_gone(processes: list[psutil.Process]) -> bool:
    return not any(is_alive(process) for process in processes)


def is_alive(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
