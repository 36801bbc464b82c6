"""``syncer audit``."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC
from pathlib import Path
from typing import IO

import click

from syncer.adapters.database.ledger import open_ledger
from syncer.bootstrap.logs import printable
from syncer.cli.failures import Exit
from syncer.cli.session import Session
from syncer.cli.status import require_tables
from syncer.cli.text import echo_json, numbered
from syncer.cli.wiring import reading, settings_of
from syncer.core.audit import Chain, Record
from syncer.core.auditfile import LONGEST_LINE, Mark, examine, read, write
from syncer.ports.proof import AuditLedger
from syncer.queries.audit import newest_records
from syncer.usecases.audit_trail import all_records, examine_audit

_DIGEST = re.compile(r"[0-9a-f]{64}")


@click.group("audit")
def command() -> None:
    """Show, verify or export what people did and what was written to targets."""


@command.command("list")
@click.option("-n", "--number", metavar="N", type=click.IntRange(1, 100_000), default=20, help="How many.")
@click.option("-m", "--mapping", metavar="NAME", help="Only this mapping.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document instead.")
@click.pass_obj
def list_newest(session: Session, *, number: int, mapping: str | None, as_json: bool) -> None:
    """Show the newest records, the newest last."""
    with reading(settings_of(session)) as database:
        require_tables(database)
        found = newest_records(database, mapping, number)
    if as_json:
        echo_json([asdict(record) for record in found])
        return
    for record in found:
        click.echo(_line(record))


@command.command("verify")
@click.option(
    "--since",
    metavar="ID:DIGEST",
    help="Begin at this record, which has to have this digest; the rest is not read.",
)
@click.option("--head", metavar="DIGEST", help="A digest that was the head once, and has to be there still.")
@click.option(
    "--file",
    "export",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Verify an export instead; neither configuration nor database is needed.",
)
@click.pass_context
def verify(ctx: click.Context, *, since: str | None, head: str | None, export: Path | None) -> None:
    """Say whether any record was changed, removed, put in or moved; exit code 1 naming the first.

    It prints the number of records and the head, the digest of the newest one. Note the head where nobody
    who could change the database can change it: by `--head` it shows a later verify that no record at
    the end was removed.
    """
    if export is not None and since is not None:
        raise click.UsageError("An export is verified as a whole; leave --since out.")
    mark, head = _mark(since), _digest(head, "--head")
    if export is not None:
        with export.open("rb") as file:
            chain = examine(read(_lines(file)), head=head)
    else:
        with _opened(ctx.ensure_object(Session)) as audit:
            chain = examine_audit(audit, since=mark, head=head)
    ctx.exit(_told(chain, mark))


@command.command("export")
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it there, not to stdout.",
)
@click.pass_obj
def export(session: Session, *, out: Path | None) -> None:
    """Write every record as JSON lines, and a last line that covers them all."""
    with _opened(session) as audit:
        if out is None:
            _write(all_records(audit), sys.stdout)
            return
        with out.open("w", encoding="ascii", newline="\n") as file:
            number = _write(all_records(audit), file)
    click.echo(f"{numbered(number, 'record')} written to {out}.")


def _write(records: Iterable[Record], file: IO[str]) -> int:
    number = -1  # the last line is no record
    for line in write(records):
        file.write(line)
        number += 1
    return number


@contextmanager
def _opened(session: Session) -> Iterator[AuditLedger]:
    with reading(settings_of(session)) as database:
        require_tables(database)
        yield open_ledger(database).audit


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    while line := file.readline(LONGEST_LINE):
        yield line


def _told(chain: Chain, since: Mark | None) -> Exit:
    start = f" from record {since.id} on" if since else ""
    sound = f"{numbered(chain.records, 'record')}{start}"
    if chain.fault:
        click.echo(f"The audit is not as it was written: {printable(chain.fault)}.")
        click.echo(f"Before that, {sound} {'is' if chain.records == 1 else 'are'} sound.")
        return Exit.FAILED
    click.echo(f"{sound}, each as it was written and in its place.\nhead: {chain.head}")
    return Exit.FINE


def _mark(text: str | None) -> Mark | None:
    if text is None:
        return None
    number, _, digest = text.partition(":")
    if not (number.isascii() and number.isdigit() and 0 < int(number) < 2**63):
        raise click.UsageError("--since takes the id and the digest of a record, as in 17:0123…")
    return Mark(int(number), _digest(digest, "--since"))


def _digest(text: str | None, option: str) -> str:
    if text is None:
        return ""
    if not _DIGEST.fullmatch(text.lower()):
        raise click.UsageError(f"{option} takes all 64 digits of a digest.")
    return text.lower()


def _line(record: Record) -> str:
    at = f"{record.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    about = " ".join(part for part in (record.mapping, record.subject) if part)
    shown = f"{record.id:>6}  {at}  {record.action:8}  {record.actor}  {about}  {record.detail}"
    return printable(shown)
