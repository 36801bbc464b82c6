"""What two archives hold, compared; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an archive: its unpacked size in bytes and its sha256, or where a link leads."""

    size: int
    sha256: str = ""
    link: str = ""


#: What an archive holds, by the members' names.
Members = Mapping[str, Member]


@dataclass(frozen=True, slots=True)
class Changed:
    """A member that both archives hold, with other content."""

    name: str
    source: Member
    target: Member


@dataclass(frozen=True, slots=True)
class MembersDiff:
    """How two archives differ, each list by name; ``same`` is how many members are equal."""

    only_source: tuple[tuple[str, Member], ...] = ()
    only_target: tuple[tuple[str, Member], ...] = ()
    different: tuple[Changed, ...] = ()
    same: int = 0

    @property
    def is_equal(self) -> bool:
        """Whether both hold the same, however they are packed."""
        return not (self.only_source or self.only_target or self.different)


def diff(source: Members, target: Members) -> MembersDiff:
    """What the Source's archive and the Target's hold, member by member."""
    both = sorted(source.keys() & target.keys())
    different = [name for name in both if source[name] != target[name]]
    return MembersDiff(
        only_source=tuple((name, source[name]) for name in sorted(source.keys() - target.keys())),
        only_target=tuple((name, target[name]) for name in sorted(target.keys() - source.keys())),
        different=tuple(Changed(name, source[name], target[name]) for name in different),
        same=len(both) - len(different),
    )
