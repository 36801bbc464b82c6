"""``syncer provenance``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import click

from syncer.bootstrap.clock import now
from syncer.bootstrap.logs import printable
from syncer.cli.selection import select
from syncer.cli.session import Session
from syncer.cli.status import require_tables
from syncer.cli.text import echo_json
from syncer.cli.wiring import opened, settings_of
from syncer.core.errors import SyncerError
from syncer.queries.provenance import histories, record
from syncer.usecases.provenance import ask_source


@click.command("provenance")
@click.argument("file")
@click.option("-m", "--mapping", "names", metavar="NAME", multiple=True, help="Only this mapping.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of records instead.")
@click.pass_context
def command(ctx: click.Context, *, file: str, names: tuple[str, ...], as_json: bool) -> None:
    """Tell where FILE came from and how it came to its target, with digests, times and who did it.

    FILE is a file name, or the first six or more digits of a sha256. Gitea is asked, once for each
    mapping, what it has on record of the file now. What is unknown is said to be, never left out.
    """
    settings = settings_of(ctx.ensure_object(Session))
    mappings = [mapping.name for mapping in select(settings, (), names, ()).mappings]
    with opened(settings) as container:
        require_tables(container.database)
        ask = partial(ask_source, container.services)
        found = [record(each, ask, now()) for each in histories(container.database, file, mappings)]
    if not found:
        raise SyncerError(
            f"Nothing is known of {printable(file)}.",
            "No run has found it at the source of a mapping, or its name is spelt otherwise.",
            "`syncer plan` lists the files that the sources hold now.",
        )
    if as_json:
        echo_json(found)
        return
    click.echo("\n\n".join("\n".join(map(printable, _lines(each))) for each in found))


def _lines(told: dict[str, Any]) -> Iterator[str]:
    source, staging, target = told["source"], told["staging"], told["target"]
    on_record, proof, check = source["on_record"], staging["proved_by"], target["last_check"]
    yield f"{told['filename']} in {told['mapping']}: {told['status']}"
    yield f"  sha256:      {told['sha256']}"
    yield f"  found at:    {_or(source['url'])}, repository {_or(source['repository'])}"
    yield f"  on record:   {_on_record(source, on_record)}"
    yield f"  streamed:    {_proof(proof) if proof else _unknown(staging)}"
    yield f"  target:      {_or(target['name'])}"
    yield (
        f"  answer:      {_or(target['answer'])}"
        if target["outcome"]
        else f"  answer:      {_unknown(target)}"
    )
    yield f"  read back:   {_or(target['read_back_sha256'])}, {_or(target['read_back_at'])}"
    yield (
        f"  bytes again: {check['result']} {check['found_sha256']}, {check['checked_at']}"
        if check
        else ("  bytes again: not fetched back yet")
    )
    for run in told["runs"]:
        yield f"  run:         {run['id']}, asked for by {run['trigger']}: {run['outcome'] or 'not finished'}"
    for entry in told["audit"]:
        yield f"  audit:       {entry['id']} {entry['action']} by {entry['actor']}, digest {entry['digest']}"


def _on_record(source: dict[str, Any], said: dict[str, Any]) -> str:
    release = f"release {_or(source['release_id'])}"
    if said["file_id"] is None:
        return f"{release}; {_unknown(said)}"
    agrees = "the same sha256" if said["agrees"] else f"another sha256, {_or(said['sha256'])}"
    return f"{release}, file {said['file_id']}, {said['size']} bytes, {agrees} (asked {said['asked_at']})"


def _proof(attempt: dict[str, Any]) -> str:
    return f"{attempt['sha256']}, download {attempt['number']} by {attempt['worker']}, {attempt['ended_at']}"


def _unknown(part: dict[str, Any]) -> str:
    return f"unknown: {part['why_unknown']}"


def _or(value: object) -> str:
    return "unknown" if value in (None, "") else str(value)
