"""What was said before the command's name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Session:
    """``-c`` and ``-v``, as every command finds them."""

    config: Path | None = None
    verbosity: int = 0
