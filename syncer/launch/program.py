"""What the supervisor is told of a program, and how long it waits before it starts one again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from signal import SIGTERM, Signals

ALARMS = r"\b(WARNING|ERROR|CRITICAL)\b|\"level\": ?\"(warning|error|critical)\""
FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
STABLE_AFTER = 60.0
#: What a bare program is told of the launcher's environment.
WHERE_THINGS_ARE = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")


@dataclass(frozen=True, slots=True)
class Program:
    """One long-running program.

    ``env`` is added to the launcher's own environment, of which a ``bare`` program gets no more than
    where things are: the rest may hold secrets that it has no use for. ``grace`` is the time in seconds from
    ``stop_signal`` to SIGKILL. A ``base`` program is ready before the others start and stops after
    them. It is ready when ``probe`` says so or, without a probe, when a line matches ``ready_line``.
    Output lines that match ``alarms`` are shown on the terminal; all go to the program's log.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    stop_signal: Signals = SIGTERM
    grace: float = 10.0
    base: bool = False
    bare: bool = False
    probe: Callable[[], bool] | None = None
    ready_line: str = ""
    alarms: str = ALARMS

    def environment(self, of_launcher: Mapping[str, str]) -> dict[str, str]:
        """What the program runs in."""
        names = [name for name in WHERE_THINGS_ARE if name in of_launcher] if self.bare else of_launcher
        return {**{name: of_launcher[name] for name in names}, **self.env}


def restart_delay(previous: float, lived: float) -> float:
    """Seconds to wait before a program that ``lived`` so many seconds is started again.

    The delay doubles from half a second to half a minute; a life of a minute starts it afresh.
    """
    if not previous or lived >= STABLE_AFTER:
        return FIRST_DELAY
    return min(previous * 2, LONGEST_DELAY)
