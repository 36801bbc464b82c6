"""A budget that a large file could never get through is told with what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.support import Configuration, with_option

WORKERS = "download_workers = 4\nupload_workers = 2\n"


def warnings(folder: Path, lines: str) -> list[str]:
    return Configuration(folder, with_option("runtime", WORKERS + lines)).warnings()


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param("", id="no-budget"),
        pytest.param("bandwidth = off", id="off"),
        pytest.param("bandwidth = 10M", id="fast"),
        pytest.param("bandwidth = 1M\nfile_deadline_seconds = 600", id="patient"),
    ],
)
def test_a_budget_that_lets_large_files_through_is_fine(tmp_path: Path, lines: str) -> None:
    assert warnings(tmp_path, lines) == []


@pytest.mark.parametrize(
    ("lines", "size", "fix"),
    [
        pytest.param("bandwidth = 1M", "more than 83 MiB", "file_deadline_seconds = 600,", id="rate"),
        pytest.param(
            "bandwidth = 08:00,512k 18:00,off",
            "more than 42 MiB",
            "file_deadline_seconds = 1200,",
            id="times",
        ),
    ],
)
def test_a_budget_that_keeps_large_files_out_is_told(tmp_path: Path, lines: str, size: str, fix: str) -> None:
    (warning,) = warnings(tmp_path, lines)
    assert "syncer.conf:" in warning
    assert "[runtime] bandwidth" in warning
    assert size in warning
    assert f"write {fix}" in warning
