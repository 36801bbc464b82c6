"""Which mirrors stand behind an index, and what its mirror_whitelist lets through; pure.

As devpi-server 6.20 does it (``model.op_sro_check_mirror_whitelist``): mirrors are looked at last, and
left out of a project that an index before them has itself, unless the project or ``*`` is whitelisted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from syncer.adapters.devpi.listing import expect, result_of
from syncer.ports.target import Inheritance


@dataclass(frozen=True, slots=True)
class IndexConfig:
    """What an index says of itself; ``unites`` means that its bases' whitelists count as its own."""

    mirror: bool
    bases: tuple[str, ...]
    whitelist: tuple[str, ...]
    unites: bool


def read_index(index: str, answer: Any) -> IndexConfig:
    """The configuration of an index from ``GET /user/index``; raises ListingIncomplete."""
    config = result_of(index, answer)
    return IndexConfig(
        mirror=config.get("type") == "mirror",
        bases=_texts(index, config.get("bases", [])),
        whitelist=_texts(index, config.get("mirror_whitelist", [])),
        # An index without the option is older than it, and behaves as all did then.
        unites=config.get("mirror_whitelist_inheritance", "union") == "union",
    )


def inherited(indexes: Mapping[str, IndexConfig]) -> Inheritance:
    """What the first of the indexes, which is followed by its bases, passes on.

    Of whitelists that are to be intersected, devpi looks at the first alone before it goes on: so that
    one opens whatever the others say, and they open nothing.
    """
    (first, target), *_ = indexes.items()
    heard = indexes if target.unites else {first: target}
    return Inheritance(
        mirrors=tuple(name for name, index in indexes.items() if index.mirror),
        opened=tuple((name, entry) for name, index in heard.items() for entry in index.whitelist),
    )


def _texts(index: str, value: Any) -> tuple[str, ...]:
    return tuple(expect(index, text, str) for text in expect(index, value, list))
