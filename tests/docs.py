"""The parts of the documentation that are written by the code: ``python -m tests.docs`` renews them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

from syncer.cli.reference import commands_markdown
from syncer.config import options_markdown
from syncer.core.diagnosis.reference import checks_markdown
from syncer.core.drift_kinds import KINDS, Remedy
from syncer.core.states import BLOB_TRANSITIONS, RUN_TRANSITIONS, TRANSFER_TRANSITIONS

ROOT = Path(__file__).resolve().parents[1]


def diagram(transitions: Mapping[StrEnum, frozenset[StrEnum]]) -> str:
    """A mermaid state diagram of every legal transition."""
    first = next(iter(transitions))
    arrows = [
        f"    {before} --> {after}" for before, afters in transitions.items() for after in sorted(afters)
    ]
    return "\n".join(["```mermaid", "stateDiagram-v2", f"    [*] --> {first}", *arrows, "```"])


#: What the report on drift advises, by the remedy.
REMEDIES = {
    Remedy.NOTHING: "nothing",
    Remedy.COPY: "`syncer repair` copies it",
    Remedy.REPLACE: "`syncer repair` replaces it on a volatile index; on another a person removes it first",
    Remedy.REFRESH: "`syncer repair` has the target write its page anew",
    Remedy.PERSON: "a person, as the report says",
    Remedy.AGAIN: "look again",
}


def causes() -> str:
    """A table of every symbol, cause and remedy of ``syncer verify``."""
    rows = [
        f"| `{kind.symbol}` | `{cause}` | {kind.meaning} | {REMEDIES[kind.remedy]} |"
        for cause, kind in KINDS.items()
    ]
    return "\n".join(["| symbol | cause | what it means | what mends it |", "|---|---|---|---|", *rows])


BLOCKS: dict[str, tuple[str, Callable[[], str]]] = {
    "run states": ("docs/how-it-works.md", lambda: diagram(RUN_TRANSITIONS)),  # type: ignore[arg-type]  # a StrEnum each
    "blob states": ("docs/how-it-works.md", lambda: diagram(BLOB_TRANSITIONS)),  # type: ignore[arg-type]  # a StrEnum each
    "transfer states": ("docs/how-it-works.md", lambda: diagram(TRANSFER_TRANSITIONS)),  # type: ignore[arg-type]  # a StrEnum each
    "drift": ("docs/drift.md", causes),
    "commands": ("README.md", commands_markdown),
    "options": ("docs/configuration.md", options_markdown),
    "checks": ("docs/doctor.md", checks_markdown),
}


def renewed(name: str) -> tuple[Path, str]:
    """The file of a block, and its text with the block as the code would write it now."""
    file, write = BLOCKS[name]
    path = ROOT / file
    pattern = rf"(<!-- begin: {name} -->\n).*?(<!-- end: {name} -->)"
    text, count = re.subn(
        pattern, lambda found: f"{found[1]}{write().strip()}\n{found[2]}", path.read_text(), flags=re.DOTALL
    )
    if count != 1:
        raise ValueError(f"{file} must have the block {name!r} once, it has it {count} times")
    return path, text


def main() -> int:
    """Every block is as the code would write it."""
    for name in BLOCKS:
        path, text = renewed(name)
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
