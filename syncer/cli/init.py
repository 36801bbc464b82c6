"""``syncer init``."""

from __future__ import annotations

from pathlib import Path

import click

from syncer.cli.session import Session
from syncer.config import write_template


@click.command("init")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.pass_obj
def command(session: Session, path: Path | None) -> None:
    """Write a commented configuration file of mode 600 to PATH, by default syncer.conf.

    A file that exists is never overwritten.
    """
    path = path or session.config or Path("syncer.conf")
    write_template(path)
    click.echo(
        f"{path} is written. Fill in the lines that end with =, then run: syncer -c {path} config check"
    )
