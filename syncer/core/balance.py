"""The balance sheet of a Run: what was stated, read, listed, decided, selected and proved has to agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from syncer.core.look import Depth


class Verdict(StrEnum):
    """What a line says; of several, the worst one counts."""

    AGREES = "agrees"
    UNKNOWN = "unknown"
    DIFFERS = "differs"


class Basis(StrEnum):
    """When that was seen which a figure rests on."""

    NOW = "this look"
    EARLIER = "this look, and the last full one for what it did not read"


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted in one Run; None is what is not known.

    ``stated_releases`` is the Source's own total and ``read_releases`` how many of them were read.
    ``listed_files`` stand on its project pages and ``selected_files`` are those of them that the planner
    did not exclude. ``decided_files`` and ``excluded_files`` are rows counted in the database after they
    were recorded, ``proved_files`` the selected ones that were read back from the Target when the Run ended.
    """

    stated_releases: int | None = None
    read_releases: int | None = None
    listed_files: int | None = None
    decided_files: int | None = None
    excluded_files: int | None = None
    selected_files: int | None = None
    proved_files: int | None = None
    depth: str = Depth.FULL


@dataclass(frozen=True, slots=True)
class Line:
    """One figure and what it must equal, if only known; ``word`` is its short name."""

    word: str
    name: str
    number: int | None
    expected: int | None
    verdict: Verdict
    must_equal: str = ""
    basis: str = Basis.NOW


@dataclass(frozen=True, slots=True)
class Balance:
    """All lines, and whether every one agrees; an unknown one never does."""

    verdict: Verdict
    lines: tuple[Line, ...]

    @property
    def agrees(self) -> bool:
        """Whether every line is known and as it must be."""
        return self.verdict is Verdict.AGREES

    def __str__(self) -> str:
        return "; ".join(
            f"{line.name}: {shown(line.number)} of {shown(line.expected)}"
            for line in self.lines
            if line.verdict is not Verdict.AGREES
        )


def balance_of(figures: Figures) -> Balance:
    """The balance sheet of these figures.

    A look at what is new reads some pages only. What it says of the whole Mapping is what the last full
    look left behind and what it saw itself since; those lines say so.
    """
    whole = Basis.NOW if figures.depth == Depth.FULL else Basis.EARLIER
    decided, excluded = figures.decided_files, figures.excluded_files
    wanted = None if decided is None or excluded is None else decided - excluded
    stated, read, listed = figures.stated_releases, figures.read_releases, figures.listed_files
    selected, proved = figures.selected_files, figures.proved_files
    lines = (
        _line("stated", "releases stated by the source", stated, stated),
        _line("read", "releases read", read, stated, "the releases stated", whole),
        _line("listed", "files on the project pages", listed, listed, "", whole),
        _line("decided", "decisions recorded", decided, listed, "the files on the project pages", whole),
        _line("selected", "files selected", selected, wanted, "the decisions that exclude nothing", whole),
        _line("proved", "files proved at the target", proved, selected, "the files selected", whole),
    )
    return Balance(_worst(line.verdict for line in lines), lines)


def _line(
    word: str,
    name: str,
    number: int | None,
    expected: int | None,
    must_equal: str = "",
    basis: Basis = Basis.NOW,
) -> Line:
    if number is None or expected is None:
        verdict = Verdict.UNKNOWN
    else:
        verdict = Verdict.AGREES if number == expected else Verdict.DIFFERS
    return Line(word, name, number, expected, verdict, must_equal, basis)


def _worst(verdicts: Iterable[Verdict]) -> Verdict:
    return max(verdicts, key=list(Verdict).index)


def shown(number: int | None) -> str:
    """The number; what is not known is a question mark, never a number."""
    return "?" if number is None else str(number)
