"""Collects every mistake and warning, bounded, in the order of the file, without secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

from syncer.config.schema import Place, Rank
from syncer.core.errors import Problem

#: More mistakes than this are only counted: a file of junk must not cost memory and time.
LIMIT = 100
#: Only such text is repeated in messages. A secret that strayed into another option does so by a
#: missing line end or a URL, and then has a line break, ``=``, ``:`` or ``@`` before it.
_HARMLESS = re.compile(r"[\w .,/~*?+-]{1,60}")


def shown(text: str, otherwise: str = "the text") -> str:
    """The text in quotes when it is short and cannot hold a stray secret, else ``otherwise``."""
    return f"'{text}'" if _HARMLESS.fullmatch(text) else otherwise


def nearest(text: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """The known name that the text probably means, or empty; of very many, only the first are tried."""
    if not _HARMLESS.fullmatch(text):
        return ""
    return next(iter(get_close_matches(text, list(islice(known, 500)), 1, cutoff)), "")


class Report:
    """Everything that is wrong with a configuration, or worth a warning."""

    def __init__(self) -> None:
        self._mistakes: list[tuple[Place, Problem]] = []
        self._warnings: list[tuple[Place, Problem]] = []
        self._uncounted = 0

    @property
    def full(self) -> bool:
        """Whether further mistakes are only counted."""
        return len(self._mistakes) >= LIMIT

    def mistake(self, place: Place, reason: str, fix: str = "") -> None:
        """Note what makes the configuration unusable."""
        if self.full:
            self._uncounted += 1
        else:
            self._mistakes.append((place, Problem(str(place), reason, fix)))

    def warning(self, place: Place, reason: str, fix: str = "") -> None:
        """Note what leaves the configuration usable."""
        if len(self._warnings) < LIMIT:
            self._warnings.append((place, Problem(str(place), reason, fix)))

    @property
    def mistakes(self) -> tuple[Problem, ...]:
        """All mistakes, those of the file first and by line."""
        found = _sorted(self._mistakes)
        if self._uncounted:
            found.append(Problem("configuration", f"{self._uncounted} more mistakes", "mend these first"))
        return tuple(found)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """All warnings, in the same order."""
        return tuple(_sorted(self._warnings))


def _sorted(noted: list[tuple[Place, Problem]]) -> list[Problem]:
    ordered = sorted(noted, key=lambda pair: (pair[0].rank is Rank.ENVIRONMENT, pair[0].line))
    return [problem for _, problem in ordered]
