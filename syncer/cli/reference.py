"""The commands and their options as the documentation shows them."""

from __future__ import annotations

from collections.abc import Iterator

import click

from syncer.cli.main import cli


def all_commands(
    group: click.Group = cli, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, by its words; importing all of them."""
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        _, command, _ = group.resolve_command(ctx, [name])
        if isinstance(command, click.Group):
            yield from all_commands(command, (*path, name))
        elif command is not None:
            yield (*path, name), command


def commands_markdown() -> str:
    """A table of every command with its options."""
    rows = [f"| `{usage(path, command)}` | {_first_line(command)} |" for path, command in all_commands()]
    return "\n".join(["| command | what it does |", "|---|---|", *rows])


def usage(path: tuple[str, ...], command: click.Command) -> str:
    """``syncer why FILE [--json]``."""
    return " ".join(["syncer", *path, *(_word(parameter) for parameter in command.params)])


def _word(parameter: click.Parameter) -> str:
    if isinstance(parameter, click.Option):
        value = "" if parameter.is_flag else f" {parameter.metavar}"
        more = "…" if parameter.multiple else ""
        return f"[{'/'.join(parameter.opts)}{value}]{more}"
    name = (parameter.name or "").upper()
    return name if parameter.required else f"[{name}]"


def _first_line(command: click.Command) -> str:
    return (command.help or "").splitlines()[0]
