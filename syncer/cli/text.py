"""Small pieces of text that several commands show."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from typing import Any

import click


def echo_json(value: object) -> None:
    """One JSON document, in ASCII so that any terminal and any pipe can take it."""
    click.echo(json.dumps(value, indent=2, default=_json))


def _json(value: object) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)


def numbered(number: int, noun: str) -> str:
    """``1 file`` or ``2 files``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def counts(numbers: Mapping[str, int]) -> str:
    """``3 to copy, 1 conflict``, leaving out what there is none of."""
    return ", ".join(f"{number} {what}" for what, number in numbers.items() if number) or "no files"


def ago(moment: datetime | None, now: datetime) -> str:
    """``3 min ago``."""
    if moment is None:
        return "never"
    seconds = max(0.0, (now - moment).total_seconds())
    return f"{duration(seconds)} ago"


def duration(seconds: float) -> str:
    """A length of time in its largest unit."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
