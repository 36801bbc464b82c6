"""``syncer statement``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from syncer.adapters.signing import LARGEST, opened
from syncer.cli.failures import Exit
from syncer.cli.selection import select
from syncer.cli.session import Session
from syncer.cli.status import require_tables
from syncer.cli.text import numbered
from syncer.cli.wiring import reading, settings_of
from syncer.core.errors import NotGenuine, SyncerError
from syncer.core.statement import (
    PAYLOAD_TYPE,
    BothSidesEqual,
    check_manifest,
    digest_of_manifest,
    manifest_of,
    read_payload,
)
from syncer.ports.statements import Signed, StatementLedger


class _Exporting(click.Group):
    """``syncer statement -m NAME`` is ``syncer statement export -m NAME``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command in where none is named."""
        named = bool(args) and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if named else ["export", *args])


@click.group("statement", cls=_Exporting)
def command() -> None:
    """Export or verify the signed statement that both sides are equal."""


@command.command("export")
@click.option("-m", "--mapping", "names", metavar="NAME", multiple=True, help="Only this mapping.")
@click.option(
    "--run", "run_id", metavar="N", type=click.IntRange(1, 2**31 - 1), help="This run, not the last one."
)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Directory to write to; by default this one.",
)
@click.pass_context
def export(ctx: click.Context, *, names: tuple[str, ...], run_id: int | None, out: Path) -> None:
    """Write the newest statement of each mapping: the signed envelope, and the manifest that it is about.

    Exit code 1 when a selected mapping has none.
    """
    settings = settings_of(ctx.ensure_object(Session))
    mappings = select(settings, (), names, ()).mappings
    with reading(settings) as database:
        require_tables(database)
        from syncer.adapters.database.ledger import open_ledger  # noqa: PLC0415  # `verify` needs no database

        ledger = open_ledger(database).statements
        out.mkdir(parents=True, exist_ok=True)
        written = [_export(ledger, mapping.name, run_id, out) for mapping in mappings]
    found = any(written) if run_id is not None else all(written)
    ctx.exit(Exit.FINE if found else Exit.FAILED)


@command.command("verify")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--key",
    metavar="PUB",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The public key that `syncer keys make` wrote.",
)
@click.option(
    "--manifest",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The manifest that was exported along.",
)
def verify(*, file: Path, key: Path, manifest: Path | None) -> None:
    """Say what FILE states if that key signed it; neither configuration nor database is needed.

    Exit code 1 when the envelope, what it states, or the manifest is not what was signed.
    """
    payload, key_id = opened(_text(file), _bytes(key), PAYLOAD_TYPE)
    equal, sha256 = read_payload(payload)
    if manifest is not None:
        check_manifest(manifest.read_bytes(), equal, sha256)
    _show(equal, sha256, key_id, manifest)


def _export(ledger: StatementLedger, mapping: str, run_id: int | None, out: Path) -> bool:
    signed = ledger.find(mapping, run_id)
    if signed is None:
        which = f"run {run_id}" if run_id is not None else "no run"
        text = f"{mapping}: {which} {'is not' if run_id is not None else 'is'} stated: unsigned."
        click.echo(f"{text} See `syncer keys show`, and whether a whole run was complete since.", err=True)
        return False
    stem = f"{re.sub(r'[^A-Za-z0-9._-]', '_', mapping)}-run-{signed.run_id}"
    envelope, manifest = out / f"{stem}.intoto.json", out / f"{stem}.manifest"
    envelope.write_text(signed.envelope, encoding="ascii")
    click.echo(f"{mapping}: run {signed.run_id}, {numbered(signed.files, 'file')}: {envelope}")
    manifest.write_bytes(_manifest(ledger, signed).encode())
    click.echo(f"{mapping}: manifest: {manifest}")
    return True


def _manifest(ledger: StatementLedger, signed: Signed) -> str:
    run = ledger.whole_run(signed.run_id)
    manifest = manifest_of(run.files if run else ())
    if digest_of_manifest(manifest) != signed.manifest_sha256:
        raise SyncerError(
            f"The manifest of run {signed.run_id} cannot be written any more.",
            "What was decided then was forgotten after [runtime] history_days, or rows were changed.",
            "Export statements while they are young; the envelope is still valid for a kept manifest.",
        )
    return manifest


def _show(equal: BothSidesEqual, sha256: str, key_id: str, manifest: Path | None) -> None:
    known = "as signed" if manifest else "not looked at; give it by --manifest"
    lines: dict[str, Any] = {
        "source": equal.source,
        "target": equal.target,
        "files": f"{equal.files} ({_figures(equal)})",
        "run": f"{equal.run}, {equal.started_at} to {equal.finished_at}",
        "signed": f"{equal.signed_at} by key {key_id}",
        "audit": f"record {equal.audit_id}, digest {equal.audit_digest}",
        "manifest": f"sha256 {sha256}, {known}",
    }
    click.echo(f"{equal.mapping}: both sides are equal")
    for name, value in lines.items():
        click.echo(f"  {name + ':':10}{value}")


def _figures(equal: BothSidesEqual) -> str:
    counted = {
        "releases stated": equal.stated_releases,
        "read": equal.read_releases,
        "files listed": equal.listed_files,
        "decided": equal.decided_files,
        "proved": equal.proved_files,
    }
    return ", ".join(f"{name} {'?' if number is None else number}" for name, number in counted.items())


def _text(path: Path) -> str:
    try:
        return _bytes(path).decode("ascii")
    except UnicodeDecodeError as error:
        raise NotGenuine(f"{path} is no envelope: it is no ASCII text.", "It is another file.") from error


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST)
