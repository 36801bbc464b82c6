"""A secret that a server repeats, in one piece or in several, is not shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.core.secret import Secret, one_line

TOKEN = "0123456789abcdef"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        pytest.param("no", "no", id="nothing to hide"),
        pytest.param(f"bad token {TOKEN}!", "bad token ***!", id="in one piece"),
        pytest.param(f"bad {TOKEN[:5]}\0{TOKEN[5:]}", "bad ***", id="held apart by what cannot be printed"),
        pytest.param(f" bad\n\t{TOKEN}\r\n", "bad ***", id="on a line of its own"),
        pytest.param(TOKEN[:5] + TOKEN + TOKEN[5:], f"{TOKEN[:5]}***{TOKEN[5:]}", id="wrapped in itself"),
    ],
)
def test_a_server_s_words_become_one_line_without_secrets(said: str, shown: str) -> None:
    assert one_line(said, [None, Secret(""), Secret(TOKEN)]) == shown


@given(
    st.lists(st.sampled_from([TOKEN, TOKEN[:7], TOKEN[7:], "\0", "\u200b", " x "]), max_size=12).map("".join)
)
def test_no_arrangement_of_pieces_shows_a_secret(said: str) -> None:
    line = one_line(said, [Secret(TOKEN)])
    assert TOKEN not in line
    assert line.isprintable()
