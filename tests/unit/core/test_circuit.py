from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syncer.core.circuit import LONGEST_PAUSE, OPENS_AFTER, pause_after
from syncer.core.retry import LONGEST_ASKED


def test_a_server_is_left_alone_from_its_third_failure_in_a_row_and_ever_longer() -> None:
    pauses = [pause_after(failures) for failures in range(1, 10)]

    assert pauses[: OPENS_AFTER - 1] == [0.0] * (OPENS_AFTER - 1)
    assert pauses[OPENS_AFTER - 1 : OPENS_AFTER + 2] == [2.0, 4.0, 8.0]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE


@given(st.integers(min_value=1, max_value=10_000), st.floats(min_value=0, max_value=1e9))
def test_what_the_server_asks_for_is_given_within_reason(failures: int, asked: float) -> None:
    pause = pause_after(failures, asked)

    assert min(asked, LONGEST_ASKED) <= pause <= max(LONGEST_ASKED, LONGEST_PAUSE)
