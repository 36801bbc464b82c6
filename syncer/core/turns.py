"""In which order files are worked off, so that no project and no Run holds up the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import chain, zip_longest

from packaging.version import InvalidVersion, Version

from syncer.core.model import DistributionFile

#: Older than every version that can be read.
_UNREADABLE = Version("0.dev0")


def in_turns(files: Iterable[DistributionFile]) -> list[DistributionFile]:
    """One file of each project after another, the newest version of each project first.

    devpi rewrites a project's whole page with each of its files: 200 versions of one project one after
    another take four times as long as files of many projects (measured). As the files of all Runs are
    taken by their place in such a list, the single file of one Run does not wait for the many of another.
    """
    projects: defaultdict[str, list[DistributionFile]] = defaultdict(list)
    for file in sorted(files, key=_newest_first):
        projects[file.project].append(file)
    rounds = zip_longest(*(projects[name] for name in sorted(projects)))
    return [file for file in chain.from_iterable(rounds) if file is not None]


def _newest_first(file: DistributionFile) -> tuple[_Descending, str]:
    return _Descending(file.version), file.filename


class _Descending:
    """A version that sorts before all lower ones."""

    __slots__ = ("_version",)

    def __init__(self, text: str) -> None:
        try:
            self._version = Version(text)
        except InvalidVersion:
            self._version = _UNREADABLE

    def __lt__(self, other: _Descending) -> bool:
        return other._version < self._version

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Descending) and self._version == other._version

    __hash__ = None  # type: ignore[assignment]  # it is only sorted
