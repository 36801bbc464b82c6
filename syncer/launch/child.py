"""One running process of a program, and its output."""

import logging
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from signal import Signals
from threading import Thread

from syncer.launch.guard import Guard, kill_group
from syncer.launch.program import Program

LOG_BYTES = 5_000_000
LONGEST_LINE = 64_000


class ProgramLog:
    """The log file of a program and the one before it, ``LOG_BYTES`` each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handler = RotatingFileHandler(
            path, maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8", errors="backslashreplace"
        )

    def write(self, line: str) -> None:
        """The line is in the file; a full disk loses it and nothing else."""
        self._handler.handle(logging.makeLogRecord({"msg": line}))

    def close(self) -> None:
        """The file is closed."""
        self._handler.close()


class Child:
    """A process that was started, with everything that it has started itself."""

    def __init__(self, program: Program, guard: Guard, log: ProgramLog, say: Callable[[str], None]) -> None:
        self.started = time.monotonic()
        self.last_line = ""
        self._program = program
        self._guard = guard
        self._log = log
        self._say = say
        self._ready_line_seen = not program.ready_line
        self._process = guard.spawn(program.argv, program.environment(os.environ))
        # A thread per program: a program whose output nobody reads would stand still.
        self._reader = Thread(target=self._read, name=f"output of {program.name}", daemon=True)
        self._reader.start()

    def is_ready(self) -> bool:
        """Whether it does its work by now, as far as can be told."""
        return self._program.probe() if self._program.probe else self._ready_line_seen

    def has_ended(self) -> bool:
        """Whether the process itself has ended; what it started may still run."""
        return self._process.poll() is not None

    def how_it_ended(self) -> str:
        """The end in words, once it has come."""
        code = self._process.returncode
        if code >= 0:
            return f"exited with {code}"
        with suppress(ValueError):
            return f"was ended by {Signals(-code).name}"
        return f"was ended by signal {-code}"

    def signal(self, number: Signals) -> None:
        """The process alone gets the signal; it knows best how to end what it started."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """The process and all that it started are killed."""
        if not self.has_ended():
            kill_group(self._process.pid)

    def clear_away(self) -> None:
        """After its end: nothing that it started is left, all that it said is in the log."""
        kill_group(self._process.pid)
        self._guard.forget(self._process.pid)
        self._reader.join(timeout=1)

    def _read(self) -> None:
        output = self._process.stdout
        if output is None:
            return
        with output:
            for line in iter(lambda: output.readline(LONGEST_LINE), ""):
                self._take(line.rstrip())

    def _take(self, line: str) -> None:
        self._log.write(line)
        self.last_line = line or self.last_line
        if not self._ready_line_seen:
            self._ready_line_seen = bool(re.search(self._program.ready_line, line))
        if re.search(self._program.alarms, line):
            self._say(f"{self._program.name}: {line}")
