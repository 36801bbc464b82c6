"""The balance sheet of a Mapping's last Run, as far as the rows still bear it out."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from syncer.core.balance import Balance, Figures, balance_of
from syncer.queries.rows import FileCounts
from syncer.queries.runs import RunSummary


@dataclass(frozen=True, slots=True)
class Left:
    """How many files the last look at a Mapping left decided about, and selected; None is not known."""

    listed: int | None = None
    selected: int | None = None


def sheet(last: RunSummary | None, counts: FileCounts, left: Left) -> Balance:
    """The sheet of the last Run; where other rows stand now than any Run left, it counts them instead."""
    if last is None:
        return balance_of(Figures())
    figures = Figures(**{field.name: getattr(last, field.name) for field in fields(Figures)})
    decided = counts.selected + counts.excluded
    if left.listed is not None and (left.listed, left.selected) != (decided, counts.selected):
        figures = replace(
            figures,
            listed_files=left.listed,
            selected_files=left.selected,
            decided_files=decided,
            excluded_files=counts.excluded,
            proved_files=counts.synced,
        )
    return balance_of(figures)
