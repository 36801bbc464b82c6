"""A process may die in any line: once its lease has run out, others complete the work and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from syncer.adapters.database.engine import Database
from syncer.core.states import RunOutcome
from syncer.ports.queue import Message
from syncer.usecases.leases import LEASE
from tests.support.databases import empty
from tests.support.dists import wheel
from tests.support.ports import Death
from tests.unit.usecases.workplace import Workplace

FILE = wheel("alpha", "1.0", requires_python=">=3.9")
#: The deaths are shared out so that they can be died in parallel.
SHARES = 2

Work = Callable[[Workplace, int, Death], None]


def a_pass(place: Workplace, run: int, death: Death) -> None:
    place.carry([Message("discover", {"run": run})], death)


def reconciling_what_another_left(place: Workplace, run: int, death: Death) -> None:
    """The other one died while it uploaded, and all messages are lost."""
    try:
        place.carry([Message("discover", {"run": run})], Dying("target.upload done"))
    except KeyboardInterrupt:
        place.wait(LEASE + 1)
        place.reconcile(death)


class Dying:
    """Dies at the first call of this name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, call: str) -> None:
        if call == self._name:
            raise KeyboardInterrupt


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("work", [a_pass, reconciling_what_another_left])
def test_work_that_dies_before_any_call_is_completed_by_others(
    shared_sqlite: Database, tmp_path: Path, work: Work, share: int
) -> None:
    """Each call of a port is the last one once; the file arrives, and is uploaded once."""
    number, died, wrong = share, True, []
    while died:
        place = Workplace(shared_sqlite, tmp_path / str(number))
        place.publish(FILE)
        run, death = place.request(), Death(number)
        died = dies(lambda: work(place, run, death))  # noqa: B023  # called at once
        found = (place.recover(run), place.arrived(FILE), place.target.stored)
        if found != (RunOutcome.COMPLETE, True, [FILE.filename]):
            wrong.append((number, death.calls[-1], found))
        empty(shared_sqlite)
        number += SHARES
    assert wrong == []
    assert number > 25  # both make many more calls


def dies(work: Callable[[], None]) -> bool:
    """Whether it ended by death."""
    try:
        work()
    except (KeyboardInterrupt, SystemExit):
        return True
    return False
