"""``syncer apply``."""

from __future__ import annotations

from pathlib import Path

import click

from syncer.bootstrap.database import prepare_database
from syncer.bootstrap.logs import printable
from syncer.cli.actor import actor
from syncer.cli.failures import Exit
from syncer.cli.one_pass import one_pass
from syncer.cli.session import Session
from syncer.cli.text import numbered
from syncer.cli.wiring import opened, settings_of, warn
from syncer.core.errors import NotGenuine
from syncer.core.planfile import Movement, Part, PlanFile, read
from syncer.ports.claims import RunRequest
from syncer.usecases.expected import moved
from syncer.usecases.services import Services

#: Bytes; a plan of a hundred thousand files takes about fifty million.
LARGEST = 512 * 1024 * 1024


@click.command("apply")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_context
def command(ctx: click.Context, *, file: Path) -> None:
    """Carry out exactly the plan that `syncer plan --out FILE` wrote.

    Both sides are compared anew first. If either one, the configuration or a ruling changed so that
    something else would be done, nothing is, and what moved is said; exit code 1. Else it goes on as
    `syncer sync` does, and nothing but that plan is carried out even if a side moves meanwhile.
    """
    plan = _read(file)
    settings = settings_of(ctx.ensure_object(Session))
    warn(settings)
    with opened(settings) as container:
        prepare_database(settings, container.database)
        if _told(_moved(container.services, plan)):
            ctx.exit(Exit.FAILED)
        who = actor()
        done = one_pass(container, [_request(part, who) for part in plan.parts])
    ctx.exit(Exit.FINE if done else Exit.FAILED)


def _read(path: Path) -> PlanFile:
    with path.open("rb") as file:
        content = file.read(LARGEST)
    try:
        return read(content.decode("ascii"))
    except UnicodeDecodeError as error:
        raise NotGenuine(f"{path} is no plan: it is no ASCII text.", "It is another file.") from error


def _moved(services: Services, plan: PlanFile) -> list[Movement]:
    return [movement for part in plan.parts for movement in moved(services, part)]


def _told(found: list[Movement]) -> bool:
    for movement in found:
        click.echo(printable(str(movement)))
    if found:
        text = f"{numbered(len(found), 'thing')} moved since the plan was made, so nothing of it was done."
        click.echo(f"{text} Make a new one with `syncer plan --out FILE`.")
    return bool(found)


def _request(part: Part, who: str) -> RunRequest:
    return RunRequest(part.mapping, "cli", part.scope, part.force, actor=who, expects=part.digest)
