"""How much memory a piece of work takes, measured in a process of its own."""

from __future__ import annotations

import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_STATUS = Path("/proc/self/status")
_PROGRAM = """
import sys, time
from tests.support.memory import peak_kilobytes
{imports}
before, started = peak_kilobytes(), time.process_time()
try:
    {work}
except Exception as error:
    print(type(error).__name__, error, file=sys.stderr)
print(peak_kilobytes() - before, time.process_time() - started)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What the work took: KiB above what its imports needed, seconds of the CPU, its error if any."""

    kilobytes: int
    seconds: float
    error: str


def cost_of(work: str, *arguments: object, imports: str = "") -> Cost:
    """Run one statement, which sees ``sys.argv[1:]``, and say what it took."""
    command = [sys.executable, "-c", _PROGRAM.format(imports=imports, work=work), *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    kilobytes, seconds = result.stdout.split()[-2:]
    return Cost(int(kilobytes), float(seconds), result.stderr)


def peak_kilobytes() -> int:
    """The most memory that this process has held at once."""
    if _STATUS.exists():  # Linux: getrusage would start from the parent's size
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
