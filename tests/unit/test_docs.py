from __future__ import annotations

import re

import pytest

from tests.docs import BLOCKS, ROOT, renewed


@pytest.mark.parametrize("name", BLOCKS)
def test_the_documentation_is_what_the_code_says(name: str) -> None:
    """Renew with ``make docs``."""
    path, text = renewed(name)

    assert path.read_text() == text


THREATS = (ROOT / "SECURITY.md").read_text().partition("## What stops them")[2]
LINES = [line for line in THREATS.splitlines() if line.startswith("| ") and "| tests |" not in line]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.split("|")[1].strip())
def test_every_line_of_the_threat_model_names_tests_that_exist(line: str) -> None:
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", line.split("|")[3])
    assert named
    for path, test in named:
        assert f"\ndef {test}(" in (ROOT / "tests" / path).read_text(), path
