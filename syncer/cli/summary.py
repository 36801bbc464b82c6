"""What a pass has come to: counts, each problem with its reason and next step, and a verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import click

from syncer.adapters.database.engine import Database
from syncer.bootstrap.logs import printable
from syncer.cli.text import counts, numbered
from syncer.core.errors import NothingThere, SyncerError
from syncer.core.states import Outcome, RunOutcome
from syncer.queries.files import mapping_files
from syncer.queries.rows import FilePage, FileRow
from syncer.queries.runs import RunDetail, RunSummary, run_detail
from syncer.queries.statuses import FileStatus

#: Files read at once, and problems shown of one Run.
PAGE = 1000
SHOWN = 200
FINE = (FileStatus.SYNCED, FileStatus.EXCLUDED)

P = TypeVar("P", FilePage, RunDetail)


@dataclass(frozen=True, slots=True)
class Result:
    """A finished Run, how the files of its Scope stand now, and how many of them it copied."""

    run: RunSummary
    copied: int
    counts: Counter[str]
    problems: tuple[FileRow, ...]

    @property
    def missing(self) -> int:
        """How many selected files are not proved to be at the target."""
        return self.counts.total() - sum(self.counts[status] for status in FINE)

    @property
    def complete(self) -> bool:
        """Whether everything selected is at its target; the rows must bear the Run out."""
        return self.run.outcome == RunOutcome.COMPLETE and not self.missing

    @property
    def absent(self) -> bool:
        """Whether the Mapping does not have the project at all; another one may."""
        return self.run.error_code == NothingThere("").code and not self.counts

    @property
    def title(self) -> str:
        """The Mapping, and the project when the Run was about one."""
        return printable(self.run.mapping + (f", project {self.run.project}" if self.run.project else ""))


def read_results(database: Database, runs: Iterable[int]) -> list[Result]:
    """The Results of these Runs, in their order."""
    return [_read(database, run) for run in runs]


def show_results(results: list[Result]) -> bool:
    """Print them; whether all is complete. A project that no mapping has is no success."""
    for result in results:
        click.echo(f"\n{result.title}: {_verdict(result)}")
        for line in _details(result):
            click.echo(f"  {line}")
    missing = {result.run.project for result in results if result.run.project}
    missing -= {result.run.project for result in results if result.counts}
    complete = all(result.complete or result.absent for result in results) and not missing
    click.echo("")
    for project in sorted(missing):
        click.echo(f"No selected mapping has a project {printable(project)}.")
    click.echo(
        "Everything selected is at its target." if complete else "Not everything selected is at its target."
    )
    return complete


def _read(database: Database, run_id: int) -> Result:
    pages = list(_pages(lambda offset: _run_page(database, run_id, offset)))
    run = pages[0].run
    copied = sum(file.outcome == Outcome.COPIED for page in pages for file in page.files)
    standing = _of_project if run.project else _of_mapping
    return Result(run, copied, *standing(database, run))


def _run_page(database: Database, run_id: int, offset: int) -> RunDetail:
    detail = run_detail(database, run_id, limit=PAGE, offset=offset)
    if detail is None:
        raise SyncerError(f"Run {run_id} is no longer recorded.", "Its rows were removed meanwhile.")
    return detail


def _of_mapping(database: Database, run: RunSummary) -> tuple[Counter[str], tuple[FileRow, ...]]:
    pages = {
        status: mapping_files(database, run.mapping, status, limit=0 if status in FINE else SHOWN)
        for status in FileStatus
    }
    numbers = Counter({str(status): page.total for status, page in pages.items() if page.total})
    return numbers, tuple(file for page in pages.values() for file in page.files)


def _of_project(database: Database, run: RunSummary) -> tuple[Counter[str], tuple[FileRow, ...]]:
    pages = _pages(lambda offset: mapping_files(database, run.mapping, limit=PAGE, offset=offset))
    files = [file for page in pages for file in page.files if file.project == run.project]
    return Counter(file.status for file in files), tuple(file for file in files if file.status not in FINE)


def _pages(read: Callable[[int], P]) -> Iterator[P]:
    offset, total = 0, 1
    while offset < total:
        page = read(offset)
        yield page
        offset, total = offset + PAGE, page.total


def _verdict(result: Result) -> str:
    selected = result.counts.total() - result.counts[FileStatus.EXCLUDED]
    there = f"{result.counts[FileStatus.SYNCED]} of {numbered(selected, 'file')} at the target"
    return f"{result.run.outcome}. {there}, {result.copied} copied by run {result.run.id}."


def _details(result: Result) -> Iterator[str]:
    others = {status: n for status, n in sorted(result.counts.items()) if status != FileStatus.SYNCED}
    if others:
        yield counts(others)
    if result.run.error:
        yield printable(result.run.error)
        yield printable(result.run.next_step)
    for file in result.problems[:SHOWN]:
        yield f"{file.status:10}  {printable(file.filename)}: {printable(file.error or file.reason)}"
        if file.next_step:
            yield f"{'':12}{printable(file.next_step)}"
    if result.missing > SHOWN:
        yield f"and {result.missing - SHOWN} more: see `syncer plan`, or the status view of `syncer up`"
