"""The plots of docs/performance.md: the same measured.json gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
from cycler import cycler

mpl.use("svg")

from matplotlib import pyplot as plt  # the backend is chosen before
from matplotlib.axes import Axes  # the same

from benchmarks.simulation.check import Comparison, Measured, compare  # the same
from benchmarks.simulation.parameters import Costs, Scenario  # the same
from benchmarks.simulation.pool import simulate  # the same

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "plots"
#: Reads on white and on black: a middle grey, and the colours of Okabe and Ito that are neither.
GREY, COLOURS = "#7b7b7b", ("#0a84c6", "#e08a00", "#00a37a", "#d1669e")
STYLE: Any = {
    "axes.edgecolor": GREY,
    "axes.labelcolor": GREY,
    "axes.titlecolor": GREY,
    "axes.titlesize": "medium",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.prop_cycle": cycler(color=COLOURS),
    "figure.figsize": (7.0, 4.0),
    "figure.constrained_layout.use": True,
    "grid.color": GREY,
    "grid.alpha": 0.25,
    "axes.grid": True,
    "legend.frameon": False,
    "legend.labelcolor": GREY,
    "lines.marker": "o",
    "lines.markersize": 4,
    "savefig.transparent": True,
    "svg.fonttype": "none",
    "svg.hashsalt": "syncer",
    "text.color": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
}
#: A pool of hosts of their own on PostgreSQL, which none of the following plots is about.
POOL = Scenario(mappings=100, ledger_cores=16, downloads=64, gitea_cores=16, files=20_000, cores=4)


def draw(measured: Measured, folder: Path = FOLDER) -> Iterator[Path]:
    """Draw all of them, which takes a minute or two; the files."""
    folder.mkdir(parents=True, exist_ok=True)
    plots = {
        "workers": throughput_by_workers,
        "servers": throughput_by_servers,
        "latency": latency_by_rate,
        "measured": model_and_measured,
    }
    for name, plot in plots.items():
        with mpl.rc_context(STYLE):
            plot(measured)
            path = folder / f"{name}.svg"
            plt.savefig(path, metadata={"Date": None, "Creator": None})
            plt.close()
        yield path


def throughput_by_workers(measured: Measured) -> None:
    """What further hosts bring, and where one devpi ends it."""
    axes = _axes("worker hosts (1 download and 1 upload process each)", "files a second")
    numbers = (1, 2, 4, 8, 16, 32)
    pool = replace(POOL, downloaders=1, uploaders=1)
    for latency in (0.0, 0.02, 0.05, 0.2):
        scenarios = [replace(pool, workers=number, latency=latency) for number in numbers]
        axes.plot(numbers, _rates(scenarios, measured.costs), label=f"{latency * 1000:.0f} ms to Gitea")
    axes.axhline(
        wall(measured.costs, pool), color=GREY, linestyle="--", marker="", label="the wall of one devpi"
    )
    axes.set_xscale("log", base=2)
    axes.set_xticks(numbers, [str(number) for number in numbers])
    axes.set_title("First sync of 5 KB files to one devpi server")
    axes.legend()


def throughput_by_servers(measured: Measured) -> None:
    """What further devpi servers bring, and where the ledger ends it."""
    axes = _axes("devpi servers (and as many Gitea servers)", "files a second")
    numbers = (1, 2, 5, 10, 20, 50)
    pool = replace(POOL, workers=100, mappings=1000, downloads=16)
    for cores, name in ((1, "SQLite"), (16, "PostgreSQL, 16 cores"), (64, "PostgreSQL, 64 cores")):
        each = replace(pool, ledger_cores=cores)
        scenarios = [
            replace(each, servers=number, sources=number, files=1000 * number + 5000) for number in numbers
        ]
        axes.plot(numbers, _rates(scenarios, measured.costs), label=f"ledger: {name}")
    limits = [number * wall(measured.costs, pool) for number in numbers]
    axes.plot(numbers, limits, color=GREY, linestyle="--", marker="", label="the walls of all devpi servers")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(numbers, [str(number) for number in numbers], minor=False)
    axes.set_title("First sync of 5 KB files with 100 worker hosts")
    axes.legend()


def latency_by_rate(measured: Measured) -> None:
    """How long a publisher waits while others publish too."""
    axes = _axes("publications a second", "seconds from publication to installable")
    pool = replace(POOL, interval=30.0, workers=4, files=6000)
    most = wall(measured.costs, pool)
    parts = (0.1, 0.25, 0.4, 0.55, 0.7, 0.8, 0.9, 0.95)
    rates = [part * most for part in parts]
    results = [simulate(replace(pool, rate=rate), measured.costs) for rate in rates]
    for quantile in (0.5, 0.95, 0.99):
        seconds = [result.latency(quantile) for result in results]
        axes.plot(rates, seconds, label=f"p{quantile * 100:.0f}")
    axes.axvline(most, color=GREY, linestyle="--", marker="", label="the wall of one devpi")
    axes.axhline(30.0, color=GREY, linestyle=":", marker="", label="the poll interval")
    axes.set_ylim(bottom=0)
    axes.set_title("5 KB files to one devpi server, polls every 30 s, 4 worker hosts")
    axes.legend()


def model_and_measured(measured: Measured) -> None:
    """Each measured figure beside what the model says of it."""
    figure, pair = plt.subplots(1, 2)
    found = list(compare(measured.points, measured.costs))
    rates = [one for one in found if one.figure == "files_per_second"]
    _beside(pair[0], rates, "files a second")
    _beside(pair[1], [one for one in found if one not in rates], "seconds (p50 and p95)")
    figure.suptitle(
        "Files a second, and seconds until installable: on the line, the model says what was measured",
        color=GREY,
        fontsize="medium",
    )


def _beside(axes: Axes, found: Sequence[Comparison], what: str) -> None:
    for fitted, name in ((True, "fitted"), (False, "held out")):
        ones = [one for one in found if one.point.fit is fitted]
        numbers: Any = ([one.measured for one in ones], [one.predicted for one in ones])
        axes.plot(*numbers, linestyle="", label=name)
    most = max((max(one.measured, one.predicted) for one in found), default=1.0) * 1.1
    axes.plot([0, most], [0, most], color=GREY, marker="", linewidth=1)
    axes.set_xlabel(f"measured: {what}")
    axes.set_ylabel("model")
    axes.legend()


def wall(costs: Costs, scenario: Scenario) -> float:
    """Files a second that one devpi's writer takes."""
    siblings = (scenario.project_files - 1) / 2 * costs.devpi_sibling
    return 1 / (costs.devpi + siblings + scenario.size / 1e6 * costs.devpi_mb)


def _rates(scenarios: Sequence[Scenario], costs: Costs) -> list[float]:
    return [simulate(scenario, costs).throughput for scenario in scenarios]


def _axes(x: str, y: str) -> Axes:
    axes = plt.subplots()[1]
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    return axes
