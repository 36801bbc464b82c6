"""What a row of the table is: something that is measured, and what it must reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """The bound that a figure must keep."""

    bound: float
    at_least: bool

    def is_met_by(self, value: float) -> bool:
        """Whether the value keeps the bound."""
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}"


def at_least(bound: float) -> Target:
    """The figure must not be smaller."""
    return Target(bound, at_least=True)


def at_most(bound: float) -> Target:
    """The figure must not be larger."""
    return Target(bound, at_least=False)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number and its unit, as "×" or "MB"; without a target it only explains the others."""

    name: str
    value: float
    unit: str
    target: Target | None = None

    @property
    def verdict(self) -> str:
        """In one word, empty where nothing is asked of the figure."""
        if self.target is None:
            return ""
        return "met" if self.target.is_met_by(self.value) else "SHORT"


@dataclass(frozen=True, slots=True)
class Result:
    """What a row measured: its figures, every sample behind them, and what the reader must know."""

    figures: Sequence[Figure]
    samples: Mapping[str, Sequence[float]] = field(default_factory=dict)
    notes: Sequence[str] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bench:
    """How rows are to be measured.

    ``folder`` is the row's own and vanishes afterwards; ``kept`` stays from run to run. ``rounds`` and
    ``seconds`` are None where the row is to choose. ``profile`` is where profiles are written.
    """

    folder: Path
    kept: Path
    say: Callable[[str], None] = print
    rounds: int | None = None
    seconds: float | None = None
    peer: bool = True
    everything: bool = False
    profile: Path | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row: ``claim`` is what the figures stand for, ``run`` measures them."""

    name: str
    claim: str
    run: Callable[[Bench], Result]
