"""What the benchmarks say of numbers, before any server runs."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from benchmarks import report
from benchmarks.figures import percentile, ratio
from benchmarks.profiler import summary
from benchmarks.row import Bench, Figure, Result, Row, Target, at_least, at_most


@pytest.mark.parametrize(
    ("target", "value", "verdict"),
    [
        pytest.param(at_most(1.2), 1.2, "met", id="a bound belongs to what it allows"),
        pytest.param(at_most(1.2), 1.21, "SHORT", id="more than the most"),
        pytest.param(at_least(10), 10.0, "met", id="exactly the least"),
        pytest.param(at_least(10), 9.9, "SHORT", id="less than the least"),
        pytest.param(at_most(0), float("nan"), "SHORT", id="no number meets nothing"),
        pytest.param(None, 99.0, "", id="nothing is asked of it"),
    ],
)
def test_a_figure_is_judged_by_its_target(target: Target | None, value: float, verdict: str) -> None:
    assert Figure("anything", value, "s", target).verdict == verdict


@pytest.mark.parametrize(
    ("share", "wanted"),
    [(0.95, 19), (0.5, 10), (1.0, 20), (0.0, 1)],
)
def test_a_percentile_is_one_of_the_samples(share: float, wanted: float) -> None:
    assert percentile(list(range(20, 0, -1)), share) == wanted


def test_a_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no samples"):
        percentile([], 0.5)


def test_a_ratio_compares_medians_so_that_one_bad_round_changes_nothing() -> None:
    assert ratio([2.0, 2.2, 90.0], [1.1, 1.0, 1.1]) == pytest.approx(2.0)


def row(name: str = "some_row", run: Callable[[Bench], Result] = lambda _: Result([])) -> Row:
    return Row(name, "what it stands for", run)


def test_the_table_shows_target_and_verdict_beside_the_figure() -> None:
    table = report.table({row(): Result([Figure("ours / bare", 1.5, "MB", at_most(1.2))], notes=["shared"])})
    assert table.split("\n")[1] == "some_row: what it stands for"
    assert table.split("\n")[2].split() == ["ours", "/", "bare", "1.5", "MB", "≤", "1.2", "SHORT"]
    assert "(shared)" in table


def test_one_figure_that_falls_short_is_enough() -> None:
    met, short = Figure("a", 1, "s", at_most(2)), Figure("b", 3, "s", at_most(2))
    assert report.is_met({row("one"): Result([met])})
    assert not report.is_met({row("one"): Result([met]), row("two"): Result([met, short])})


def test_the_record_is_json_with_every_sample() -> None:
    figure = Figure("ours", 1.0, "s", at_most(2))
    told = json.loads(json.dumps(report.record({row(): Result([figure], {"ours": [1.0, 0.9]})})))
    assert told["rows"]["some_row"]["figures"] == [
        {"name": "ours", "value": 1.0, "unit": "s", "target": "≤ 2", "verdict": "met"}
    ]
    assert told["rows"]["some_row"]["samples"] == {"ours": [1.0, 0.9]}
    assert told["machine"]["cores"] >= 1


def test_a_profile_leaves_out_threads_that_wait() -> None:
    waits = "process 7:x;Condition.wait (threading.py:320) 90"
    works = "process 7:x;upload (workers/tasks.py:63);execute (sqlalchemy/engine/base.py:1) 9"
    told = summary(f"{waits}\n{works}\nprocess 7:x;loads (json/__init__.py:3) 1")
    assert told.startswith("10 samples")
    assert " 90.0%  upload (workers/tasks.py)" in told
    assert " 10.0%  json" in told
