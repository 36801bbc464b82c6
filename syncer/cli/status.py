"""``syncer status``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime

import click

from syncer.adapters.database.engine import Database
from syncer.adapters.database.revision import current, require_head
from syncer.bootstrap.clock import now
from syncer.bootstrap.logs import printable
from syncer.cli.balance import balance_lines
from syncer.cli.checks import check_lines
from syncer.cli.failures import Exit
from syncer.cli.session import Session
from syncer.cli.text import ago, counts, echo_json, numbered
from syncer.cli.wiring import reading, settings_of, warn
from syncer.core.errors import SyncerError
from syncer.queries.overview import MappingState, MappingStatus, Overview, overview
from syncer.queries.rows import FileCounts, FileRow

COLOURS = {MappingState.COMPLETE: "green", MappingState.SYNCING: "yellow", MappingState.NEVER_RUN: "yellow"}
WORDS = {MappingState.NEVER_RUN: "no run yet"}


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document instead.")
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """Show whether each mapping is complete, and what is missing.

    Nothing is asked of Gitea or devpi: this is what was last recorded. Exit code 0 only when every
    mapping was found complete, and lately.
    """
    settings = settings_of(ctx.ensure_object(Session))
    with reading(settings) as database:
        require_tables(database)
        seen = overview(database, settings.mappings, now())
    warn(settings)
    complete = all(mapping.state == MappingState.COMPLETE for mapping in seen.mappings)
    if as_json:
        configured = [asdict(warning) for warning in settings.warnings]
        echo_json({"complete": complete, **asdict(seen), "configuration_warnings": configured})
    else:
        _show(seen)
    ctx.exit(Exit.FINE if complete else Exit.FAILED)


def require_tables(database: Database) -> None:
    """Raise SyncerError, with what to run, unless there are tables to read, and this version's."""
    if current(database) is None:
        raise SyncerError(
            "The database has no tables yet.",
            "Nothing was ever synced with this configuration.",
            "Run `syncer sync` or `syncer up`; the database of a server needs `syncer db upgrade` first.",
        )
    require_head(database)


def _show(seen: Overview) -> None:
    for mapping in seen.mappings:
        for line in _mapping(mapping, seen.at):
            click.echo(line)
    if seen.problems:
        click.echo("\nWhat needs somebody (`syncer why FILE` tells more):")
    for file in seen.problems:
        for line in _problem(file):
            click.echo(f"  {line}")
    for warning in seen.warnings:
        said = f"{printable(str(warning))} (said first {ago(warning.since, seen.at)})"
        click.secho(f"\nWarning: {said}", fg="yellow")
    for server in seen.failing:
        click.echo(f"\n{printable(str(server))}")
    click.echo(f"\n{_life(seen)}")


def _mapping(mapping: MappingStatus, at: datetime) -> Iterator[str]:
    state = MappingState(mapping.state)
    word = click.style(WORDS.get(state, state), fg=COLOURS.get(state, "red"))
    yield f"{printable(mapping.name)}: {word}, last complete {ago(mapping.last_complete_at, at)}"
    yield f"  {mapping.source} -> {mapping.target}"
    if mapping.last_run is not None or mapping.counts.selected:
        yield f"  {_counts(mapping.counts)}"
    yield from balance_lines(mapping.balance)
    yield from check_lines(mapping.checks, at)
    if mapping.open_run is not None:
        run = mapping.open_run
        yield f"  run {run.id} is {run.state}, asked for by {run.trigger}"
    if mapping.last_run is not None and mapping.last_run.error:
        yield f"  {printable(mapping.last_run.error)}"
        yield f"  {printable(mapping.last_run.next_step)}"


def _counts(numbers: FileCounts) -> str:
    others = {
        "in conflict": numbers.conflicts,
        "refused": numbers.refused,
        "failing": numbers.failing,
        "waiting": numbers.waiting,
        "not read back yet": numbers.unverified,
        "unknown": numbers.unknown,
        "excluded": numbers.excluded,
    }
    there = f"{numbers.synced} of {numbered(numbers.selected, 'file')} at the target"
    return f"{there}; {counts(others)}" if any(others.values()) else there


def _problem(file: FileRow) -> Iterator[str]:
    reason = printable(file.error or file.reason)
    yield f"{printable(file.mapping)}: {file.status} {printable(file.filename)}: {reason}"
    if file.next_step:
        yield f"  {printable(file.next_step)}"


def _life(seen: Overview) -> str:
    silent = [sign.name for sign in seen.workers if not sign.alive]
    if not seen.beat.alive and len(silent) == len(seen.workers):
        return "Nothing works on its own now: neither beat nor any worker is alive (`syncer up` starts them)."
    gone = [*([] if seen.beat.alive else ["beat"]), *(f"workers of the queue {name}" for name in silent)]
    return f"Not alive: {', '.join(gone)}." if gone else "Beat and the workers of every queue are alive."
