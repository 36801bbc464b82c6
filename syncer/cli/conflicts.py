"""``syncer conflicts``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import click

from syncer.adapters.members import read_members
from syncer.bootstrap.container import Container
from syncer.bootstrap.logs import printable
from syncer.cli.actor import actor
from syncer.cli.failures import Exit
from syncer.cli.named import FileName, named
from syncer.cli.one_pass import one_pass
from syncer.cli.session import Session
from syncer.cli.status import require_tables
from syncer.cli.text import echo_json, numbered
from syncer.cli.wiring import opened, reading, settings_of
from syncer.core.errors import SyncerError
from syncer.core.known import Ruling, Verdict
from syncer.core.members import Member, MembersDiff
from syncer.queries.conflicts import Conflict, ConflictState, conflict, conflicts
from syncer.usecases.contents import Comparison, Side, compare_contents
from syncer.usecases.reasons import DecisionRefused
from syncer.usecases.rulings import rule

#: How many members of one kind, and how much of a field, are printed; ``--json`` has all.
MEMBERS_SHOWN = 50
FIELD_SHOWN = 200
JSON = click.option("--json", "as_json", is_flag=True, help="Print a JSON document instead.")
REASON = click.option("--reason", metavar="TEXT", required=True, help="Why; it is kept and shown.")


@click.group("conflicts", invoke_without_command=True)
@JSON
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """List names under which devpi holds other bytes than Gitea, and decide about them.

    Nothing is overwritten unless somebody approves it here, or syncs with --force.
    """
    if ctx.invoked_subcommand is None:
        _list(ctx, as_json=as_json)


@command.command("list")
@JSON
@click.pass_context
def show_list(ctx: click.Context, *, as_json: bool) -> None:
    """List every conflict, and what was rejected; exit code 1 while one is not decided."""
    _list(ctx, as_json=as_json)


@command.command("show")
@click.argument("mapping")
@click.argument("file")
@JSON
@click.pass_context
def show_one(ctx: click.Context, *, mapping: str, file: str, as_json: bool) -> None:
    """Fetch both files now and compare them: digests, metadata, members.

    FILE is a file name, or project/file name. Exit code 1 when one of both could not be read whole.
    """
    settings = settings_of(ctx.ensure_object(Session))
    with opened(settings) as container:
        found = _find(container, named(settings, mapping, file))
        comparison = compare_contents(container.services, read_members, mapping, found.file)
    if as_json:
        echo_json({"conflict": asdict(found), "comparison": asdict(comparison)})
    else:
        click.echo("\n".join((*_lines(found), *_compared(comparison))))
    ctx.exit(Exit.FINE if comparison.is_whole else Exit.FAILED)


@command.command("approve")
@click.argument("mapping")
@click.argument("file")
@REASON
@click.pass_context
def approve(ctx: click.Context, *, mapping: str, file: str, reason: str) -> None:
    """Let Gitea's bytes replace the others, where the index is volatile.

    Exit code 0 when devpi then holds them. Where the index is not volatile it says what a person has to do.
    """
    _decide(ctx, mapping, file, Verdict.APPROVED, reason)


@command.command("reject")
@click.argument("mapping")
@click.argument("file")
@REASON
@click.pass_context
def reject(ctx: click.Context, *, mapping: str, file: str, reason: str) -> None:
    """Leave the other bytes where they are: the file is excluded from then on, with this reason."""
    _decide(ctx, mapping, file, Verdict.REJECTED, reason)


def _list(ctx: click.Context, *, as_json: bool) -> None:
    settings = settings_of(ctx.ensure_object(Session))
    with reading(settings) as database:
        require_tables(database)
        found = conflicts(database, list(settings.mappings))
    undecided = [each for each in found if each.state is not ConflictState.REJECTED]
    if as_json:
        echo_json({"open": len(undecided), "conflicts": [asdict(each) for each in found]})
    elif not found:
        click.echo("No conflict: nowhere does devpi hold other bytes under a name that Gitea has.")
    else:
        click.echo("\n\n".join("\n".join(_lines(each)) for each in found))
    ctx.exit(Exit.FAILED if undecided else Exit.FINE)


def _decide(ctx: click.Context, mapping: str, file: str, verdict: Verdict, reason: str) -> None:
    settings = settings_of(ctx.ensure_object(Session))
    with opened(settings) as container:
        name = named(settings, mapping, file)
        found = _find(container, name)
        request = rule(container.services, mapping, decidable(found), Ruling(verdict, reason, actor()), "cli")
        click.echo(f"{verdict.capitalize()}: {printable(found.file.filename)} in {printable(mapping)}.")
        done = one_pass(container, [request])
        left = conflict(container.database, mapping, found.file.project, found.file.filename)
    if left is not None and left.state is not ConflictState.REJECTED:
        click.echo(f"{printable(left.reason)}\n{printable(left.next_step)}")
    ctx.exit(Exit.FINE if done else Exit.FAILED)


def decidable(found: Conflict) -> tuple[str, str, str, str]:
    """What is decided about; raises DecisionRefused where both contents lie at the Source."""
    if found.state is ConflictState.AMBIGUOUS:
        raise DecisionRefused(found.reason + ".", "Both were published there.", found.next_step)
    return found.contest


def _find(container: Container, name: FileName) -> Conflict:
    require_tables(container.database)
    found = conflict(container.database, name.mapping, name.project, name.filename)
    if found is None:
        raise SyncerError(
            f"No conflict about {printable(name.filename)} is known in mapping {printable(name.mapping)}.",
            "It was settled already, its name is spelt otherwise, or no run has looked yet.",
            "`syncer conflicts` lists all that are known.",
        )
    return found


def _lines(one: Conflict) -> Iterator[str]:
    yield f"{printable(one.mapping)}: {one.state} {printable(one.file.filename)}"
    yield f"  project:   {printable(one.file.project)} {printable(one.file.version)}"
    yield f"  source:    sha256 {one.file.sha256}"
    yield f"  target:    sha256 {one.target_sha256 or 'unknown'}"
    yield f"  origin:    {one.origin}"
    yield f"  reason:    {printable(one.reason)}"
    if one.ruling is not None:
        yield f"  ruling:    {printable(str(one.ruling))}"
    yield f"  next step: {printable(one.next_step)}"


def _compared(comparison: Comparison) -> Iterator[str]:
    yield "Both sides now:"
    yield from _side("source", comparison.source)
    yield from _side("target", comparison.target)
    same = sum(not field.differs for field in comparison.fields)
    yield f"Metadata: {numbered(same, 'field')} the same."
    for field in comparison.fields:
        if field.differs:
            both = f"source {_short(field.source)}, target {_short(field.target)}"
            yield f"  {printable(field.name)}: {both}"
    if comparison.members is not None:
        yield from _members(comparison.members)


def _side(name: str, side: Side) -> Iterator[str]:
    if side.served_sha256:
        yield f"  {name}:    {side.size} bytes, sha256 {side.served_sha256}"
        if side.served_sha256 != side.sha256:
            yield f"             it names them sha256 {side.sha256}, which they are not"
    if side.problem:
        yield f"  {name}:    {printable(side.problem)}"


def _short(text: str) -> str:
    return repr(printable(text if len(text) <= FIELD_SHOWN else f"{text[:FIELD_SHOWN]}…"))


def _members(found: MembersDiff) -> Iterator[str]:
    yield f"Members: {found.same} the same."
    yield from _cut([f"  + {_member(name, each)}, only at the source" for name, each in found.only_source])
    yield from _cut([f"  - {_member(name, each)}, only at the target" for name, each in found.only_target])
    yield from _cut(
        [
            f"  * {printable(each.name)}: source {_content(each.source)}, target {_content(each.target)}"
            for each in found.different
        ]
    )


def _member(name: str, member: Member) -> str:
    return f"{printable(name)}: {_content(member)}"


def _content(member: Member) -> str:
    told = f"sha256 {member.sha256[:12]}" if member.sha256 else f"link {printable(member.link)}"
    return f"{numbered(member.size, 'byte')}, {told}"


def _cut(lines: list[str]) -> Iterator[str]:
    yield from lines[:MEMBERS_SHOWN]
    if len(lines) > MEMBERS_SHOWN:
        yield f"    and {len(lines) - MEMBERS_SHOWN} more (--json shows them)"
