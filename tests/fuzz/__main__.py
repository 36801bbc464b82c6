"""``python -m tests.fuzz TARGET`` fuzzes one parser, ``python -m tests.fuzz all`` each in turn."""

from __future__ import annotations

import argparse
import random
import sys
from importlib.util import find_spec

from tests.fuzz.campaign import Outcome, fuzz
from tests.fuzz.table import TARGETS

_HEADINGS = ("target", "executions", "per second", "corpus", "coverage", "features", "findings")
_ROW = "{:19} {:>10} {:>10} {:>7} {:>8} {:>8}  {}"


def main() -> int:
    """Fuzz what is named; 1 when something was found, 2 when it cannot begin."""
    options = _options()
    if find_spec("atheris") is None:
        _say("atheris is not installed here. Install the dependency group fuzz: make fuzz does so.")
        return 2
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1, 2**31)
    _say(f"seed {seed}")
    _say(_ROW.format(*_HEADINGS))
    names = TARGETS if options.target == "all" else [options.target]
    outcomes = []
    for name in names:
        outcomes.append(fuzz(TARGETS[name], options.runs, options.seconds, seed))
        _say(_row(outcomes[-1]))
    _say(f"{sum(outcome.executions for outcome in outcomes)} executions")
    for outcome in outcomes:
        _tell(outcome)
    return int(any(outcome.failed for outcome in outcomes))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument(
        "target", choices=["all", *TARGETS], metavar="TARGET", help=f"all, {', '.join(TARGETS)}"
    )
    parser.add_argument("--runs", type=int, default=0, help="executions of each target (0: no bound)")
    parser.add_argument(
        "--seconds", type=int, default=0, help="the longest that each target runs (0: no bound)"
    )
    parser.add_argument("--seed", type=int, help="of the random changes; by default another each time")
    options = parser.parse_args()
    if not options.runs and not options.seconds:
        options.runs = 100_000
    return options


def _row(outcome: Outcome) -> str:
    rate = round(outcome.executions / max(1.0, outcome.seconds))
    findings = ", ".join(path.name for path in outcome.findings) or ("failed" if outcome.failed else "none")
    return _ROW.format(
        outcome.target,
        outcome.executions,
        rate,
        outcome.corpus,
        outcome.coverage,
        outcome.features,
        findings,
    )


def _tell(outcome: Outcome) -> None:
    if outcome.failed:
        _say(f"\n{outcome.target}: {' '.join(map(str, outcome.findings))}\n{outcome.log}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
