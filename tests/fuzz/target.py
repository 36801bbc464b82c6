"""What a fuzz target is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """One parser and its laws; ``run`` raises when an input breaks one of them.

    ``tokens`` are texts that mean something to the parser. Inputs of a ``json`` target are JSON, and
    are changed value by value, so that they stay JSON. ``max_len`` is in bytes.
    """

    name: str
    run: Callable[[bytes], None]
    tokens: tuple[str, ...] = ()
    json: bool = False
    max_len: int = 2048


def loaded(data: bytes) -> object:
    """The JSON of an input; None when it is none."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
