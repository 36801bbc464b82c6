"""Runs programs together until a signal says that it is enough."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from syncer.core.errors import SyncerError
from syncer.launch.guard import Guard
from syncer.launch.keeper import Keeper
from syncer.launch.program import Program

TICK = 0.1
BASE_PATIENCE = 60.0
HASTY_GRACE = 1.0


class Supervisor:
    """Starts programs in order, keeps them running and stops them in reverse order.

    ``log_dir`` exists and gets NAME.log of each program; ``say`` gets the lines for the terminal
    and may be called from several threads.
    """

    def __init__(
        self, programs: Sequence[Program], guard: Guard, log_dir: Path, say: Callable[[str], None]
    ) -> None:
        self._keepers = [Keeper(program, guard, log_dir, say) for program in programs]
        self._guard = guard
        self._say = say
        self._signals_seen = 0

    def run(self) -> None:
        """Returns when SIGINT, SIGTERM or SIGHUP has come and nothing runs any more.

        A second signal shortens every grace to a second. SyncerError when a base program cannot
        be started; then nothing runs either. Belongs in the main thread, as all signal handlers do.
        """
        with self._signals_counted():
            try:
                self._start()
                self._watch()
            finally:
                self._stop()

    def _start(self) -> None:
        for keeper in self._keepers:
            if self._signals_seen:
                return
            keeper.start()
            if keeper.program.base:
                self._await_base(keeper)

    def _await_base(self, keeper: Keeper) -> None:
        deadline = time.monotonic() + BASE_PATIENCE
        while not keeper.is_ready and not self._signals_seen:
            keeper.require_life()
            keeper.tick()
            if time.monotonic() > deadline:
                raise SyncerError(
                    f"The {keeper.program.name} was not ready within {BASE_PATIENCE:g} s.",
                    next_step="Its log says what it was doing.",
                )
            time.sleep(TICK / 10)

    def _watch(self) -> None:
        unannounced = True
        while not self._signals_seen:
            self._guard.ensure()
            for keeper in self._keepers:
                keeper.tick()
            if unannounced and all(keeper.is_ready for keeper in self._keepers):
                self._say("Everything is ready.")
                unannounced = False
            time.sleep(TICK)

    def _stop(self) -> None:
        if self._signals_seen:
            self._say("Stopping; another Ctrl-C hastens it.")
        rest = [keeper for keeper in reversed(self._keepers) if not keeper.program.base]
        base = [keeper for keeper in reversed(self._keepers) if keeper.program.base]
        self._stop_together(rest)
        for keeper in base:
            self._stop_together([keeper])
        for keeper in self._keepers:
            keeper.close()

    def _stop_together(self, keepers: list[Keeper]) -> None:
        for keeper in keepers:
            keeper.ask_to_stop()
        while remaining := [keeper for keeper in keepers if not keeper.is_gone()]:
            for keeper in remaining:
                grace = keeper.program.grace
                keeper.kill_after(min(grace, HASTY_GRACE) if self._signals_seen > 1 else grace)
            time.sleep(TICK / 2)

    @contextmanager
    def _signals_counted(self) -> Iterator[None]:
        numbers = [signal.SIGINT, signal.SIGTERM]
        # Under nohup the end of the terminal is not to be the end of the work.
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            numbers.append(signal.SIGHUP)
        before = {number: signal.signal(number, self._count) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _count(self, _number: int, _frame: object) -> None:
        self._signals_seen += 1
