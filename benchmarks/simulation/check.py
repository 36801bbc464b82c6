"""How far the model is from what was measured, and which costs bring it nearer."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.simulation.parameters import Costs
from benchmarks.simulation.points import Point
from benchmarks.simulation.pool import simulate

MEASURED = Path(__file__).resolve().parents[1] / "measured.json"
#: What a fit may change: what could not be measured alone. devpi's, Gitea's and the ledger's costs could.
FITTED = ("task", "poll", "download", "upload", "download_mb", "upload_mb", "gitea_mb", "devpi_mb")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure of one point."""

    point: Point
    figure: str
    measured: float
    predicted: float

    @property
    def error(self) -> float:
        """0.1 where the model says 10 % more than was measured."""
        return self.predicted / self.measured - 1


@dataclass(frozen=True, slots=True)
class Measured:
    """What ``measured.json`` holds."""

    about: str
    costs: Costs
    points: Sequence[Point]

    @classmethod
    def read(cls, path: Path = MEASURED) -> Measured:
        """Raises OSError where there is no such file."""
        rows = json.loads(path.read_text())
        return cls(rows["about"], Costs(**rows["costs"]), [Point.read(row) for row in rows["points"]])

    def write(self, path: Path = MEASURED) -> None:
        """The file says this."""
        points = [point.as_json() for point in self.points]
        rows = {"about": self.about, "costs": asdict(self.costs), "points": points}
        path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")


def compare(points: Iterable[Point], costs: Costs) -> Iterator[Comparison]:
    """The model beside every measured figure."""
    for point in points:
        result = simulate(point.scenario, costs)
        predicted = {
            "files_per_second": result.throughput,
            "p50": result.latency(0.5),
            "p95": result.latency(0.95),
        }
        for figure, value in point.measured.items():
            yield Comparison(point, figure, value, predicted[figure])


def overall(comparisons: Sequence[Comparison]) -> float:
    """The typical error: the mean of the logarithms' sizes, as a ratio less 1; 0 where there is nothing."""
    sizes = [abs(math.log(one.predicted / one.measured)) for one in comparisons]
    return math.expm1(sum(sizes) / len(sizes)) if sizes else 0.0


def fit(
    points: Sequence[Point],
    costs: Costs,
    say: Callable[[str], None] = print,
    names: Sequence[str] = FITTED,
) -> Costs:
    """Costs under which the points marked ``fit`` are predicted best: one after another, by smaller steps.

    Twice as much and half as much are as far from each other as they look: steps and errors are ratios.
    """
    points = [point for point in points if point.fit]
    best = _badness(points, costs)
    for step in (1.5, 1.2, 1.08, 1.03):
        improved = True
        while improved:
            improved = False
            for name in names:
                for factor in (step, 1 / step):
                    tried = replace(costs, **{name: getattr(costs, name) * factor})
                    if (found := _badness(points, tried)) < best * 0.999:
                        best, costs, improved = found, tried, True
        say(f"steps of {step:g}: typical error {math.expm1(math.sqrt(best)):.1%}")
    return replace(costs, **{name: float(f"{getattr(costs, name):.3g}") for name in names})


def _badness(points: Sequence[Point], costs: Costs) -> float:
    """The mean square of the errors' logarithms."""
    squares = [math.log(one.predicted / one.measured) ** 2 for one in compare(points, costs)]
    return sum(squares) / len(squares)
