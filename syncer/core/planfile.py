"""A Plan as a document that is kept, read again, and held against how things are by then."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from syncer.core.audit import canonical
from syncer.core.errors import NotGenuine
from syncer.core.model import DistributionFile, Scope
from syncer.core.plan import Decision, DecisionKind, Plan

#: What a document of this shape says of itself; another shape gets another one.
FORMAT = "gitea-devpi-syncer/plan/v1"

V = TypeVar("V")


class Side(StrEnum):
    """What can have moved since a Plan was made."""

    SOURCE = "source"
    TARGET = "target"
    DECISION = "decision"
    CONFIGURATION = "configuration"


@dataclass(frozen=True, slots=True)
class Movement:
    """One thing that is not as it was; ``file`` is ``project/file name``, empty where it is no file."""

    side: Side
    file: str
    text: str

    def __str__(self) -> str:
        return f"{self.side}: {self.file}: {self.text}" if self.file else f"{self.side}: {self.text}"


@dataclass(frozen=True, slots=True)
class Part:
    """The Plan of one Mapping within one Scope, with the rule that it was made by and both sides' state.

    ``volatile`` and ``target_state`` are what the Target said of itself just before it was listed.
    """

    mapping: str
    source: str
    target: str
    rule: str
    scope: Scope
    force: bool
    plan: Plan
    stated_releases: int | None = None
    read_releases: int | None = None
    volatile: bool = False
    target_state: str = ""

    @property
    def digest(self) -> str:
        """What the Run that carries it out has to arrive at."""
        return digest_of_plan(self.rule, self.scope, self.plan, force=self.force)


@dataclass(frozen=True, slots=True)
class PlanFile:
    """Everything that one document holds."""

    made_at: datetime
    parts: tuple[Part, ...]


def digest_of_plan(rule: str, scope: Scope, plan: Plan, *, force: bool) -> str:
    """What a Plan of this rule, Scope and force is known by, as 64 hex digits."""
    decisions = [_decision_document(decision) for decision in plan.decisions]
    return _sha256([rule, scope.project, scope.version, force, decisions])


def write(file: PlanFile) -> str:
    """The document as text; ``read`` takes no other text of it."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "made_at": file.made_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "plans": [_part_document(part) for part in file.parts],
    }
    return json.dumps({**document, "digest": _sha256(document)}, indent=1) + "\n"


def read(text: str) -> PlanFile:
    """What the text holds; raises NotGenuine when it is not exactly what ``write`` made."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refused("It is no JSON document.") from error
    said = document.get("format") if isinstance(document, dict) else None
    if said != FORMAT:
        raise _refused(f"Its format is not {FORMAT}: it is of another version of the syncer, or no plan.")
    try:
        file = _file(document)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise _refused("Something in it is missing, or is not what it has to be.") from error
    if write(file) != text:
        raise _refused("It was changed after it was written: its digest does not fit.")
    return file


def movements(planned: Plan, now: Plan) -> tuple[Movement, ...]:
    """Everything that the Plan of now says otherwise, file by file; empty when both are equal."""
    before, after = ({decision.file.key: decision for decision in plan.decisions} for plan in (planned, now))
    return tuple(
        movement
        for key in sorted(before.keys() | after.keys())
        for movement in _moved("/".join(key), before.get(key), after.get(key))
    )


def _moved(name: str, before: Decision | None, after: Decision | None) -> Iterator[Movement]:
    if before == after:
        return
    if before is None:
        yield Movement(Side.SOURCE, name, "it is there now, and was not when the plan was made")
    elif after is None:
        yield Movement(Side.SOURCE, name, "it is not there any more")
    else:
        yield from _changed(name, before, after)


def _changed(name: str, before: Decision, after: Decision) -> Iterator[Movement]:
    for field in fields(DistributionFile):
        was, is_ = getattr(before.file, field.name), getattr(after.file, field.name)
        if was != is_:
            yield Movement(Side.SOURCE, name, f"{field.name} was {_shown(was)} and is {_shown(is_)}")
    if before.target_sha256 != after.target_sha256:
        was, is_ = _held(before), _held(after)
        yield Movement(Side.TARGET, name, f"it held {was} and holds {is_}")
    elif before.file == after.file:
        was, is_ = f"{before.kind} ({before.reason})", f"{after.kind} ({after.reason})"
        text = f"it was to be {was} and would be {is_}: a ruling, or what the index allows, is another"
        yield Movement(Side.DECISION, name, text)


def _held(decision: Decision) -> str:
    return f"sha256 {decision.target_sha256}" if decision.target_sha256 else "nothing that counts"


def _shown(value: object) -> str:
    return "nothing" if value in ("", None) else str(value)


def _part_document(part: Part) -> dict[str, Any]:
    return {
        "mapping": part.mapping,
        "project": part.scope.project,
        "version": part.scope.version,
        "force": part.force,
        "rule": part.rule,
        "source": {
            "name": part.source,
            "stated_releases": part.stated_releases,
            "read_releases": part.read_releases,
        },
        "target": {"name": part.target, "volatile": part.volatile, "state": part.target_state},
        "digest": part.digest,
        "files": [_decision_document(decision) for decision in part.plan.decisions],
    }


def _decision_document(decision: Decision) -> dict[str, Any]:
    file = {field.name: getattr(decision.file, field.name) for field in fields(DistributionFile)}
    return {
        "decision": str(decision.kind),
        "reason": decision.reason,
        **file,
        "target_sha256": decision.target_sha256,
        "overwrite": decision.overwrite,
    }


def _file(document: dict[str, Any]) -> PlanFile:
    made_at = datetime.fromisoformat(_is(str, document["made_at"]))
    return PlanFile(made_at, tuple(_part(part) for part in _is(list, document["plans"])))


def _part(document: dict[str, Any]) -> Part:
    source, target = document["source"], document["target"]
    return Part(
        mapping=_is(str, document["mapping"]),
        source=_is(str, source["name"]),
        target=_is(str, target["name"]),
        rule=_is(str, document["rule"]),
        scope=Scope(_is(str, document["project"]), _is(str, document["version"])),
        force=_is(bool, document["force"]),
        plan=Plan(tuple(_decision(row) for row in _is(list, document["files"]))),
        stated_releases=_number(source["stated_releases"]),
        read_releases=_number(source["read_releases"]),
        volatile=_is(bool, target["volatile"]),
        target_state=_is(str, target["state"]),
    )


def _decision(row: dict[str, Any]) -> Decision:
    texts = ("project", "version", "filename", "sha256", "requires_python", "locator", "repository")
    file = DistributionFile(
        **{name: _is(str, row[name]) for name in texts},
        size=_number(row["size"]),
        archived=_is(bool, row["archived"]),
        release_id=_number(row["release_id"]),
    )
    reason, held, overwrite = row["reason"], row["target_sha256"], row["overwrite"]
    kind = DecisionKind(row["decision"])
    return Decision(file, kind, _is(str, reason), _is(str, held), _is(bool, overwrite))


def _is(kind: type[V], value: Any) -> V:
    if type(value) is not kind:
        raise TypeError(kind)
    return value


def _number(value: Any) -> int | None:
    return None if value is None else _is(int, value)


def _sha256(value: object) -> str:
    return hashlib.sha256(canonical(value).encode("ascii")).hexdigest()


def _refused(cause: str) -> NotGenuine:
    return NotGenuine(
        "This is not a plan that can be applied.", cause, "Make a new one with `syncer plan --out FILE`."
    )
