"""Read what an operator asked for with ``celery call``, and refuse what makes no sense."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Mapping as Dict
from difflib import get_close_matches
from typing import Any

from syncer.core.errors import SyncerError
from syncer.core.model import Scope
from syncer.ports.claims import RunRequest

#: What ``syncer.resync`` takes, with the type of each.
ARGUMENTS: Dict[str, type] = {
    "mapping": str,
    "project": str,
    "version": str,
    "force": bool,
    "dry_run": bool,
}
LONGEST_TEXT = 200
#: A message may hold any number of mistakes; the record of its refusal stays short.
MISTAKES_TOLD = 5


class RequestRefused(SyncerError):
    """What was asked for makes no sense; it is recorded as such and nothing was done."""


def read_resync(
    args: Sequence[Any], kwargs: Dict[str, Any], mappings: Collection[str], task_id: str
) -> RunRequest:
    """The Run that the arguments ask for; raises RequestRefused naming every mistake."""
    mistakes = [*_positional(args), *_wrong(kwargs), *_mapping(kwargs.get("mapping"), mappings)]
    if kwargs.get("version") and not kwargs.get("project"):
        mistakes.append("version needs project")
    if mistakes:
        raise RequestRefused(
            f"syncer.resync was refused: {_told(mistakes)}.",
            "",
            'Call it like celery -A workers call syncer.resync --kwargs \'{"mapping": "NAME"}\'.',
        )
    return RunRequest(
        mapping=kwargs["mapping"],
        trigger="call",
        scope=Scope(kwargs.get("project") or "", kwargs.get("version") or ""),
        force=kwargs.get("force", False),
        dry_run=kwargs.get("dry_run", False),
        task_id=task_id,
        actor=f"celery call {task_id}",
    )


def _told(mistakes: Sequence[str]) -> str:
    more = len(mistakes) - MISTAKES_TOLD
    return "; ".join([*mistakes[:MISTAKES_TOLD], *([f"and {more} more mistakes"] if more > 0 else [])])


def _positional(args: Sequence[Any]) -> list[str]:
    return ["it takes keyword arguments only (--kwargs, not --args)"] if args else []


def _wrong(kwargs: Dict[str, Any]) -> list[str]:
    return [text for name, value in kwargs.items() if (text := _mistake(name, value))]


def _mistake(name: str, value: Any) -> str:
    wanted = ARGUMENTS.get(name)
    if wanted is None:
        return f"unknown argument {name[:LONGEST_TEXT]!r}{_hint(name, ARGUMENTS)}"
    if value is None and name in ("project", "version"):
        return ""
    if not isinstance(value, wanted):
        return f"{name} must be {'text' if wanted is str else 'true or false'}"
    return _unusable(name, value) if isinstance(value, str) else ""


def _unusable(name: str, text: str) -> str:
    if len(text) > LONGEST_TEXT:
        return f"{name} is too long"
    return "" if text.isprintable() else f"{name} holds a character that cannot be printed"


def _mapping(name: Any, mappings: Collection[str]) -> list[str]:
    if not name:
        return ["mapping is missing"]
    if not isinstance(name, str) or len(name) > LONGEST_TEXT or name in mappings:
        return []
    return [f"no mapping {name!r} is configured{_hint(name, mappings)}"]


def _hint(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name[:LONGEST_TEXT], list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else f" (known: {', '.join(sorted(known))})"
