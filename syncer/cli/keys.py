"""``syncer keys``."""

from __future__ import annotations

from pathlib import Path

import click

from syncer.adapters.signing import find_signer, make_key, public_path
from syncer.bootstrap.database import prepare_database
from syncer.cli.actor import actor
from syncer.cli.session import Session
from syncer.cli.wiring import opened, settings_of
from syncer.core.audit import Action, Entry
from syncer.core.errors import SyncerError


@click.group("keys")
def command() -> None:
    """Make or show the key that signs statements of equal sides."""


@command.command("make")
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to write it, instead of where [runtime] signing_key says.",
)
@click.pass_obj
def make(session: Session, *, out: Path | None) -> None:
    """Make an Ed25519 key: the private one for this user alone, the public one beside it.

    A key that is there is never overwritten. From then on every complete whole run is stated, signed, by
    each process that finds the private key; give the public one to those who are to verify it.
    """
    settings = settings_of(session)
    path = out / settings.signing_key.name if out else settings.signing_key
    with opened(settings) as container:
        prepare_database(settings, container.database)
        services = container.services
        with services.ledger.together():
            key = make_key(path)
            entry = Entry(Action.KEYS, actor(), subject=key.key_id, detail={"made": str(path)})
            services.ledger.audit.append(entry, services.clock())
    click.echo(f"private key: {path}\npublic key:  {public_path(path)}\nkey id:      {key.key_id}")
    click.echo(key.public_pem, nl=False)
    if path.absolute() != settings.signing_key.absolute():
        click.echo(f"Write signing_key = {path.absolute()} below [runtime] so that it is used.", err=True)


@command.command("show")
@click.pass_obj
def show(session: Session) -> None:
    """Show the public key of the key that this configuration signs with."""
    path = settings_of(session).signing_key
    key = find_signer(path)
    if key is None:
        raise SyncerError(
            f"There is no signing key at {path}.",
            "None was made, or [runtime] signing_key leads elsewhere.",
            "Make one with `syncer keys make`.",
        )
    click.echo(f"private key: {path}\nkey id:      {key.key_id}\n{key.public_pem}", nl=False)
