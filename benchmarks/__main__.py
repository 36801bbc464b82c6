"""Measures rows of the table: ``python -m benchmarks [ROW …]``, by ``make bench`` all of them."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from traceback import format_exception

from benchmarks import report, rows
from benchmarks.row import Bench, Result, Row

#: Stays from run to run: other programs' environments, filled servers, results.
KEPT = Path(__file__).resolve().parents[1] / ".venv" / "bench"
ORDER = (
    "first_sync",
    "first_sync_20ms",
    "quick_poll",
    "full_pass",
    "latency",
    "memory_500mb",
    "fan_out",
    "ledger",
    "scaling",
    "isolation",
    "startup",
    "idle",
)


def main() -> int:
    """0 when every figure is met, 1 when one falls short, 2 when a row could not be measured."""
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # every server is stopped
    results: dict[Row, Result] = {}
    failed = [row.name for row in _chosen(options.rows) if not _measure(row, options, results)]
    say(report.table(results))
    path = options.out or KEPT / "results" / f"{time.strftime('%Y%m%dT%H%M%S')}.json"
    report.write(path, report.record(results))
    for name in failed:
        say(f"{name} could not be measured; see above.")
    return 2 if failed else 0 if report.is_met(results) else 1


def _measure(row: Row, options: argparse.Namespace, results: dict[Row, Result]) -> bool:
    say(f"{row.name}: {row.claim}")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        try:
            results[row] = row.run(_bench(options, row, Path(folder)))
        except Exception as error:  # noqa: BLE001  # the other rows are measured all the same
            say(f"  FAILED: {''.join(format_exception(error))}")
            return False
    say(f"  took {time.monotonic() - began:.0f} s")
    return True


def _bench(options: argparse.Namespace, row: Row, folder: Path) -> Bench:
    return Bench(
        folder,
        KEPT,
        say,
        rounds=options.rounds,
        seconds=options.seconds,
        peer=not options.without_peer,
        everything=options.everything,
        profile=KEPT / "profiles" / row.name if options.profile else None,
    )


def _chosen(names: list[str]) -> list[Row]:
    known = sorted((module.name for module in iter_modules(rows.__path__)), key=_place)
    if unknown := set(names) - set(known):
        sys.exit(f"No such row: {', '.join(sorted(unknown))}. There are: {', '.join(known)}.")
    return [import_module(f"benchmarks.rows.{name}").ROW for name in known if not names or name in names]


def _place(name: str) -> tuple[int, str]:
    return (ORDER.index(name) if name in ORDER else len(ORDER), name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("rows", nargs="*", metavar="ROW", help="by default all of them")
    add("--rounds", type=int, help="how often a thing is measured, instead of as often as its row says")
    add("--seconds", type=float, help="how long a row watches that only watches")
    add("--without-peer", action="store_true", help="leave out devpi-gitea-sync, which takes minutes")
    add("--everything", action="store_true", help="beat, status view and Flower run beside the workers")
    add("--profile", action="store_true", help="record where the workers spend the CPU")
    add("--out", type=Path, help="where the results go as JSON")
    return parser


def say(text: str) -> None:
    """For the person who watches."""
    print(text, flush=True)  # noqa: T201  # the benchmark speaks to a person


if __name__ == "__main__":
    sys.exit(main())
