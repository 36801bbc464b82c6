"""``syncer verify``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click

from syncer.bootstrap.logs import printable
from syncer.cli.failures import Exit, sentences
from syncer.cli.selection import Selected, select, selection_options
from syncer.cli.session import Session
from syncer.cli.status import require_tables
from syncer.cli.text import echo_json
from syncer.cli.wiring import opened, settings_of
from syncer.core.drift import Finding
from syncer.core.drift_kinds import Symbol
from syncer.core.repair import instruction
from syncer.ports.context import log_context
from syncer.usecases.drift import Report, verify_sides
from syncer.usecases.services import Services

F = TypeVar("F", bound=Callable[..., object])

#: Longer file names push their cause to the right alone, not that of every line.
WIDEST_NAME = 60
WORDS = {
    Symbol.SAME: "same",
    Symbol.MISSING: "missing",
    Symbol.ONLY_THERE: "only at the target",
    Symbol.BYTES: "with other bytes",
    Symbol.METADATA: "with other metadata",
    Symbol.INHERITED: "only inherited",
    Symbol.EXCLUDED: "excluded",
    Symbol.UNKNOWN: "unknown",
}


def report_options(command: F) -> F:
    """``--bytes`` and ``--json``, besides those of the selection."""
    command = click.option("--json", "as_json", is_flag=True, help="Print a JSON document instead.")(command)
    with_bytes = "Fetch every file back from the target and hash it."
    return selection_options(click.option("--bytes", "with_bytes", is_flag=True, help=with_bytes)(command))


@click.command("verify")
@report_options
@click.pass_context
def command(
    ctx: click.Context,
    *,
    orgs: tuple[str, ...],
    names: tuple[str, ...],
    projects: tuple[str, ...],
    with_bytes: bool,
    as_json: bool,
) -> None:
    r"""Compare both sides now: one symbol and one cause per file, and the command that mends it.

    Nothing is written to either side. Exit code 0 only when both sides were read, and every file is the
    same, excluded, or at the target for somebody else.

    \b
    = same            + missing at the target      - only at the target     * other bytes
    m other metadata  i only inherited from a base x excluded               ? unknown
    """
    settings = settings_of(ctx.ensure_object(Session))
    selected = select(settings, orgs, names, projects)
    with opened(settings) as container:
        require_tables(container.database)
        reports = list(reports_of(container.services, selected, with_bytes=with_bytes, show=not as_json))
    if as_json:
        echo_json(document(reports))
    ctx.exit(exit_code(reports))


def reports_of(services: Services, selected: Selected, *, with_bytes: bool, show: bool) -> Iterator[Report]:
    """The Report of each selected mapping and project, printed as soon as it is there."""
    for mapping in selected.mappings:
        for scope in selected.scopes:
            with log_context(mapping=mapping.name):
                report = verify_sides(services, mapping, scope, with_bytes=with_bytes)
            if show:
                show_report(report)
            yield report


def all_clean(reports: list[Report]) -> bool:
    """A project of which nothing is on either side is no success: its name may be misspelt."""
    return not _absent(reports) and all(each.clean for each in reports)


def exit_code(reports: list[Report]) -> Exit:
    """The command's exit code; names that are nowhere are told."""
    for project in _absent(reports):
        click.echo(f"No selected mapping has a project {project} on either side.", err=True)
    return Exit.FINE if all_clean(reports) else Exit.FAILED


def _absent(reports: list[Report]) -> list[str]:
    named = {each.scope.project for each in reports if each.scope.project}
    return sorted(named - {each.scope.project for each in reports if each.findings})


def show_report(report: Report) -> None:
    """The Report as text."""
    for line in _lines(report):
        click.echo(line)


def _lines(report: Report) -> Iterator[str]:
    mapping, project = report.mapping, report.scope.project
    yield f"{mapping.name}{f', project {project}' if project else ''}  {mapping.source} -> {mapping.target}"
    names = [printable(each.filename) for each in report.findings]
    width = min(WIDEST_NAME, max(map(len, names), default=0))
    for name, finding in zip(names, report.findings, strict=True):
        yield f"  {finding.symbol} {name:{width}}  {printable(finding.why)}".rstrip()
    for problem in report.problems:
        yield from (f"  {printable(sentence)}" for sentence in sentences(problem))
    yield f"  {summary(report)}"
    yield from (f"    {line}" for line in instructions(report))


def summary(report: Report) -> str:
    """How many files there are of each symbol, and whether their bytes were fetched."""
    numbers = Counter(finding.symbol for finding in report.findings)
    told = ", ".join(f"{numbers[symbol]} {words}" for symbol, words in WORDS.items() if numbers[symbol])
    how = "by the bytes themselves" if report.with_bytes else "by what the target says of them"
    return f"{told or 'no files'}; compared {how}"


def instructions(report: Report) -> list[str]:
    """What mends it, each command once."""
    found = [(finding, _instruction(report, finding)) for finding in report.findings]
    by_text: dict[str, list[Finding]] = {}
    for finding, text in found:
        if text:
            by_text.setdefault(text, []).append(finding)
    lines = [f"{printable(text)}  # {_about(findings)}" for text, findings in by_text.items()]
    return ["What mends it:", *(f"  {line}" for line in lines)] if lines else []


def _instruction(report: Report, finding: Finding) -> str:
    return instruction(finding, report.mapping, volatile=report.volatile)


def _about(findings: list[Finding]) -> str:
    first = printable(f"{findings[0].symbol} {findings[0].filename}")
    return first if len(findings) == 1 else f"{first} and {len(findings) - 1} more"


def document(reports: list[Report]) -> dict[str, Any]:
    """The Reports as JSON."""
    return {"clean": all_clean(reports), "mappings": [_as_json(each) for each in reports]}


def _as_json(report: Report) -> dict[str, Any]:
    return {
        "mapping": report.mapping.name,
        "project": report.scope.project,
        "source": str(report.mapping.source),
        "target": str(report.mapping.target),
        "at": report.at,
        "clean": report.clean,
        "volatile": report.volatile,
        "bytes_fetched": report.with_bytes,
        "problems": [
            {"code": each.code, "what": each.what, "cause": each.cause, "next_step": each.next_step}
            for each in report.problems
        ],
        "counts": Counter(WORDS[each.symbol] for each in report.findings),
        "files": [_file_as_json(report, each) for each in report.findings],
    }


def _file_as_json(report: Report, finding: Finding) -> dict[str, Any]:
    return {
        "symbol": finding.symbol,
        "project": finding.project,
        "version": finding.version,
        "filename": finding.filename,
        "cause": finding.cause,
        "why": finding.why,
        "fine": finding.fine,
        "sha256": finding.sha256,
        "target_sha256": finding.target_sha256,
        "target_version": finding.target_version,
        "remedy": finding.remedy,
        "instruction": _instruction(report, finding),
    }
