"""Files are worked off in turns: one of each project, the newest first, whatever order they come in."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import InvalidVersion, Version

from syncer.core.model import DistributionFile
from syncer.core.turns import in_turns


def file(project: str, version: str, kind: str = "whl") -> DistributionFile:
    return DistributionFile(project, version, f"{project}-{version}.{kind}", f"{project} {version} {kind}")


PROJECTS = st.sampled_from(["alpha", "beta", "gamma"])
VERSIONS = st.sampled_from(
    ["1.0", "1.0.0", "2.0", "10.0", "2.0rc1", "2.0+local", "1!0.1", "not a version", ""]
)
FILES = st.lists(
    st.builds(file, PROJECTS, VERSIONS, st.sampled_from(["whl", "tar.gz"])), unique=True, max_size=20
)


@pytest.mark.parametrize(
    ("files", "order"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param(
            ["alpha 1.0", "alpha 2.0", "beta 1.0", "beta 2.0"],
            ["alpha 2.0", "beta 2.0", "alpha 1.0", "beta 1.0"],
            id="one project after another",
        ),
        pytest.param(
            ["alpha 1", "alpha 2", "alpha 3", "beta 1"],
            ["alpha 3", "beta 1", "alpha 2", "alpha 1"],
            id="a project of many and one of few",
        ),
        pytest.param(["alpha 2.0", "alpha 10.0"], ["alpha 10.0", "alpha 2.0"], id="by number, not by letter"),
        pytest.param(
            ["alpha 2.0rc1", "alpha 2.0", "alpha 1.9"],
            ["alpha 2.0", "alpha 2.0rc1", "alpha 1.9"],
            id="a pre-release after its release",
        ),
        pytest.param(
            ["alpha what", "alpha 0.1"], ["alpha 0.1", "alpha what"], id="what cannot be read is the oldest"
        ),
    ],
)
def test_one_file_of_each_project_after_another_the_newest_first(files: list[str], order: list[str]) -> None:
    made = [file(*text.split()) for text in files]
    assert [f"{each.project} {each.version}" for each in in_turns(made)] == order


def test_the_files_of_one_release_follow_each_other_by_name() -> None:
    kinds = [file("alpha", "1.0", kind) for kind in ("whl", "tar.gz")]
    assert in_turns(kinds) == [kinds[1], kinds[0]]


@given(FILES)
def test_nothing_is_lost_and_nothing_comes_twice(files: list[DistributionFile]) -> None:
    assert Counter(in_turns(files)) == Counter(files)


@given(st.data())
def test_the_order_depends_on_the_files_alone(data: st.DataObject) -> None:
    files = data.draw(FILES)
    mixed = data.draw(st.permutations(files))
    assert in_turns(mixed) == in_turns(files)


@given(FILES)
def test_no_project_has_a_second_turn_before_every_other_had_its_first(files: list[DistributionFile]) -> None:
    """In each round no project comes twice, and rounds only become smaller."""
    rounds: defaultdict[int, set[str]] = defaultdict(set)
    seen: Counter[str] = Counter()
    last = 0
    for each in in_turns(files):
        turn = seen[each.project]
        assert turn >= last
        rounds[turn].add(each.project)
        seen[each.project], last = turn + 1, turn
    assert all(later <= earlier for earlier, later in pairwise(rounds[turn] for turn in sorted(rounds)))


@given(FILES)
def test_the_newest_of_each_project_comes_first(files: list[DistributionFile]) -> None:
    for project in {each.project for each in files}:
        mine = [each for each in in_turns(files) if each.project == project]
        readable = [Version(each.version) for each in mine if _readable(each)]
        assert readable == sorted(readable, reverse=True)
        assert [_readable(each) for each in mine] == sorted(map(_readable, mine), reverse=True)


def _readable(file: DistributionFile) -> bool:
    try:
        Version(file.version)
    except InvalidVersion:
        return False
    return True
