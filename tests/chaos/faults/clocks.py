"""Clocks that are set, forward and back, on one machine or on all."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from tests.chaos.faults.kind import Kind, Notes
from tests.chaos.site import Site

JUMPS = (5.0, 40.0, 300.0, 3600.0)


@contextmanager
def jumped(direction: float, site: Site, rng: random.Random) -> Iterator[Notes]:
    """The clock jumps, and is set right at the end of the fault: two jumps in all."""
    seconds = direction * rng.choice(JUMPS)
    chosen = rng.choice(site.clocks)
    names = site.clocks if chosen == "all" else (chosen,)
    for name in names:
        site.world.set_clock(name, seconds)
    try:
        yield [f"the clock of {chosen} by {seconds:+.0f} s"]
    finally:
        for name in names:
            site.world.set_clock(name, 0.0)


KINDS = (
    Kind("clock jumps forward", partial(jumped, 1.0), hold=(2.0, 6.0)),
    Kind("clock jumps back", partial(jumped, -1.0), hold=(2.0, 6.0)),
)
