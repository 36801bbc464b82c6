"""What a very large wheel takes of a worker's memory, down and up."""

from __future__ import annotations

from benchmarks.accounts import OWNER
from benchmarks.cost import PeakMemory
from benchmarks.devpi import fresh_index, require_files
from benchmarks.gitea import gitea_process
from benchmarks.installation import DAY, Installation, Plan, Rule, installation
from benchmarks.row import Bench, Figure, Result, Row, at_most
from tests.support.devpi import DevpiServer

Peaks = dict[tuple[str, int], float]
SIZE, SMALL = 500_000_000, 1_000_000
#: A base that some processes have not reached would make the large wheel look dearer than it is.
WARMING = 8


def run(bench: Bench) -> Result:
    """The base is the peak over some small wheels, so that every module is loaded by then."""
    with gitea_process() as gitea, DevpiServer(bench.folder / "devpi") as devpi:
        index = fresh_index(devpi, "large")
        plan = Plan(gitea.url(), {"default": devpi.url}, [Rule(OWNER, index, lines=DAY)])
        with installation(bench.folder / "installation", plan) as made:
            for number in range(WARMING):
                gitea.publish_wheel(OWNER, f"small-{number}", "1.0", SMALL)
            base = _peaks(made)
            gitea.publish_wheel(OWNER, "large", "1.0", SIZE)
            large = _peaks(made)
        require_files(devpi, index, WARMING + 1)
    roles = sorted({role for role, _ in base if role.startswith("worker")})
    figures = [
        Figure(f"{role}: base + so much", _growth(role, base, large), "MB", at_most(40)) for role in roles
    ]
    figures += [Figure(f"  largest base of {role}", _largest(role, base), "MB") for role in roles]
    return Result(figures, details={"base": _told(base), "large": _told(large)})


def _peaks(made: Installation) -> Peaks:
    with PeakMemory(made.pids) as memory:
        made.timed(OWNER)
    return memory.peaks


def _growth(role: str, base: Peaks, large: Peaks) -> float:
    """By how much any process of the role held more than itself before."""
    return max(peak - base.get(key, 0.0) for key, peak in large.items() if key[0] == role)


def _largest(role: str, peaks: Peaks) -> float:
    return max(peak for (of, _), peak in peaks.items() if of == role)


def _told(peaks: Peaks) -> dict[str, list[float]]:
    return {role: [peak for (of, _), peak in peaks.items() if of == role] for role, _ in peaks}


ROW = Row("memory_500mb", "peak memory of a worker process with a 500 MB wheel, down and up", run)
