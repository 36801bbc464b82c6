"""A server gets only so many transfers at once, over all workers, and fewer while it is overloaded."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syncer.core.pace import GROWS_AFTER, ONE_SIGN
from syncer.ports.claims import Lane
from tests.ledger.steps import LEASE, Steps
from tests.ledger.together import at_once
from tests.support.ledgers import SERVER

OTHER_SERVER = "http://other.example"


def acquire(world: Steps, holder: str, width: int = 2, server: str = SERVER) -> Lane | None:
    return world.ledger.lanes.acquire(server, width, holder, world.now, LEASE)


def held(world: Steps, holder: str, width: int = 2) -> Lane:
    lane = acquire(world, holder, width)
    assert lane is not None
    return lane


def free(world: Steps, most: int = 2, server: str = SERVER) -> int:
    return world.ledger.lanes.free(server, most, world.now)


def width(world: Steps, most: int = 8, server: str = SERVER) -> int:
    return world.ledger.lanes.width(server, most, world.now)


def narrow(world: Steps, most: int = 8) -> int:
    """The server was overloaded once more; how many lanes that leaves."""
    world.ledger.lanes.narrow(SERVER, most, world.now)
    return width(world, most)


def test_a_server_has_as_many_lanes_as_its_width(world: Steps) -> None:
    assert acquire(world, "one") == Lane(SERVER, 0, "one")
    assert acquire(world, "two") == Lane(SERVER, 1, "two")
    assert acquire(world, "three") is None


def test_each_server_has_lanes_of_its_own(world: Steps) -> None:
    assert acquire(world, "one", width=1) is not None
    assert acquire(world, "two", width=1) is None
    assert acquire(world, "two", width=1, server=OTHER_SERVER) is not None


def test_a_server_of_no_width_takes_nothing(world: Steps) -> None:
    assert acquire(world, "one", width=0) is None


def test_a_lane_that_was_given_back_is_free(world: Steps) -> None:
    one, _ = held(world, "one"), held(world, "two")
    world.ledger.lanes.release(one)
    assert acquire(world, "three") == Lane(SERVER, 0, "three")


def test_a_lane_whose_holder_died_is_free(world: Steps) -> None:
    _, two = held(world, "one"), held(world, "two")
    world.wait(LEASE - 1)
    assert world.ledger.lanes.extend(two, world.now + timedelta(seconds=LEASE))
    world.wait(2)
    assert acquire(world, "three") == Lane(SERVER, 0, "three")
    assert acquire(world, "four") is None


def test_a_holder_that_lost_its_lane_neither_extends_nor_frees_it(world: Steps) -> None:
    lost = held(world, "one", width=1)
    world.wait(LEASE + 1)
    assert acquire(world, "two", width=1) is not None
    assert not world.ledger.lanes.extend(lost, world.now + timedelta(hours=1))
    world.ledger.lanes.release(lost)
    assert acquire(world, "three", width=1) is None


def test_a_server_that_was_narrowed_gets_fewer_transfers(world: Steps) -> None:
    held(world, "one")
    two = held(world, "two")
    assert acquire(world, "three", width=1) is None
    world.ledger.lanes.release(two)
    assert acquire(world, "three", width=1) is None


def test_of_many_workers_as_many_get_a_lane_as_there_are(world: Steps) -> None:
    lanes = [lane for lane in at_once(8, lambda number: acquire(world, f"holder-{number}", 3)) if lane]
    assert sorted(lane.slot for lane in lanes) == [0, 1, 2]


# How many are free


def test_a_lane_is_free_until_somebody_holds_it_and_once_it_is_given_back(world: Steps) -> None:
    assert free(world) == 2
    one = held(world, "one")
    assert free(world) == 1
    held(world, "two")
    assert free(world) == 0
    world.ledger.lanes.release(one)
    assert free(world) == 1


def test_the_lanes_of_another_server_do_not_count(world: Steps) -> None:
    held(world, "one")
    assert free(world, server=OTHER_SERVER) == 2


def test_a_lane_counts_as_held_to_the_last_moment_of_its_lease(world: Steps) -> None:
    held(world, "one")
    world.wait(LEASE)
    assert (free(world), acquire(world, "two", width=1)) == (1, None)
    world.wait(0.001)
    assert (free(world), acquire(world, "two", width=1)) == (2, Lane(SERVER, 0, "two"))


def test_no_lane_is_free_where_more_are_held_than_there_are_now(world: Steps) -> None:
    for number in range(4):
        held(world, f"holder-{number}", 4)
    assert free(world, most=2) == 0
    assert narrow(world, most=4) == 2
    assert free(world, most=4) == 0


def test_an_overloaded_server_has_fewer_free_lanes_until_it_was_calm_for_a_while(world: Steps) -> None:
    held(world, "one", 4)
    narrow(world, most=4)
    assert free(world, most=4) == 1
    world.wait(GROWS_AFTER)
    assert free(world, most=4) == 2


# How many there are


def test_a_server_that_was_never_overloaded_has_all_its_lanes(world: Steps) -> None:
    assert (width(world, 2), width(world, 8)) == (2, 8)


def test_an_overloaded_server_has_half_of_its_lanes_and_another_all_of_them(world: Steps) -> None:
    assert narrow(world) == 4
    assert width(world, server=OTHER_SERVER) == 8


def test_one_lane_is_left_however_often_a_server_fails(world: Steps) -> None:
    widths = []
    for _ in range(5):
        widths.append(narrow(world))
        world.wait(ONE_SIGN)
    assert widths == [4, 2, 1, 1, 1]


def test_those_who_asked_together_and_fail_together_are_one_sign(world: Steps) -> None:
    for _ in range(8):
        assert narrow(world) == 4
        world.wait(ONE_SIGN / 9)
    world.wait(ONE_SIGN)
    assert narrow(world) == 2


def test_many_that_fail_in_the_same_moment_are_one_sign(world: Steps) -> None:
    at_once(8, lambda _: world.ledger.lanes.narrow(SERVER, 8, world.now))
    assert width(world) == 4


def test_lanes_come_back_one_after_another_while_a_server_is_calm(world: Steps) -> None:
    narrow(world)
    widths = []
    for _ in range(6):
        world.wait(GROWS_AFTER)
        widths.append(width(world))
    assert widths == [5, 6, 7, 8, 8, 8]


def test_a_server_that_fails_while_it_recovers_is_halved_from_where_it_was(world: Steps) -> None:
    narrow(world)
    world.wait(2 * GROWS_AFTER)
    assert narrow(world) == 3


@pytest.mark.parametrize("most", [1, 3])
def test_an_operator_who_allows_fewer_lanes_is_heard_at_once(world: Steps, most: int) -> None:
    narrow(world)
    assert width(world, most) == min(4, most)


def test_a_clock_that_was_set_back_gives_no_lanes_and_takes_only_what_failed(world: Steps) -> None:
    narrow(world)
    world.wait(-3600)
    assert width(world) == 4
    assert narrow(world) == 2
    world.wait(GROWS_AFTER)
    assert width(world) == 3
