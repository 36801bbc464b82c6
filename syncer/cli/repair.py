"""``syncer repair``."""

from __future__ import annotations

import sys
from contextlib import ExitStack, redirect_stdout

import click

from syncer.bootstrap.container import Container
from syncer.bootstrap.database import prepare_database
from syncer.bootstrap.logs import printable
from syncer.cli.actor import actor
from syncer.cli.failures import sentences
from syncer.cli.one_pass import one_pass
from syncer.cli.selection import Selected, select
from syncer.cli.session import Session
from syncer.cli.text import echo_json, numbered
from syncer.cli.verify import document, exit_code, report_options, reports_of, show_report
from syncer.cli.wiring import opened, settings_of
from syncer.core.drift_kinds import Remedy
from syncer.core.repair import OURS
from syncer.ports.claims import RunRequest
from syncer.usecases.drift import Report, verify_sides
from syncer.usecases.repair import Refreshed, repair


@click.command("repair")
@report_options
@click.option("--yes", is_flag=True, help="Do not ask before anything is done.")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    orgs: tuple[str, ...],
    names: tuple[str, ...],
    projects: tuple[str, ...],
    with_bytes: bool,
    as_json: bool,
    yes: bool,
) -> None:
    """Compare both sides now, and mend what can be mended; then compare again and say what is left.

    What is missing is copied. Pages that say something else than their files are written anew. Other
    bytes are replaced where the index is volatile; where it is not, and wherever something would have to
    be removed, what a person has to do is said instead. Whatever is done stands in the audit.

    Exit code 0 only when nothing is left to be done.
    """
    settings = settings_of(ctx.ensure_object(Session))
    selected = select(settings, orgs, names, projects)
    with opened(settings) as container:
        prepare_database(settings, container.database)
        with ExitStack() as stack:
            if as_json:
                stack.enter_context(redirect_stdout(sys.stderr))
            before, after = _repair(container, selected, with_bytes=with_bytes, yes=yes)
    if as_json:
        echo_json({"before": document(before), "after": document(after)})
    ctx.exit(exit_code(after))


def _repair(
    container: Container, selected: Selected, *, with_bytes: bool, yes: bool
) -> tuple[list[Report], list[Report]]:
    """How everything stood before and after; the same where nothing was done."""
    before = list(reports_of(container.services, selected, with_bytes=with_bytes, show=True))
    broken = [report for report in before if _ours(report)]
    if not broken or not (yes or _agreed(broken)):
        if not broken:
            click.echo("\nThere is nothing here that the syncer mends by itself.")
        return before, before
    done = [repair(container.services, report, actor(), "cli") for report in broken]
    for _, refreshed in done:
        _show(refreshed)
    if requests := _distinct([request for requests, _ in done for request in requests]):
        one_pass(container, requests)
    click.echo("\nAfter the repair:")
    return before, [_again(container, report, repaired=bool(_ours(report))) for report in before]


def _ours(report: Report) -> int:
    return sum(finding.remedy in OURS for finding in report.findings)


def _agreed(reports: list[Report]) -> bool:
    """What is about to be done, and whether the person at the terminal agrees."""
    replaced = sum(each.remedy is Remedy.REPLACE for report in reports for each in report.findings)
    overwrites = f", and the bytes of {numbered(replaced, 'file')} at the target replaced" if replaced else ""
    click.echo(f"\n{numbered(sum(map(_ours, reports)), 'file')} would be mended{overwrites}.")
    if not sys.stdin.isatty():
        click.echo("Nothing was done: `--yes` says that it may be.")
        return False
    return click.confirm("Carry this out?", default=False)


def _distinct(requests: list[RunRequest]) -> list[RunRequest]:
    return list(dict.fromkeys(requests))


def _show(refreshed: list[Refreshed]) -> None:
    for each in refreshed:
        name = printable(f"{each.finding.project} {each.finding.version}")
        click.echo(f"{name}: {each.answer or 'not mended'}")
        for sentence in sentences(each.error) if each.error else ():
            click.echo(f"  {printable(sentence)}")


def _again(container: Container, report: Report, *, repaired: bool) -> Report:
    """Bytes that were doubted are fetched again: nothing else says that they are right now."""
    if repaired:
        report = verify_sides(
            container.services, report.mapping, report.scope, with_bytes=report.doubts_bytes
        )
    show_report(report)
    return report
