"""What a kind of fault is."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.chaos.site import Site

#: What is told about a fault; it may grow until the fault is over.
Notes = list[str]
Inject = Callable[[Site, random.Random], AbstractContextManager[Notes]]
BOTH = ("laptop", "pool")


def nothing() -> str:
    """No reason to leave the kind out."""
    return ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A fault that lasts as long as ``inject`` is entered, for ``hold`` seconds at least and at most.

    ``inject`` gives notes of what was done. ``during`` is how likely packages are published while it lasts.
    ``why_not`` says why this machine cannot do it.
    """

    name: str
    inject: Inject
    hold: tuple[float, float] = (0.0, 2.0)
    during: float = 0.5
    sites: tuple[str, ...] = BOTH
    why_not: Callable[[], str] = nothing
