"""A server gets only so many uploads at once, over all workers."""

from __future__ import annotations

from datetime import timedelta

from syncer.ports.claims import Lane
from tests.ledger.steps import LEASE, Steps
from tests.support.ledgers import SERVER


def acquire(world: Steps, holder: str, width: int = 2, server: str = SERVER) -> Lane | None:
    return world.ledger.lanes.acquire(server, width, holder, world.now, LEASE)


def test_a_server_has_as_many_lanes_as_its_width(world: Steps) -> None:
    assert acquire(world, "one") == Lane(SERVER, 0, "one")
    assert acquire(world, "two") == Lane(SERVER, 1, "two")
    assert acquire(world, "three") is None


def test_each_server_has_lanes_of_its_own(world: Steps) -> None:
    assert acquire(world, "one", width=1) is not None
    assert acquire(world, "two", width=1) is None
    assert acquire(world, "two", width=1, server="http://other.example") is not None


def test_a_server_of_no_width_takes_nothing(world: Steps) -> None:
    assert acquire(world, "one", width=0) is None


def test_a_lane_that_was_given_back_is_free(world: Steps) -> None:
    one, _ = acquire(world, "one"), acquire(world, "two")
    assert one is not None
    world.ledger.lanes.release(one)
    assert acquire(world, "three") == Lane(SERVER, 0, "three")


def test_a_lane_whose_holder_died_is_free(world: Steps) -> None:
    one, two = acquire(world, "one"), acquire(world, "two")
    assert one is not None
    assert two is not None
    world.wait(LEASE - 1)
    assert world.ledger.lanes.extend(two, world.now + timedelta(seconds=LEASE))
    world.wait(2)
    assert acquire(world, "three") == Lane(SERVER, 0, "three")
    assert acquire(world, "four") is None


def test_a_holder_that_lost_its_lane_neither_extends_nor_frees_it(world: Steps) -> None:
    lost = acquire(world, "one", width=1)
    assert lost is not None
    world.wait(LEASE + 1)
    assert acquire(world, "two", width=1) is not None
    assert not world.ledger.lanes.extend(lost, world.now + timedelta(hours=1))
    world.ledger.lanes.release(lost)
    assert acquire(world, "three", width=1) is None


def test_a_server_that_was_narrowed_gets_fewer_uploads(world: Steps) -> None:
    one, two = acquire(world, "one"), acquire(world, "two")
    assert one is not None
    assert two is not None
    assert acquire(world, "three", width=1) is None
    world.ledger.lanes.release(two)
    assert acquire(world, "three", width=1) is None
