"""Predict throughput and latency of an installation: ``python -m benchmarks.simulate --help``."""

from __future__ import annotations

import json
import time
from dataclasses import Field, fields, replace
from typing import Any

import click

from benchmarks.simulation.check import MEASURED, Measured, compare, fit, overall
from benchmarks.simulation.parameters import Scenario
from benchmarks.simulation.points import POINTS
from benchmarks.simulation.pool import simulate
from benchmarks.simulation.result import Result


def _option(each: Field[Any]) -> click.Option:
    """The option for a field of a Scenario; what is positive by default must be positive."""
    name, default = f"--{each.name.replace('_', '-')}", each.default
    if isinstance(default, bool):
        name += f"/--no-{name[2:]}"
    return click.Option(
        [name], type=_kind(each), default=default, show_default=True, help=each.metadata["help"]
    )


def _kind(each: Field[Any]) -> click.ParamType[Any] | None:
    default: Any = each.default
    if isinstance(default, bool):
        return None
    if isinstance(default, int):
        return click.IntRange(min=min(default, 1))
    most = each.metadata.get("below")
    return click.FloatRange(0, most, min_open=default > 0, max_open=most is not None)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="print the figures as JSON")
@click.option("--check", is_flag=True, help="compare the model with every measured point")
@click.option(
    "--fit", "fitting", is_flag=True, help="fit the costs to the measured points anew, and keep them"
)
@click.option(
    "--measure", "rounds", type=int, help="measure the points anew, in so many rounds, and keep them"
)
@click.option("--plots", is_flag=True, help="draw the plots of docs/performance.md")
def main(
    *, as_json: bool, check: bool, fitting: bool, rounds: int | None, plots: bool, **scenario: Any
) -> None:
    """Predict what an installation does; without options, one worker and one devpi on SQLite."""
    if rounds:
        _measure(rounds)
    if fitting:
        _fit()
    if check:
        _check()
    if plots:
        _plots()
    if not (rounds or fitting or check or plots):
        began = time.perf_counter()
        result = simulate(Scenario(**scenario), Measured.read().costs)
        click.echo(json.dumps(result.as_json(), indent=2) if as_json else _told(result))
        click.echo(f"simulated in {time.perf_counter() - began:.1f} s", err=True)


def _told(result: Result) -> str:
    lines = [
        f"{len(result.latencies)} files in {result.seconds:.1f} s: {result.throughput:.1f} files/s",
        "published → installable: "
        + ", ".join(f"p{part * 100:.0f} {result.latency(part):.2f} s" for part in (0.5, 0.95, 0.99)),
        f"the wall: {result.wall}",
    ]
    used = {**result.utilisation, **result.holders}
    lines += [f"{part:7.1%}  {name}" for name, part in sorted(used.items(), key=lambda item: -item[1])]
    return "\n".join(lines)


def _measure(rounds: int) -> None:
    from benchmarks.simulation.measure import measure  # noqa: PLC0415  # it needs the tests' servers

    kept = Measured.read()
    for points in measure(POINTS, rounds, click.echo):
        replace(kept, points=points).write()
        click.echo(f"{len(points)} points are in {MEASURED}")


def _fit() -> None:
    kept = Measured.read()
    costs = fit(kept.points, kept.costs, click.echo)
    replace(kept, costs=costs).write()
    click.echo(f"the costs are in {MEASURED}")


def _check() -> None:
    kept = Measured.read()
    found = list(compare(kept.points, kept.costs))
    for one in found:
        mark = "fitted" if one.point.fit else "held out"
        numbers = f"measured {one.measured:8.3f}  model {one.predicted:8.3f}  {one.error:+7.1%}"
        click.echo(f"{one.figure:>16} {numbers}  {mark:8}  {one.point.name}")
    for mark, wanted in (("fitted", True), ("held out", False)):
        click.echo(f"typical error, {mark}: {overall([one for one in found if one.point.fit is wanted]):.1%}")
    worst = max(found, key=lambda one: abs(one.error))
    click.echo(f"worst: {worst.error:+.1%}, {worst.point.name}")


def _plots() -> None:
    from benchmarks.simulation.plots import draw  # noqa: PLC0415  # matplotlib is only needed here

    for path in draw(Measured.read()):
        click.echo(f"drawn: {path}")


main.params.extend(map(_option, fields(Scenario)))

if __name__ == "__main__":
    main()
