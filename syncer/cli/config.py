"""``syncer config``."""

from __future__ import annotations

from itertools import groupby

import click

from syncer.cli.session import Session
from syncer.cli.text import echo_json, numbered
from syncer.config import Effective, load, show
from syncer.config import check as check_all
from syncer.core.errors import ConfigError


@click.group("config")
def command() -> None:
    """Check the configuration, or show what is in effect."""


@command.command("check")
@click.pass_obj
def check(session: Session) -> None:
    """Report every mistake and warning at once; exit code 2 when there is a mistake."""
    mistakes, warnings = check_all(session.config)
    for warning in warnings:
        click.echo(f"Warning: {warning}", err=True)
    if mistakes:
        raise ConfigError(mistakes)
    settings = load(session.config)
    source = settings.path or "The environment"
    click.echo(f"{source} holds no mistake: {numbered(len(settings.mappings), 'mapping')}.")


@command.command("show")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead.")
@click.pass_obj
def show_effective(session: Session, as_json: bool) -> None:  # noqa: FBT001  # click's signature
    """Show the value of every option and where it comes from; secrets are masked."""
    rows = show(session.config)
    if as_json:
        echo_json([_as_json(row) for row in rows])
        return
    width = max(len(_assignment(row)) for row in rows)
    for section, options in groupby(rows, lambda row: row.section):
        click.echo(f"[{section}]")
        for row in options:
            click.echo(f"{_assignment(row):{min(width, 60)}}  # {row.origin}")


def _assignment(row: Effective) -> str:
    return f"{row.option} = {row.value_text}".rstrip()


def _as_json(row: Effective) -> dict[str, str]:
    return {"section": row.section, "option": row.option, "value": row.value_text, "origin": row.origin}
