"""One entry of the table of advice."""

from __future__ import annotations

from dataclasses import dataclass

from syncer.core.diagnosis.finding import Check, Level


@dataclass(frozen=True, slots=True)
class Advice:
    """Of which check it is, how bad it is, why it is so, what comes of it, and what to do."""

    check: Check
    level: Level
    cause: str
    consequence: str
    fix: str
