"""What a mapping does about deleted files, as the configuration says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncer.core.model import Deletion, OnSourceDelete
from tests.unit.config.support import Configuration, with_option


def configured(folder: Path, lines: str) -> Configuration:
    return Configuration(folder, with_option("mapping:my-org", lines))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param("", Deletion(OnSourceDelete.KEEP, 72 * 3600.0, 10, 5.0), id="nothing said"),
        pytest.param("on_source_delete = mark", Deletion(OnSourceDelete.MARK), id="mark"),
        pytest.param(
            "on_source_delete = withdraw\ndelete_grace_hours = 0.5\n"
            "delete_cap_files = 0\ndelete_cap_percent = 2.5",
            Deletion(OnSourceDelete.WITHDRAW, 1800.0, 0, 2.5),
            id="everything said",
        ),
    ],
)
def test_the_options_make_the_policy(tmp_path: Path, lines: str, expected: Deletion) -> None:
    assert configured(tmp_path, lines).load().mappings["my-org"].deletion == expected


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("on_source_delete = delete", "is not keep, mark or withdraw"),
        ("delete_grace_hours = -1", "below 0"),
        ("delete_cap_files = 1.5", "no whole number"),
        ("delete_cap_percent = 101", "above 100"),
    ],
)
def test_what_is_no_policy_is_a_mistake(tmp_path: Path, line: str, words: str) -> None:
    (mistake,) = configured(tmp_path, line).mistakes()
    assert words in mistake
