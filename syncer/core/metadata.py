"""Core metadata (PEP 566/621/639) of one distribution, as a target's upload form wants it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CoreMetadata:
    """What the file says of itself; ``form`` is the legacy upload form's fields, in order.

    ``name`` and ``version`` are spelt so that they stand literally in the file name.
    """

    name: str
    version: str
    requires_python: str = ""
    form: tuple[tuple[str, str], ...] = ()
