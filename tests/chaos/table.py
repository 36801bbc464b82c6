"""The table that a run ends with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from tests.chaos.findings import Ill
from tests.chaos.result import Result

HEADINGS = (
    "kind",
    "injected",
    "files",
    "lost",
    "wrong",
    "false green",
    "other",
    "late",
    "2x download",
    "2x upload",
    "median s",
    "slowest s",
)
_WRONG = (Ill.WRONG, Ill.EXTRA)
_OTHER = (Ill.LEDGER, Ill.STUCK, Ill.PAGE, Ill.LEAK, Ill.HARNESS)


def table(results: Sequence[Result]) -> str:
    """A line per kind and one for all.

    It counts faults, but files for ``files``, ``lost``, ``wrong`` and what was done twice.
    """
    kinds = sorted({result.kind for result in results})
    rows = [_row(kind, [each for each in results if each.kind == kind]) for kind in kinds]
    lines = [HEADINGS, *rows, _row("all", results)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join(_line(line, widths) for line in lines)


def _row(name: str, results: Iterable[Result]) -> tuple[str, ...]:
    found = list(results)
    seconds = [each.seconds for each in found] or [0.0]
    numbers = (
        len(found),
        sum(each.files for each in found),
        sum(each.count(Ill.LOST) for each in found),
        sum(each.count(*_WRONG) for each in found),
        sum(each.count(Ill.FALSE_GREEN) > 0 for each in found),
        sum(each.count(*_OTHER) for each in found),
        sum(each.count(Ill.LATE) for each in found),
        sum(each.double_downloads for each in found),
        sum(each.double_uploads for each in found),
    )
    return (name, *map(str, numbers), f"{median(seconds):.1f}", f"{max(seconds):.1f}")


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (
        cell.ljust(width) if column == 0 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join([first, *rest])
