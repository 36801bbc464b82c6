"""The first sync when every answer of Gitea takes 20 ms."""

from __future__ import annotations

from benchmarks.row import Bench, Result, Row
from benchmarks.rows.first_sync import measure


def run(bench: Bench) -> Result:
    """The bare script is there for comparison only."""
    return measure(bench, latency=0.02, times_peer=14, times_bare=None)


ROW = Row("first_sync_20ms", "the same with 20 ms latency at Gitea", run)
