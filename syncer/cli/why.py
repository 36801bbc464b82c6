"""``syncer why``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

import click

from syncer.bootstrap.logs import printable
from syncer.cli.failures import Exit
from syncer.cli.session import Session
from syncer.cli.status import require_tables
from syncer.cli.text import echo_json
from syncer.cli.wiring import opened, settings_of
from syncer.core.errors import SyncerError
from syncer.queries.files import MATCHES, AttemptDetail, DecisionDetail, FileDetail, TransferDetail, why
from syncer.queries.statuses import FileStatus

#: How much of a file's past is printed; ``--json`` has all that was read.
FORMER_SHOWN = 3
ATTEMPTS_SHOWN = 10


@click.command("why")
@click.argument("file")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document instead.")
@click.pass_context
def command(ctx: click.Context, *, file: str, as_json: bool) -> None:
    """Tell everything that is known of FILE: decision, reason, attempts, outcome.

    FILE is a file name, or the first six or more digits of a sha256. Exit code 0 when the file is at the
    target of every mapping that selects it.
    """
    settings = settings_of(ctx.ensure_object(Session))
    with opened(settings) as container:
        require_tables(container.database)
        known = why(container.database, file)
    found = [each for each in known if each.mapping in settings.mappings]
    synced = _synced(found) and len(known) < MATCHES
    if as_json:
        echo_json({"file": file, "synced": synced, "mappings": [asdict(each) for each in found]})
    else:
        _show(file, found)
    ctx.exit(Exit.FINE if synced else Exit.FAILED)


def _synced(found: Sequence[FileDetail]) -> bool:
    """A file that no mapping selects is proved to be nowhere."""
    selected = [detail for detail in found if detail.status != FileStatus.EXCLUDED]
    return bool(selected) and all(detail.status == FileStatus.SYNCED for detail in selected)


def _show(file: str, found: Sequence[FileDetail]) -> None:
    if not found:
        raise SyncerError(
            f"Nothing is known of {printable(file)}.",
            "No run has found it at the source of a mapping, or its name is spelt otherwise.",
            "`syncer plan` lists the files that the sources hold now.",
        )
    click.echo("\n\n".join("\n".join(_lines(detail)) for detail in found))


def _lines(detail: FileDetail) -> Iterator[str]:
    yield f"{printable(detail.filename)} in {printable(detail.mapping)}: {detail.status}"
    if detail.current is None:
        yield "  The source's last listing did not hold it."
    else:
        yield from _decision(detail.current)
    for attempt in detail.attempts[:ATTEMPTS_SHOWN]:
        yield f"  {_attempt(attempt)}"
    if len(detail.attempts) > ATTEMPTS_SHOWN:
        yield f"  and {len(detail.attempts) - ATTEMPTS_SHOWN} earlier attempts (--json shows them)"
    for former in detail.former[:FORMER_SHOWN]:
        yield f"  before:    {_former(former)}"


def _decision(decision: DecisionDetail) -> Iterator[str]:
    at = f"run {decision.from_run_id}, {_at(decision.decided_at)}"
    yield f"  decision:  {decision.kind}, because {printable(decision.reason)} ({at})"
    yield f"  version:   {printable(decision.version)}, sha256 {decision.sha256}"
    if decision.transfer is not None:
        yield from _transfer(decision.transfer)
    if decision.next_step:
        yield f"  next step: {printable(decision.next_step)}"


def _transfer(transfer: TransferDetail) -> Iterator[str]:
    when = f"ended {_at(transfer.ended_at)}" if transfer.ended_at else f"due {_at(transfer.next_attempt_at)}"
    yield f"  transfer:  {transfer.outcome or transfer.state}, {when}, tried {transfer.tries} times"
    if transfer.answer:
        yield f"  answer:    {printable(transfer.answer)}"
    if transfer.error:
        yield f"  error:     {printable(transfer.error)}"


def _attempt(attempt: AttemptDetail) -> str:
    took = ""
    if attempt.ended_at is not None:
        took = f" after {(attempt.ended_at - attempt.started_at).total_seconds():.1f} s"
    end = f"{attempt.result or 'under way'}{took}"
    error = f": {printable(attempt.error)}" if attempt.error else ""
    start = f"{attempt.step} {attempt.number}, {_at(attempt.started_at)} by {attempt.worker}"
    return f"attempt:   {start}: {end}{error}"


def _former(decision: DecisionDetail) -> str:
    until = f"runs {decision.from_run_id} to {decision.to_run_id}"
    return f"{decision.kind}, {decision.status}, because {printable(decision.reason)} ({until})"


def _at(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
