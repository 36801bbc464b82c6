"""``syncer plan``."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from syncer.bootstrap.clock import now
from syncer.bootstrap.logs import printable
from syncer.cli.failures import Exit, sentences
from syncer.cli.selection import Selected, select, selection_options
from syncer.cli.session import Session
from syncer.cli.text import counts, echo_json
from syncer.cli.wiring import opened, settings_of
from syncer.core.errors import SyncerError, Unexpected
from syncer.core.look import rule_of
from syncer.core.model import Listing, Mapping, Scope
from syncer.core.plan import Decision, DecisionKind, Plan
from syncer.core.planfile import Part, PlanFile, write
from syncer.ports.context import log_context
from syncer.ports.target import TargetFacts
from syncer.usecases.compare import compare
from syncer.usecases.services import Services

log = logging.getLogger(__name__)

#: Longer file names push their reason to the right alone, not that of every line.
WIDEST_NAME = 60
LEGEND = {
    DecisionKind.COPY: ("+", "to copy"),
    DecisionKind.ALREADY_THERE: ("=", "already there"),
    DecisionKind.CONFLICT: ("*", "in conflict"),
    DecisionKind.NOT_A_DISTRIBUTION: ("!", "no distribution"),
    DecisionKind.EXCLUDED: ("x", "excluded"),
}


@dataclass(frozen=True, slots=True)
class Compared:
    """The two sides of one Mapping within one Scope, or why they could not be compared."""

    mapping: Mapping
    scope: Scope
    plan: Plan = field(default_factory=Plan)
    source: Listing = field(default_factory=Listing)
    error: SyncerError | None = None
    facts: TargetFacts = field(default_factory=lambda: TargetFacts(volatile=False))

    @property
    def title(self) -> str:
        """How the mapping is called in what is printed."""
        return (
            f"{self.mapping.name}, project {self.scope.project}" if self.scope.project else self.mapping.name
        )

    @property
    def clean(self) -> bool:
        """Whether both sides were read and nothing is to be done."""
        return self.error is None and self.plan.is_clean()


@click.command("plan")
@selection_options
@click.option("--force", is_flag=True, help="Plan to overwrite other bytes, where an index is volatile.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document instead.")
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write it there, to be carried out exactly by `syncer apply FILE`.",
)
@click.pass_context
def command(
    ctx: click.Context,
    *,
    orgs: tuple[str, ...],
    names: tuple[str, ...],
    projects: tuple[str, ...],
    force: bool,
    as_json: bool,
    out: Path | None,
) -> None:
    r"""Show what a sync would do, one line per file with its reason.

    Both sides are read now; nothing is uploaded and nothing is recorded. Exit code 0 when nothing is
    to be done, 1 when something differs or a side could not be read.

    \b
    + to copy   = already there   * other bytes at the target   ! no distribution   x excluded
    """
    settings = settings_of(ctx.ensure_object(Session))
    selected = select(settings, orgs, names, projects)
    with opened(settings) as container:
        clean = show_plans(container.services, selected, force=force, as_json=as_json, out=out)
    ctx.exit(Exit.FINE if clean else Exit.FAILED)


def show_plans(
    services: Services, selected: Selected, *, force: bool, as_json: bool = False, out: Path | None = None
) -> bool:
    """Compare and print each selected mapping, and write it to ``out``; whether nothing is to be done."""
    found = _compare_all(services, selected, force=force)
    if as_json:
        results = list(found)
        echo_json({"clean": _all_clean(results), "mappings": [_as_json(each) for each in results]})
    else:
        results = [_shown(each) for each in found]
    if out is not None:
        _write(results, out, force=force)
    return _all_clean(results)


def _write(results: Sequence[Compared], out: Path, *, force: bool) -> None:
    """The Plans are in the file; a plan of half of what was asked for is none."""
    if any(each.error for each in results):
        raise SyncerError(
            f"No plan was written to {out}.",
            "Not every selected mapping could be compared; what failed is said above.",
            "Mend that, or select the others by -m.",
        )
    parts = tuple(_part(each, force=force) for each in results)
    out.write_text(write(PlanFile(now(), parts)), encoding="ascii", newline="\n")
    click.echo(f"Written to {out}; `syncer apply {out}` carries out exactly this.", err=True)


def _part(compared: Compared, *, force: bool) -> Part:
    mapping, source = compared.mapping, compared.source
    return Part(
        mapping=mapping.name,
        source=str(mapping.source),
        target=str(mapping.target),
        rule=rule_of(mapping),
        scope=compared.scope,
        force=force,
        plan=compared.plan,
        stated_releases=source.stated_releases,
        read_releases=source.read_releases,
        volatile=compared.facts.volatile,
        target_state=compared.facts.state,
    )


def _all_clean(results: Sequence[Compared]) -> bool:
    """A project that no selected mapping has is no success: its name may be misspelt."""
    missing = {each.scope for each in results if each.scope.project}
    missing -= {each.scope for each in results if each.plan.decisions}
    for scope in missing:
        click.echo(f"No selected mapping has a project {scope.project}.", err=True)
    return not missing and all(each.clean for each in results)


def _compare_all(services: Services, selected: Selected, *, force: bool) -> Iterator[Compared]:
    for mapping in selected.mappings:
        for scope in selected.scopes:
            with log_context(mapping=mapping.name):
                yield _compare(services, mapping, scope, force=force)


def _compare(services: Services, mapping: Mapping, scope: Scope, *, force: bool) -> Compared:
    """One mapping's failure, even by a defect, leaves the others to be compared."""
    try:
        facts = services.target_of(mapping).probe()  # before its files are listed, so that it tells of them
        return Compared(mapping, scope, *compare(services, mapping, scope, force=force), facts=facts)
    except SyncerError as error:
        return Compared(mapping, scope, error=error)
    except Exception as error:
        log.exception("the comparison ended unexpectedly")
        return Compared(mapping, scope, error=Unexpected(error))


def _shown(compared: Compared) -> Compared:
    mapping = compared.mapping
    click.echo(f"{compared.title}  {mapping.source} -> {mapping.target}")
    for line in _lines(compared.plan.decisions):
        click.echo(f"  {line}")
    if compared.error is not None:
        for sentence in sentences(compared.error):
            click.echo(f"  {printable(sentence)}")
    else:
        click.echo(f"  {counts(_counts(compared.plan))}")
    return compared


def _lines(decisions: Iterable[Decision]) -> Iterator[str]:
    rows = [(printable(decision.file.filename), decision) for decision in decisions]
    width = min(WIDEST_NAME, max((len(name) for name, _ in rows), default=0))
    for name, decision in rows:
        symbol, words = LEGEND[decision.kind]
        yield f"{symbol} {words:15}  {name:{width}}  {printable(decision.reason)}"


def _counts(plan: Plan) -> dict[str, int]:
    numbers = Counter(decision.kind for decision in plan.decisions)
    return {words: numbers[kind] for kind, (_, words) in LEGEND.items()}


def _as_json(compared: Compared) -> dict[str, Any]:
    error = compared.error
    return {
        "mapping": compared.mapping.name,
        "project": compared.scope.project,
        "source": str(compared.mapping.source),
        "target": str(compared.mapping.target),
        "clean": compared.clean,
        "error": error
        and {"code": error.code, "what": error.what, "cause": error.cause, "next_step": error.next_step},
        "stated_releases": compared.source.stated_releases,
        "read_releases": compared.source.read_releases,
        "counts": Counter(decision.kind for decision in compared.plan.decisions),
        "files": [_decision_as_json(decision) for decision in compared.plan.decisions],
    }


def _decision_as_json(decision: Decision) -> dict[str, Any]:
    file = decision.file
    return {
        "decision": decision.kind,
        "project": file.project,
        "version": file.version,
        "filename": file.filename,
        "sha256": file.sha256,
        "target_sha256": decision.target_sha256,
        "overwrite": decision.overwrite,
        "reason": decision.reason,
    }
