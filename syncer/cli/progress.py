"""How far the Runs of a pass are: a live bar on a terminal, a line per change elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Protocol, Self

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from syncer.adapters.database.engine import Database
from syncer.bootstrap.logs import printable
from syncer.cli.text import numbered
from syncer.core.states import OPEN_RUN, RunState
from syncer.queries.runs import RunDetail, recent_runs, run_detail

#: Seconds between two looks at the rows; a Run that starts at once is not shown as waiting.
LOOK = 0.5
FIRST_LOOK = 0.2
#: Among how many of a Mapping's newest Runs the open one is looked for.
NEAR = 20


class View(Protocol):
    """Shows how far one Run is."""

    def show(self, run: RunDetail, standing: str) -> None:
        """The Run stands so now, in words too."""
        ...


class Watch(AbstractContextManager["Watch"]):
    """Called with the Runs that are not finished, it shows them and the end of each that was."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stack = ExitStack()
        self._view: View = Lines()
        self._open: set[int] = set()
        self._next_look = time.monotonic() + FIRST_LOOK

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._view = self._stack.enter_context(Bars())
        return self

    def __call__(self, unfinished: list[int]) -> None:
        """Show these, and what has become of those that were unfinished before."""
        ended = self._open - set(unfinished)
        if ended or time.monotonic() >= self._next_look:
            self._show(sorted(ended | set(unfinished)))
            self._open = set(unfinished)
            self._next_look = time.monotonic() + LOOK

    def _show(self, runs: Iterable[int]) -> None:
        for run in runs:
            detail = run_detail(self._database, run, limit=0)
            if detail is not None:
                self._view.show(detail, self._words(detail))

    def _words(self, detail: RunDetail) -> str:
        """Where the Run is; one that waits for another of its Mapping tells where that one is."""
        if detail.run.state != RunState.REQUESTED:
            return standing(detail)
        runs = recent_runs(self._database, detail.run.mapping, limit=NEAR)
        before = next((run.id for run in runs if run.state in OPEN_RUN and run.id != detail.run.id), None)
        other = run_detail(self._database, before, limit=0) if before is not None else None
        return f"waiting for run {before}: {standing(other)}" if other else "waiting for its turn"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()


class Lines:
    """Plain lines on stdout, one per change."""

    def __init__(self) -> None:
        self._said: dict[int, str] = {}

    def show(self, run: RunDetail, standing: str) -> None:
        """A line, unless it would say what the last one said."""
        line = f"{title(run)}: {standing}"
        if self._said.get(run.run.id) != line:
            self._said[run.run.id] = line
            click.echo(line)


class Bars(AbstractContextManager["Bars"]):
    """A bar per Run on stderr, so that stdout holds the summary alone."""

    def __init__(self) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[standing]}", markup=False),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=Console(stderr=True), redirect_stdout=False)
        self._tasks: dict[int, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def show(self, run: RunDetail, standing: str) -> None:
        """The Run's bar stands so; it counts what was uploaded, the words what was read back."""
        if run.run.id not in self._tasks:
            self._tasks[run.run.id] = self._progress.add_task(title(run), total=None, standing="")
        over = run.run.state == RunState.FINISHED
        planned = run.run.planned_at is not None
        self._progress.update(
            self._tasks[run.run.id],
            total=max(run.counts.selected, 1) if planned or over else None,
            completed=max(run.counts.selected - run.counts.waiting, 1 if over else 0),
            standing=standing,
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()


def title(run: RunDetail) -> str:
    """The Mapping, and the project when the Run is about one."""
    return printable(run.run.mapping + (f", project {run.run.project}" if run.run.project else ""))


def standing(run: RunDetail) -> str:
    """Where the Run is, in words; its files are those that were not at their target before."""
    state = RunState(run.run.state)
    if state is RunState.PLANNING:
        return "planning"
    if not run.counts.selected:
        return run.run.outcome if state is RunState.FINISHED else "nothing to copy"
    counts = run.counts
    failing = counts.failing + counts.refused + counts.conflicts + counts.unknown
    words = [f"{counts.synced} of {numbered(counts.selected, 'file')} at the target"]
    words += [f"{counts.unverified} to be read back"] * bool(counts.unverified)
    return ", ".join([*words, *[f"{failing} failing"] * bool(failing)])
