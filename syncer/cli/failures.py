"""What a person reads when a command fails, and its exit code."""

from __future__ import annotations

import traceback
from enum import IntEnum
from typing import Any

import click

from syncer.cli.session import Session
from syncer.core.errors import ConfigError, SyncerError

#: By these click itself ends a command.
_CLICKS_OWN = (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError)


class Exit(IntEnum):
    """The exit codes of every command."""

    FINE = 0
    FAILED = 1
    USAGE = 2
    INTERRUPTED = 130


class Failures(click.Group):
    """A group whose commands fail with a sentence; a traceback is for ``-vv`` alone."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; whatever it raises becomes a message on stderr and an exit code."""
        try:
            return super().invoke(ctx)
        except _CLICKS_OWN:
            raise
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(Exit.INTERRUPTED)
        except Exception as error:  # noqa: BLE001  # the outermost handler
            session = ctx.find_object(Session)
            if session is not None and session.verbosity > 1:
                _say("".join(traceback.format_exception(error)))
            _say("\n".join(sentences(error)))
            ctx.exit(Exit.USAGE if isinstance(error, ConfigError) else Exit.FAILED)


def sentences(error: Exception) -> list[str]:
    """What failed, the likely cause and the next step, each on its line."""
    if isinstance(error, ConfigError):
        number = len(error.problems)
        head = f"Error: the configuration has {number} mistake{'s' if number != 1 else ''}:"
        return [head, *(f"  {problem}" for problem in error.problems)]
    if isinstance(error, SyncerError):
        return [f"Error: {error.what}", *(f"  {part}" for part in (error.cause, error.next_step) if part)]
    if isinstance(error, OSError) and error.filename is not None:
        return [f"Error: {error.filename}: {error.strerror}."]
    told = " ".join(str(error).split())[:500]
    head = f"Error: an unexpected {type(error).__name__} ended the command" + (f": {told}" if told else ".")
    return [head, "  This is a defect; run it again with -vv to see where, and report that."]


def _say(text: str) -> None:
    """On stderr, without secrets of the configuration and without control characters from elsewhere."""
    from syncer.bootstrap.logs import printable, redact  # noqa: PLC0415  # `syncer --help` must stay quick

    for line in redact(text).splitlines():
        click.echo(printable(line), err=True)
