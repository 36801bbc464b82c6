"""What a server takes at once is halved when it is overloaded, and grows again while it is calm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.core.pace import GROWS_AFTER, narrowed, width_now

WIDTHS = st.integers(1, 64)
SECONDS = st.floats(-1e9, 1e9)


@pytest.mark.parametrize(
    ("width", "calm", "most", "now"),
    [
        pytest.param(4, 0, 8, 4, id="just now"),
        pytest.param(4, GROWS_AFTER - 0.1, 8, 4, id="not calm for long enough"),
        pytest.param(4, GROWS_AFTER, 8, 5, id="one more"),
        pytest.param(4, 3.5 * GROWS_AFTER, 8, 7, id="three more"),
        pytest.param(4, 1e9, 8, 8, id="calm for ages"),
        pytest.param(8, 0, 2, 2, id="an operator allows fewer since"),
        pytest.param(4, -3600, 8, 4, id="a clock that was set back"),
        pytest.param(0, 0, 8, 1, id="never none at all"),
    ],
)
def test_a_server_takes_one_more_for_each_while_that_it_is_calm(
    width: int, calm: float, most: int, now: int
) -> None:
    assert width_now(width, calm, most) == now


@pytest.mark.parametrize(("width", "half"), [(8, 4), (5, 2), (2, 1), (1, 1)])
def test_an_overloaded_server_is_given_half(width: int, half: int) -> None:
    assert narrowed(width) == half


@given(WIDTHS, SECONDS, WIDTHS)
def test_a_server_always_takes_something_and_never_more_than_it_may(
    width: int, calm: float, most: int
) -> None:
    assert 1 <= width_now(width, calm, most) <= most


@given(WIDTHS, SECONDS, st.floats(0, 1e9), WIDTHS)
def test_more_calm_never_takes_anything_away(width: int, calm: float, more: float, most: int) -> None:
    assert width_now(width, calm, most) <= width_now(width, calm + more, most)


@given(WIDTHS, WIDTHS)
def test_whatever_it_was_reduced_to_comes_back(width: int, most: int) -> None:
    assert width_now(narrowed(width), most * GROWS_AFTER, most) == most


@given(WIDTHS)
def test_the_repeatedly_overloaded_server_ends_with_one_at_a_time(most: int) -> None:
    width = most
    for _ in range(7):
        smaller = narrowed(width_now(width, 0, most))
        assert smaller < width or width == 1
        width = smaller
    assert width == 1
