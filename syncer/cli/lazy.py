"""A group of commands that imports a command's module only when that command is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click

from syncer.cli.failures import Failures


@dataclass(frozen=True, slots=True)
class Lazy:
    """Where a command stands, as ``command`` of its module, and its line in the list of commands."""

    module: str
    help: str


class LazyGroup(Failures):
    """``--help`` and a misspelt name cost no import; ``resolve_command`` puts the real command in place."""

    def __init__(self, *args: Any, lazy: Mapping[str, Lazy], **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.lazy = lazy
        self.commands = {name: click.Command(name, short_help=each.help) for name, each in lazy.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """In the order of the table, the most used first."""
        return list(self.lazy)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names."""
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None and name in self.lazy:
            command = import_module(self.lazy[name].module).command
        return name, command, rest
