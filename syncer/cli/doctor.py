"""``syncer doctor``."""

from __future__ import annotations

import shutil
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import click

from syncer.bootstrap.clock import now
from syncer.bootstrap.examine import Installation
from syncer.bootstrap.logs import printable, redact
from syncer.cli.failures import Exit
from syncer.cli.selection import select
from syncer.cli.session import Session
from syncer.cli.text import echo_json, numbered
from syncer.cli.wiring import settings_of, warn
from syncer.core.diagnosis.finding import Finding, Level, is_fine
from syncer.launch.server_binary import find_server, server_version
from syncer.usecases.examine import examine

COLOURS = {Level.OK: "green", Level.NOTICE: "cyan", Level.WARNING: "yellow"}
WIDEST, NARROWEST = 110, 60
#: How far the sentences below a finding are set in.
INDENT = " " * 12


@click.command("doctor")
@click.option("-m", "--mapping", "names", metavar="NAME", multiple=True, help="Only this mapping.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document instead.")
@click.pass_context
def command(ctx: click.Context, *, names: tuple[str, ...], as_json: bool) -> None:
    """Look for what is known to go wrong, and say why it is so, what comes of it, and what to do.

    Tokens, owners, indexes, versions, clocks, broker, database and disks are looked at by reading alone:
    nothing is uploaded or changed anywhere. Exit code 0 when there is neither a problem nor anything that
    could not be found out; warnings and notices are no failure.
    """
    settings = settings_of(ctx.ensure_object(Session))
    selected = select(settings, (), names, ())
    warn(settings)
    findings = examine(Installation(settings, _bundled), settings, selected.mappings, now())
    healthy = is_fine(findings)
    if as_json:
        shown = [{key: redact(value) for key, value in _fields(finding)} for finding in findings]
        echo_json({"fine": healthy, "counts": _counts(findings), "findings": shown})
    else:
        for line in _lines(
            findings, max(NARROWEST, min(WIDEST, shutil.get_terminal_size((100, 24)).columns))
        ):
            click.echo(line)
    ctx.exit(Exit.FINE if healthy else Exit.FAILED)


def _bundled() -> tuple[str, tuple[int, ...]]:
    """The broker that `syncer up` would run; raises SyncerError when there is none."""
    server = find_server()
    version = server_version(server)
    return f"{server.name} {'.'.join(map(str, version))}", version


def _fields(finding: Finding) -> Iterator[tuple[str, str]]:
    names = ("check", "about", "level", "code", "seen", "cause", "consequence", "fix")
    return ((name, str(getattr(finding, name))) for name in names)


def _counts(findings: Sequence[Finding]) -> dict[str, int]:
    numbers = Counter(finding.level for finding in findings)
    return {level.value: numbers[level] for level in Level}


def _lines(findings: Sequence[Finding], width: int) -> Iterator[str]:
    """The findings by what they are about, in the order in which they came, and the sum of them."""
    column = max((len(finding.check) for finding in findings), default=0)
    for about in dict.fromkeys(finding.about for finding in findings):
        yield click.style(printable(about), bold=True)
        for finding in findings:
            if finding.about == about:
                yield from _finding(finding, column, width)
        yield ""
    yield f"{_sum(_counts(findings))}."


def _sum(numbers: Mapping[str, int]) -> str:
    bad = (Level.PROBLEM, Level.WARNING, Level.NOTICE)
    parts = [numbered(numbers[level], level.value) for level in bad if numbers[level]]
    parts += [f"{numbers[level]} {level}" for level in (Level.UNKNOWN, Level.OK) if numbers[level]]
    return ", ".join(parts)


def _finding(finding: Finding, column: int, width: int) -> Iterator[str]:
    word = click.style(f"{finding.level.value:8}", fg=COLOURS.get(finding.level, "red"))
    yield f"  {word}  {finding.check:{column}}  {_clean(finding.seen)}"
    for name, text in (("why", finding.cause), ("so", finding.consequence), ("fix", finding.fix)):
        if text:
            yield from textwrap.wrap(
                _clean(text),
                width,
                initial_indent=f"{INDENT}{name:5}",
                subsequent_indent=f"{INDENT}     ",
                break_long_words=False,
                break_on_hyphens=False,
            )


def _clean(text: str) -> str:
    return printable(redact(text))
