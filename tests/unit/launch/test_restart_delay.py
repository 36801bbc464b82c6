"""A program that dies again and again is started less and less often."""

from hypothesis import given
from hypothesis import strategies as st

from syncer.launch.program import FIRST_DELAY, LONGEST_DELAY, STABLE_AFTER, restart_delay

seconds = st.floats(min_value=0, max_value=1e6)


def test_the_delay_doubles_from_half_a_second_to_half_a_minute() -> None:
    delays = [0.0]
    for _ in range(8):
        delays.append(restart_delay(delays[-1], lived=1))
    assert delays[1:] == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_a_life_of_a_minute_starts_it_afresh() -> None:
    assert restart_delay(30, lived=STABLE_AFTER) == FIRST_DELAY


@given(previous=seconds, lived=seconds)
def test_it_never_leaves_its_bounds(previous: float, lived: float) -> None:
    delay = restart_delay(min(previous, LONGEST_DELAY), lived)
    assert 0 < delay <= LONGEST_DELAY
