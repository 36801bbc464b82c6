"""Every use case may die in any line: once the lease has run out, the work goes on and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from syncer.core.states import RunOutcome
from syncer.ports.queue import Message
from tests.support.databases import sqlite_database
from tests.support.dists import sdist, wheel
from tests.support.ports import Death
from tests.unit.usecases.workplace import Workplace

FILES = (wheel("alpha", "1.0", requires_python=">=3.9"), sdist("alpha", "1.0", requires_python=">=3.9"))
#: More calls than a pass makes; the last ones are survived.
TOO_MANY = 400


@contextmanager
def workplace(folder: Path) -> Iterator[Workplace]:
    folder.mkdir()
    with sqlite_database(folder / "syncer.db") as database:
        place = Workplace(database, folder)
        place.publish(*FILES)
        yield place


def dies(place: Workplace, death: Death) -> tuple[int, bool]:
    """The Run, and whether the process died on the way."""
    run = place.request()
    try:
        place.carry([Message("discover", {"run": run})], death)
    except (KeyboardInterrupt, SystemExit):
        return run, True
    return run, False


@pytest.mark.parametrize("dies_of", [KeyboardInterrupt, SystemExit])
def test_a_pass_that_dies_at_any_call_is_completed_by_others(
    tmp_path: Path, dies_of: type[BaseException]
) -> None:
    wrong = []
    for number in range(TOO_MANY):
        with workplace(tmp_path / str(number)) as place:
            death = Death(number, dies_of)
            run, died = dies(place, death)
            if not died:
                break
            outcome = place.recover(run)
            if (outcome, place.arrived(*FILES), sorted(place.target.stored)) != (
                RunOutcome.COMPLETE,
                True,
                sorted(dist.filename for dist in FILES),
            ):
                wrong.append((number, death.calls[-1], outcome, place.target.stored))
    assert wrong == []
    assert 40 < number < TOO_MANY
