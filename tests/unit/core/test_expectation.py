"""What a version ought to have is learned from those before it, and small changes of names alarm nobody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.core.expectation import EVIDENCE, LEAST, Published, expected, lacks, parts_of

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTLE = 3600.0
LINUX = "manylinux_2_17_x86_64.manylinux2014_x86_64"


def named(filename: str) -> list[str]:
    return sorted(map(str, parts_of(filename)))


@pytest.mark.parametrize(
    ("filename", "parts"),
    [
        pytest.param("demo-1.0.tar.gz", ["sdist"], id="sdist"),
        pytest.param("demo-1.0.zip", ["sdist"], id="sdist of another format"),
        pytest.param("demo-1.0-py3-none-any.whl", ["wheel"], id="pure"),
        pytest.param("demo-1.0-py2.py3-none-any.whl", ["wheel"], id="pure, for more Pythons"),
        pytest.param("demo-1.0-7-py3-none-any.whl", ["wheel"], id="build tag"),
        pytest.param(f"demo-1.0-cp313-cp313-{LINUX}.whl", ["cp313 wheel for manylinux x86_64"], id="linux"),
        pytest.param(
            "demo-1.0-cp313-cp313-manylinux_2_28_x86_64.whl",
            ["cp313 wheel for manylinux x86_64"],
            id="newer manylinux",
        ),
        pytest.param(
            "demo-1.0-cp313-cp313-manylinux1_i686.whl",
            ["cp313 wheel for manylinux i686"],
            id="first manylinux",
        ),
        pytest.param(
            "demo-1.0-cp313-cp313t-musllinux_1_2_aarch64.whl",
            ["cp313t wheel for musllinux aarch64"],
            id="free-threaded",
        ),
        pytest.param(
            "demo-1.0-cp311-cp311-macosx_10_9_universal2.whl",
            ["cp311 wheel for macosx arm64", "cp311 wheel for macosx x86_64"],
            id="universal",
        ),
        pytest.param("demo-1.0-cp39-abi3-win_amd64.whl", ["abi3 wheel for win_amd64"], id="abi3"),
        pytest.param("demo-1.0-cp313-cp313-win32.whl", ["cp313 wheel for win32"], id="win32"),
        pytest.param("tool-1.0-py3-none-linux_x86_64.whl", ["wheel for linux_x86_64"], id="program"),
        pytest.param("demo-1.0-pp310-pypy310_pp73-win_amd64.whl", ["pp310 wheel for win_amd64"], id="pypy"),
        pytest.param("demo-1.0-cp27-cp27mu-linux_x86_64.whl", ["cp27mu wheel for linux_x86_64"], id="old"),
        pytest.param("demo-1.0.egg", [], id="no distribution"),
        pytest.param("demo.whl", [], id="no tags"),
        pytest.param("dou__ble-1.0-py3-none-any.whl", ["wheel"], id="a name that strict parsers refuse"),
    ],
)
def test_a_file_name_says_what_the_file_is_for(filename: str, parts: list[str]) -> None:
    assert named(filename) == parts


def published(versions: dict[str, Sequence[str]], age: float = 2 * SETTLE) -> dict[str, Published]:
    """Versions whose files end in these words, all of that age."""
    return {
        version: Published(
            tuple(f"demo-{version}{'' if end.startswith('.') else '-'}{end}" for end in ends),
            NOW - timedelta(seconds=age),
        )
        for version, ends in versions.items()
    }


SDIST, PURE = ".tar.gz", "py3-none-any.whl"
CP312, CP313 = f"cp312-cp312-{LINUX}.whl", f"cp313-cp313-{LINUX}.whl"
NEWER = "cp313-cp313-manylinux_2_28_x86_64.whl"


@pytest.mark.parametrize(
    ("versions", "missing"),
    [
        pytest.param({"1.0": [SDIST, PURE], "1.1": [SDIST]}, {}, id="one version before is no evidence"),
        pytest.param(
            {"1.0": [SDIST, PURE], "1.1": [SDIST, PURE], "1.2": [SDIST]}, {"1.2": ["wheel"]}, id="no wheel"
        ),
        pytest.param(
            {"1.0": [SDIST, PURE], "1.1": [SDIST, PURE], "1.2": [PURE]}, {"1.2": ["sdist"]}, id="no sdist"
        ),
        pytest.param(
            {"1.0": [CP312, CP313], "1.1": [CP312, CP313], "1.2": [CP312]},
            {"1.2": ["cp313 wheel for manylinux x86_64"]},
            id="a wheel of many",
        ),
        pytest.param({"1.0": [CP313], "1.1": [CP313], "1.2": [NEWER]}, {}, id="a newer manylinux"),
        pytest.param({"1.0": [CP312], "1.1": [CP312, CP313], "1.2": [CP312]}, {}, id="tried once"),
        pytest.param({"1.0": [SDIST], "1.1": [SDIST], "1.2": [SDIST, PURE]}, {}, id="more than ever"),
        pytest.param(
            {"1.0": [SDIST], "1.1": [SDIST], "1.10": [], "1.9": [SDIST], "1.2": []},
            {"1.10": ["sdist"]},
            id="versions are no text",
        ),
        pytest.param(
            {"1.0": [SDIST], "1.1": [SDIST], "1.2": [], "1.3": [SDIST]}, {}, id="an older version is history"
        ),
        pytest.param(
            {"1.0": [SDIST], "1.1": [SDIST], "1.2": [SDIST], "1.3": [], "1.4": []},
            {"1.4": ["sdist"]},
            id="one accident unlearns nothing",
        ),
        pytest.param(
            {"1.0": [SDIST], "1.1": [SDIST], "1.2": [SDIST], "1.3": [], "1.4": [], "1.5": []},
            {},
            id="dropped two versions ago",
        ),
        pytest.param(
            {"1.0": [SDIST, PURE], "1.1": [SDIST, PURE], "1.2rc1": [PURE]}, {}, id="pre-releases apart"
        ),
        pytest.param(
            {"1.0": [SDIST], "2.0a1": [SDIST, PURE], "2.0a2": [SDIST, PURE], "2.0a3": [SDIST]},
            {"2.0a3": ["wheel"]},
            id="among pre-releases",
        ),
        pytest.param(
            {"2.0a1": [SDIST, PURE], "2.0a2": [SDIST, PURE], "2.0a3": [SDIST], "2.0": [SDIST]},
            {},
            id="a pre-release that is over",
        ),
        pytest.param(
            {"1.0+cpu": [PURE], "1.1+cpu": [PURE], "1.2+cu12": [CP313]}, {}, id="local versions apart"
        ),
        pytest.param({"one": [SDIST], "two": [SDIST], "three": []}, {}, id="no versions at all"),
    ],
)
def test_what_the_newest_version_lacks(
    versions: dict[str, Sequence[str]], missing: dict[str, list[str]]
) -> None:
    found = lacks(published(versions), NOW, SETTLE)
    assert {lack.version: [str(part) for part in lack.parts] for lack in found} == missing


def test_a_version_may_take_its_time_and_is_no_evidence_before() -> None:
    settled = published({"1.0": [SDIST, PURE], "1.1": [SDIST, PURE]})
    assert lacks(settled | published({"1.2": [SDIST]}, age=SETTLE - 1), NOW, SETTLE) == ()
    assert len(lacks(settled | published({"1.2": [SDIST]}, age=SETTLE), NOW, SETTLE)) == 1
    unsettled = published({"1.1": [SDIST, PURE]}, age=60)
    assert lacks(settled | unsettled | published({"1.2": [SDIST]}), NOW, SETTLE) == ()


ENDS = st.sampled_from([SDIST, PURE, CP312, CP313, NEWER, "cp39-abi3-win_amd64.whl"])
HISTORY = st.lists(st.frozensets(ENDS), max_size=8)


def history(files: Sequence[frozenset[str]]) -> dict[str, Published]:
    return published({f"1.{number}": sorted(each) for number, each in enumerate(files)})


@given(HISTORY, ENDS)
def test_a_further_file_never_makes_the_newest_version_lack_more(
    files: list[frozenset[str]], more: str
) -> None:
    if not files:
        return
    before = {part for lack in lacks(history(files), NOW, SETTLE) for part in lack.parts}
    after = lacks(history([*files[:-1], files[-1] | {more}]), NOW, SETTLE)
    assert {part for lack in after for part in lack.parts} <= before


@given(st.frozensets(ENDS), st.integers(0, 8))
def test_versions_that_are_all_alike_lack_nothing(files: frozenset[str], number: int) -> None:
    assert lacks(history([files] * number), NOW, SETTLE) == ()


@given(HISTORY)
def test_what_is_said_to_be_missing_was_there_and_is_not_there_now(files: list[frozenset[str]]) -> None:
    for lack in lacks(history(files), NOW, SETTLE):
        newest = {part for end in files[-1] for part in parts_of(f"demo-1.0-{end}")}
        assert len(files) > LEAST
        assert not newest & set(lack.parts)
        assert set(lack.parts) <= {part for each in files[:-1] for end in each for part in _of(end)}


def _of(end: str) -> frozenset[object]:
    return frozenset(parts_of(f"demo-1.0{'' if end.startswith('.') else '-'}{end}"))


@given(st.lists(st.frozensets(ENDS), min_size=LEAST, max_size=EVIDENCE))
def test_what_is_no_longer_published_is_soon_no_longer_expected(files: list[frozenset[str]]) -> None:
    evidence = [frozenset(part for end in each for part in parts_of(f"d-1{end}")) for each in files]
    for _, after in pairwise([evidence, [frozenset(), *evidence], [frozenset(), frozenset(), *evidence]]):
        evidence = after[:EVIDENCE]
    assert expected(evidence) == frozenset()


@given(st.text(max_size=300))
def test_any_name_is_read_without_an_error(name: str) -> None:
    assert parts_of(name) == parts_of(name)
