"""Which fault comes when: a function of the seed alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.chaos.faults import KINDS

SITES = ("laptop", "pool")


@dataclass(frozen=True, slots=True)
class Round:
    """Fault number ``number`` (from 0) of a seed: what, where, and with which luck."""

    seed: int
    number: int
    site: str
    kind: str

    @property
    def rng(self) -> random.Random:
        """All that is random about this round."""
        return random.Random(f"{self.seed}/{self.number}")


def rounds(seed: int, count: int, only: str = "", skipped: frozenset[str] = frozenset()) -> Iterator[Round]:
    """The rounds of a seed, laptop and pool by turns; every kind comes once before one comes again.

    ``only`` is a part of the names of the kinds that are wanted.
    """
    endless = {site: _kinds(seed, site, only, skipped) for site in SITES}
    for number in range(count):
        site = SITES[number % 2]
        if kind := next(endless[site], ""):
            yield Round(seed, number, site, kind)


def _kinds(seed: int, site: str, only: str, skipped: frozenset[str]) -> Iterator[str]:
    possible = [
        kind.name
        for kind in KINDS.values()
        if site in kind.sites and only in kind.name and kind.name not in skipped
    ]
    rng = random.Random(f"{seed}/{site}")
    while possible:
        yield from rng.sample(possible, len(possible))
