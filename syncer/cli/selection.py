"""Which mappings and projects a command is about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar

import click

from syncer.config.settings import Settings
from syncer.core.model import EVERYTHING, Mapping, Scope

F = TypeVar("F", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Selected:
    """Mappings in the order of the configuration, each to be looked at within every scope."""

    mappings: tuple[Mapping, ...]
    scopes: tuple[Scope, ...]


def selection_options(command: F) -> F:
    """``-o``, ``-m`` and ``-p`` for a command."""
    options = (
        click.option(
            "-o", "--org", "orgs", metavar="ORG", multiple=True, help="Only this Gitea organization."
        ),
        click.option("-m", "--mapping", "names", metavar="NAME", multiple=True, help="Only this mapping."),
        click.option("-p", "--project", "projects", metavar="NAME", multiple=True, help="Only this project."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def select(
    settings: Settings, orgs: Iterable[str], names: Iterable[str], projects: Collection[str]
) -> Selected:
    """What is left when all options are applied; raises UsageError naming every unknown name."""
    mappings = settings.mappings
    owners = {mapping.source.owner.lower(): mapping.source.owner for mapping in mappings.values()}
    wanted = {org.lower() for org in orgs}
    mistakes = [_unknown("organization", org, owners.values()) for org in orgs if org.lower() not in owners]
    mistakes += [_unknown("mapping", name, mappings) for name in names if name not in mappings]
    mistakes += ["A project without a name is none; leave -p out for all projects."] * ("" in projects)
    if mistakes:
        raise click.UsageError("\n".join(mistakes))
    chosen = [m for m in mappings.values() if not wanted or m.source.owner.lower() in wanted]
    chosen = [m for m in chosen if not names or m.name in names]
    if not chosen:
        raise click.UsageError("No mapping is both of these organizations and of these names.")
    scopes = tuple(dict.fromkeys(Scope(project) for project in projects)) or (EVERYTHING,)
    return Selected(tuple(chosen), scopes)


def _unknown(noun: str, name: str, known: Collection[str]) -> str:
    near = get_close_matches(name.lower(), {each.lower(): each for each in known}, n=1)
    spelled = [each for each in known if near and each.lower() == near[0]]
    hint = f"Did you mean {spelled[0]}?" if spelled else f"Known: {', '.join(sorted(known))}."
    return f"No {noun} {name!r} is configured. {hint}"
