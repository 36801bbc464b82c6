"""``syncer``: the options before a command, and the list of commands."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import click

from syncer.cli.lazy import Lazy, LazyGroup
from syncer.cli.session import Session

COMMANDS = {
    "up": Lazy("syncer.cli.up", "Run everything on this machine until Ctrl-C."),
    "sync": Lazy("syncer.cli.sync", "Make one complete pass now, with no worker or broker."),
    "plan": Lazy("syncer.cli.plan", "Show what a sync would do, and why, file by file."),
    "apply": Lazy("syncer.cli.apply", "Carry out exactly a plan that was written before, or nothing."),
    "verify": Lazy("syncer.cli.verify", "Compare both sides now, file by file, and say what mends it."),
    "repair": Lazy("syncer.cli.repair", "Compare both sides now, and mend what can be mended."),
    "retry": Lazy("syncer.cli.retry", "Try again now what failed, was given up or set aside."),
    "status": Lazy("syncer.cli.status", "Show whether each mapping is complete, and what is missing."),
    "why": Lazy("syncer.cli.why", "Tell everything that is known of one file."),
    "doctor": Lazy("syncer.cli.doctor", "Look for what is known to go wrong, and say what to do."),
    "conflicts": Lazy("syncer.cli.conflicts", "Compare other bytes under a known name, and decide."),
    "deletions": Lazy("syncer.cli.deletions", "Show what left Gitea, undo its withdrawal, or confirm it."),
    "provenance": Lazy("syncer.cli.provenance", "Tell where a file came from and how it arrived."),
    "audit": Lazy("syncer.cli.audit", "Show, verify or export what was done, and by whom."),
    "statement": Lazy("syncer.cli.statement", "Export or verify signed statements of equal sides."),
    "keys": Lazy("syncer.cli.keys", "Make or show the key that signs statements."),
    "init": Lazy("syncer.cli.init", "Write a commented configuration file."),
    "config": Lazy("syncer.cli.config", "Check the configuration, or show what is in effect."),
    "db": Lazy("syncer.cli.db", "Prepare or inspect the database."),
}

EXIT_CODES = (
    "Exit codes: 0 all is well; 1 something failed or differs; 2 the configuration or the command is wrong."
)


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    epilog=EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "-c",
    "--config",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Configuration file. Default: $SYNCER_CONFIG, else syncer.conf, else devpi-gitea-sync.conf.",
)
@click.option(
    "-v", "verbosity", count=True, help="Log what is done to stderr; -vv also how, and tracebacks of errors."
)
@click.version_option(package_name="gitea-devpi-syncer", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context, config: Path | None, verbosity: int) -> None:
    """Make every Python package published in Gitea installable from devpi."""
    ctx.obj = Session(config, verbosity)


def main() -> None:
    """The console script; a character that the terminal cannot show never ends a command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    cli(prog_name="syncer")
