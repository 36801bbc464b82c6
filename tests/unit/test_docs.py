from __future__ import annotations

import pytest

from tests.docs import BLOCKS, renewed


@pytest.mark.parametrize("name", BLOCKS)
def test_the_documentation_is_what_the_code_says(name: str) -> None:
    """Renew with ``make docs``."""
    path, text = renewed(name)

    assert path.read_text() == text
