"""``python -m tests.chaos --n 100 --seed 7``: so many faults; the same seed goes on where it stopped."""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.chaos.campaign import campaign, say
from tests.chaos.faults import KINDS
from tests.chaos.plan import SITES, Round, rounds
from tests.chaos.result import Record
from tests.chaos.table import table
from tests.support.world import ROOT

STATE = ROOT / ".venv" / "chaos"


def main() -> int:
    """Play all rounds that are not on record yet; 1 when something was found, 2 without any fault to play."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    options = _options()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1, 10**6)
    folder = options.state / str(seed)
    try:
        if options.site:
            _play(options, seed, folder)
            return 0
        return _both(options, seed, folder)
    except KeyboardInterrupt:
        if not options.site:
            say(f"Interrupted. Go on with: python -m tests.chaos --n {options.n} --seed {seed}")
        return 130


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--n", type=int, default=100, help="how many faults")
    parser.add_argument("--seed", type=int, help="of everything random; by default another each time")
    parser.add_argument("--only", default="", help="only kinds whose name has this in it")
    parser.add_argument("--site", choices=SITES, help="only this kind of installation, in this process")
    parser.add_argument("--state", type=Path, default=STATE, help="where results are kept")
    parser.add_argument("--number", type=int, help="only the fault of this number, again")
    return parser.parse_args()


def _both(options: argparse.Namespace, seed: int, folder: Path) -> int:
    """Both kinds of installation at once, each in a process of its own."""
    say(f"seed {seed}, {options.n} faults, results in {folder}")
    for kind, why in _skipped().items():
        say(f"skipped: {kind}, as {why}")
    words = [sys.executable, "-m", "tests.chaos", *sys.argv[1:]]
    words += [] if options.seed is not None else ["--seed", str(seed)]
    players = [subprocess.Popen([*words, "--site", site], start_new_session=True) for site in SITES]
    try:
        codes = [player.wait() for player in players]
    except BaseException:
        for player in players:
            player.send_signal(signal.SIGINT)
        for player in players:
            player.wait()
        raise
    return _report(options, seed, folder) or int(any(codes))


def _play(options: argparse.Namespace, seed: int, folder: Path) -> None:
    record = Record(folder, options.site)
    done = {} if options.number is not None else {result.number for result in record.results()}
    todo = [
        each
        for each in _planned(options, seed)
        if each.site == options.site and each.number not in done and options.number in (None, each.number)
    ]
    with tempfile.TemporaryDirectory(prefix="chaos-devpi-") as cache:
        campaign(options.site, todo, record, Path(cache))


def _planned(options: argparse.Namespace, seed: int) -> list[Round]:
    return list(rounds(seed, options.n, options.only, frozenset(_skipped())))


def _skipped() -> dict[str, str]:
    return {kind.name: why for kind in KINDS.values() if (why := kind.why_not())}


def _report(options: argparse.Namespace, seed: int, folder: Path) -> int:
    results = Record(folder).results()
    text = f"seed {seed}, {len(results)} faults\n{table(results)}\n"
    (folder / "table.txt").write_text(text)
    say(f"\n{text}\n(also in {folder / 'table.txt'})")
    for result in (each for each in results if each.failed):
        again = f"python -m tests.chaos --n {options.n} --seed {seed}"
        again += f" --only {options.only!r}" if options.only else ""
        say(f"FAILED #{result.number} {result.kind} on {result.site}; logs in {folder}/fault-{result.number}")
        say(f"  {again} --site {result.site} --number {result.number}")
    if not results:
        say("No fault was played.")
        return 2
    return int(any(each.failed for each in results))


if __name__ == "__main__":
    sys.exit(main())
