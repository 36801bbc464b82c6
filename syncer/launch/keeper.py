"""Keeps one program running, from the first start to the end."""

import time
from collections.abc import Callable
from pathlib import Path

from syncer.core.errors import SyncerError
from syncer.launch.child import Child, ProgramLog
from syncer.launch.guard import Guard
from syncer.launch.program import Program, restart_delay


class Keeper:
    """One program: started, started again with growing delay when it dies, stopped in the end."""

    def __init__(self, program: Program, guard: Guard, log_dir: Path, say: Callable[[str], None]) -> None:
        self.program = program
        self.is_ready = False
        self._guard = guard
        self._log = ProgramLog(log_dir / f"{program.name}.log")
        self._say = say
        self._child: Child | None = None
        self._delay = 0.0
        self._start_at = 0.0
        self._asked_to_stop: float | None = None
        self._killed = False

    def start(self) -> None:
        """The program runs, or will be tried again later; `tick` finds out when it is ready."""
        try:
            self._child = Child(self.program, self._guard, self._log, self._say)
        except OSError as error:
            self._postpone(f"could not be started ({error})", lived=0)

    def require_life(self) -> None:
        """SyncerError when the program has ended."""
        if self._child is not None and self._child.has_ended():
            self._child.clear_away()
            raise SyncerError(
                f"The {self.program.name} could not be started: it {self._child.how_it_ended()}.",
                f"Its last line was: {self._child.last_line}" if self._child.last_line else "",
                f"See {self._log.path}.",
            )

    def tick(self) -> None:
        """What has happened since the last call is announced; a dead program is started again in time."""
        if self._child is None:
            if time.monotonic() >= self._start_at:
                self.start()
        elif self._child.has_ended():
            self._bury(self._child)
        elif not self.is_ready and self._child.is_ready():
            self.is_ready = True
            self._say(f"{self.program.name} is ready.")

    def _bury(self, child: Child) -> None:
        lived = time.monotonic() - child.started
        child.clear_away()
        self._child, self.is_ready = None, False
        last = f", last saying: {child.last_line}" if child.last_line else ""
        self._postpone(f"{child.how_it_ended()} after {lived:.0f} s{last}", lived)

    def _postpone(self, why: str, lived: float) -> None:
        self._delay = restart_delay(self._delay, lived)
        self._start_at = time.monotonic() + self._delay
        self._say(f"{self.program.name} {why}. It starts again in {self._delay:g} s. See {self._log.path}.")

    def ask_to_stop(self) -> None:
        """The program has its stop signal and will not be started again."""
        self._asked_to_stop = time.monotonic()
        if self._child is not None:
            self._child.signal(self.program.stop_signal)

    def is_gone(self) -> bool:
        """Whether nothing of the program is left."""
        if self._child is not None and self._child.has_ended():
            self._child.clear_away()
            self._child = None
        return self._child is None

    def kill_after(self, grace: float) -> None:
        """The program is killed when it was asked to stop more than ``grace`` seconds ago."""
        overdue = self._asked_to_stop is not None and time.monotonic() - self._asked_to_stop > grace
        if self._child is not None and overdue and not self._killed:
            self._say(f"{self.program.name} did not stop within {grace:g} s and is killed.")
            self._child.kill()
            self._killed = True

    def close(self) -> None:
        """The log is closed."""
        self._log.close()
