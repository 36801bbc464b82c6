"""Workers, beats and Mappings share the work: nothing is done twice, on either database."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from syncer.adapters.database.schema import AttemptRow
from syncer.core.states import RunOutcome
from tests.acceptance.conftest import NewWorld
from tests.acceptance.live import FILES, Live
from tests.standin.gitea import faults
from tests.support.dists import sdist, wheel
from tests.support.world import World


@pytest.mark.parametrize(
    "database_url", [pytest.param("sqlite", marks=pytest.mark.slow), "postgresql"], indirect=True
)
def test_files_arrive_and_late_ones_too_on_either_database(new_world: NewWorld, database_url: str) -> None:
    made = new_world(database=database_url)
    live = Live.of(made)
    first = [sdist("demo", "1.0", requires_python=">=3.9"), wheel("other", "1.0")]
    live.publish(*first)
    made.gitea.publish("acme", "bad-1.0.tar.gz", b"", "bad", "1.0")
    made.start_worker()
    made.start_beat()
    live.arrives("demo", first[0])
    live.arrives("other", first[1])
    assert live.becomes("incomplete").counts.refused == 1
    made.gitea.delete_package("acme", "bad")
    live.publish(late := wheel("demo", "1.0", requires_python=">=3.9"))
    live.arrives("demo", first[0], late)
    live.becomes("complete")
    assert made.syncer("status").returncode == 0
    assert live.resync(project="demo").outcome == RunOutcome.COMPLETE
    made.stop()


@pytest.mark.slow
@pytest.mark.parametrize(
    "database_url", [pytest.param("sqlite", marks=pytest.mark.slow), "postgresql"], indirect=True
)
def test_two_workers_and_two_beats_do_no_work_twice(new_world: NewWorld, database_url: str) -> None:
    """Two indexes of one owner, too: a file that both need is fetched once."""
    made = new_world(database=database_url)
    one, two = Live.of(made), Live.of(made, "twin", owner="acme")
    projects = {name: [wheel(name, "1.0"), sdist(name, "1.0")] for name in ("p0", "p1", "p2", "p3", "p4")}
    files = [dist for dists in projects.values() for dist in dists]
    one.publish(*files)
    one.fault(faults.hang(2.0), FILES)  # so that both Mappings are planned and both workers have their part
    for number in (1, 2):
        made.start_worker(name=f"worker{number}")
    for number in (1, 2):
        made.start_beat(f"beat{number}")
    one.becomes("complete")
    two.becomes("complete")

    assert one.downloads() == {dist.filename: 1 for dist in files}
    assert one.attempts("download") == {(dist.sha256, "staged"): 1 for dist in files}
    assert one.attempts("upload") == {(dist.sha256, "uploaded"): 2 for dist in files}
    for live in (one, two):
        for project, dists in projects.items():
            live.arrives(project, *dists)
            assert live.uploads(project) == {dist.filename: 1 for dist in dists}
    assert downloaders(made) == {"worker1@test", "worker2@test"}
    made.stop()


def downloaders(made: World) -> set[str]:
    with made.seen.database.read() as session:
        return set(session.scalars(select(AttemptRow.worker).where(AttemptRow.step == "download")))
