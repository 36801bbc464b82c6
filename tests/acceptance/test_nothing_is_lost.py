"""Whatever is killed or broken, at whatever moment, every file arrives, once and whole."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Literal

import pytest
from sqlalchemy import func, select

from syncer.adapters.database.schema import AttemptRow
from syncer.core.states import RunOutcome
from syncer.usecases.leases import LEASE
from tests.acceptance.conftest import on_request, ready
from tests.acceptance.later import leases_run_out, messages_are_lost
from tests.acceptance.live import FILES, LIST, Live
from tests.acceptance.valve import Valve
from tests.standin.gitea import faults
from tests.support.broker import Broker
from tests.support.devpi import DevpiServer
from tests.support.dists import Dist, wheel
from tests.support.world import QUEUES, World, eventually, world


@dataclass
class Rough:
    """A World in which things break: beat goes on, workers die and are replaced, devpi is behind a valve."""

    world: World
    valve: Valve
    lives: Iterator[Live]
    workers: list[int] = field(default_factory=list)
    name: str = ""
    _numbers: Iterator[int] = field(default_factory=count)

    def start_worker(self, queues: str = QUEUES, *, again: bool = False) -> None:
        """One more worker, with a name of its own unless it is the last one that is started again."""
        if not again:
            self.name = f"worker{next(self._numbers)}"
        self.workers.append(self.world.start_worker(queues, name=self.name))

    def kill_children(self) -> None:
        """The processes that carry out the worker's tasks are gone; the worker itself lives on."""
        for worker in self.workers:
            for child in Path(f"/proc/{worker}/task/{worker}/children").read_text().split():
                os.kill(int(child), signal.SIGKILL)

    def kill_workers(self) -> None:
        """No worker lives."""
        while self.workers:
            self.world.kill(self.workers.pop())

    @property
    def broker(self) -> Broker:
        """The broker."""
        assert self.world.broker is not None
        return self.world.broker

    @property
    def staging(self) -> Path:
        """Where the workers stage."""
        return self.world.folder / "state" / "staging"


@pytest.fixture(scope="module")
def rough_world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, devpi_server: DevpiServer
) -> Iterator[Rough]:
    """Beat and one worker are at work, and every Mapping had its first, empty Run."""
    with (
        Valve(devpi_server.port) as valve,
        world(tmp_path_factory.mktemp("rough"), devpi_server, devpi_url=valve.url) as made,
    ):
        lives = on_request(made, request, "live")
        rough = Rough(made, valve, iter(lives))
        rough.start_worker()
        made.start_beat()
        for live in lives:
            ready(live)
        yield rough


@pytest.fixture
def rough(rough_world: Rough) -> Iterator[Rough]:
    """The same for one test, which finds one worker for everything and nothing broken."""
    if len(rough_world.workers) != 1:
        rough_world.kill_workers()
        rough_world.start_worker()
    yield rough_world
    rough_world.valve.open()
    rough_world.valve.spoil = (b"", b"")
    rough_world.world.gitea.faults.clear()
    rough_world.world.gitea.latency = 0


@pytest.fixture
def live(rough: Rough) -> Live:
    """A Mapping of the test's own in the rough World, synced when it is asked for."""
    return next(rough.lives)


def large(name: str) -> Dist:
    return wheel(name, "1.0", payload=name.encode() * 2**20)


def assert_whole(live: Live, project: str, *dists: Dist) -> None:
    assert live.on_target(project) == {dist.filename: dist.sha256 for dist in dists}
    assert live.uploads(project) == {dist.filename: 1 for dist in dists}


def test_a_worker_killed_between_download_and_upload_loses_nothing(rough: Rough, live: Live) -> None:
    """What was staged is not fetched again; what its disk lost is, as it would be on another host."""
    kept, lost = wheel("kept", "1.0"), wheel("lost", "1.0")
    live.publish(kept, lost)
    rough.kill_workers()
    rough.start_worker("discover,download")
    task = rough.world.send(mapping=live.name)
    eventually(lambda: [state for state, _ in live.transfers()] == ["ready", "ready"], what="both are staged")
    rough.kill_workers()
    (rough.staging / lost.sha256[:2] / lost.sha256).unlink()
    rough.start_worker()
    assert live.finished(task).outcome == RunOutcome.COMPLETE
    assert_whole(live, "kept", kept)
    assert_whole(live, "lost", lost)
    assert live.downloads() == {kept.filename: 1, lost.filename: 2}


@pytest.mark.slow
def test_a_worker_killed_in_mid_download_loses_nothing(rough: Rough, live: Live) -> None:
    live.fault(faults.drip(100_000, 1.0), FILES)
    live.publish(dist := large("halved"))
    task = rough.world.send(mapping=live.name)
    eventually(lambda: any(path.stat().st_size for path in rough.staging.glob("*/*.part")), what="a part")
    rough.kill_workers()
    live.mend()
    leases_run_out(rough.world)
    rough.start_worker()
    assert live.finished(task).outcome == RunOutcome.COMPLETE
    assert_whole(live, "halved", dist)
    assert live.results("download") == {"worker_died": 1, "staged": 1}


@pytest.mark.parametrize(
    ("side", "answer"),
    [
        pytest.param("request", "OK", id="half of the file was sent"),
        pytest.param(
            "answer", "the same bytes were there already", id="devpi had it and the answer was lost"
        ),
    ],
)
def test_a_worker_killed_in_mid_upload_loses_nothing_and_uploads_nothing_twice(
    rough: Rough, live: Live, side: Literal["request", "answer"], answer: str
) -> None:
    live.publish(dist := large(f"cut-{side}"))
    rough.valve.close(side)
    task = rough.world.send(mapping=live.name)
    assert rough.valve.reached.wait(40)
    rough.kill_workers()
    rough.valve.open()
    leases_run_out(rough.world)
    rough.start_worker()
    assert live.finished(task).outcome == RunOutcome.COMPLETE
    assert_whole(live, f"cut-{side}", dist)
    assert live.downloads() == {dist.filename: 1}
    assert live.results("upload")["worker_died"] == 1
    assert live.transfers() == [("ended", answer)]


def test_a_worker_killed_while_it_plans_leaves_a_run_that_another_one_plans(rough: Rough, live: Live) -> None:
    live.publish(dist := wheel("planned", "1.0"))
    fault = live.fault(faults.hang(60), LIST)
    task = rough.world.send(mapping=live.name)
    eventually(lambda: rough.world.gitea.faults.hits(fault), what="it plans")
    rough.kill_workers()
    live.mend()
    leases_run_out(rough.world)
    rough.start_worker()
    assert live.finished(task).outcome == RunOutcome.COMPLETE
    assert_whole(live, "planned", dist)


@pytest.mark.parametrize(
    "again",
    [
        # The short part of the chaos kills a child as well.
        pytest.param(False, id="its child was killed", marks=pytest.mark.slow),
        pytest.param(True, id="it was started again"),
    ],
)
def test_what_a_worker_is_known_to_have_left_behind_is_taken_up_at_once(
    rough: Rough, live: Live, again: bool
) -> None:
    """Celery delivers the task again, or a worker of the same name starts: no lease is waited for."""
    fault = live.fault(faults.drip(100_000, 1.0), FILES)
    live.publish(dist := large(f"taken-up-{again}"))
    task = rough.world.send(mapping=live.name)
    eventually(lambda: rough.world.gitea.faults.hits(fault), what="it is being fetched")
    if again:
        rough.kill_workers()
        live.mend()
        rough.start_worker(again=True)
    else:
        rough.kill_children()
        live.mend()
    assert live.finished(task, seconds=LEASE - 5).outcome == RunOutcome.COMPLETE
    assert_whole(live, f"taken-up-{again}", dist)
    assert live.results("download") == {"worker_died": 1, "staged": 1}


@pytest.mark.slow
def test_what_a_dead_worker_held_is_free_again_within_a_minute(rough: Rough, live: Live) -> None:
    """The same without setting any time back."""
    live.publish(dist := large("waited"))
    rough.valve.close("request")
    task = rough.world.send(mapping=live.name)
    assert rough.valve.reached.wait(40)
    rough.kill_workers()
    rough.valve.open()
    rough.start_worker()
    assert live.finished(task, seconds=LEASE + 30).outcome == RunOutcome.COMPLETE
    assert_whole(live, "waited", dist)


MANY = [[wheel(f"many{project}", f"1.{minor}") for minor in range(6)] for project in range(4)]


def in_mid_run(rough: Rough, live: Live) -> str:
    """Many files, of which a few are there and most are not; the task that asked for them."""
    rough.world.gitea.latency = 0.3
    for dists in MANY:
        live.publish(*dists)
    task = rough.world.send(mapping=live.name)
    eventually(lambda: live.ended() >= 2, what="it is at work")
    assert live.ended() < 20
    return task


def assert_all_arrive(live: Live, task: str) -> None:
    assert live.finished(task).outcome == RunOutcome.COMPLETE
    for number, dists in enumerate(MANY):
        assert_whole(live, f"many{number}", *dists)


@pytest.mark.slow
def test_a_broker_that_forgets_everything_in_mid_run_loses_nothing(rough: Rough, live: Live) -> None:
    task = in_mid_run(rough, live)
    rough.broker.client().flushall()
    wait_until_nothing_ends(rough.world)
    messages_are_lost(rough.world)
    assert_all_arrive(live, task)


@pytest.mark.slow  # the short part of the chaos kills the broker as well
def test_a_broker_killed_and_started_again_in_mid_run_loses_nothing(rough: Rough, live: Live) -> None:
    task = in_mid_run(rough, live)
    rough.broker.kill()
    time.sleep(2)
    rough.broker.start()
    wait_until_nothing_ends(rough.world)
    messages_are_lost(rough.world)
    leases_run_out(rough.world)
    assert_all_arrive(live, task)
    assert all(process.poll() is None for process in rough.world.processes)


def wait_until_nothing_ends(made: World) -> None:
    """What was still under way has ended, so that whatever is left was lost."""

    def ended() -> int:
        with made.seen.database.read() as session:
            return session.scalar(select(func.count(AttemptRow.ended_at))) or 0

    def nothing_ends() -> bool:
        before = ended()
        time.sleep(2)
        return ended() == before

    made.gitea.latency = 0
    eventually(nothing_ends)


def test_a_broken_staging_directory_is_told_and_work_goes_on_when_it_is_mended(
    rough: Rough, live: Live
) -> None:
    rough.staging.rename(rough.staging.with_suffix(".away"))
    rough.staging.write_text("a file where the directory should be")
    live.publish(dist := wheel("staged", "1.0"))
    task = rough.world.send(mapping=live.name)
    try:
        status = eventually(lambda: status if (status := live.status()).counts.failing else None)
        assert (status.counts.missing, str(rough.staging) in live.files()[dist.filename].error) == (1, True)
        assert status.state != "complete"
    finally:
        rough.staging.unlink()
    assert live.finished(task).outcome == RunOutcome.COMPLETE
    assert_whole(live, "staged", dist)


@pytest.mark.slow
def test_rubbish_in_the_staging_directory_never_keeps_lost_work_from_being_sent_again(
    rough: Rough, live: Live
) -> None:
    """Housekeeping cannot remove a folder that bears a blob's name; everything else is still done."""
    rubbish = rough.staging / "ab" / ("ab" * 32)
    rubbish.mkdir(parents=True)
    os.utime(rubbish, (0, 0))
    try:
        task = in_mid_run(rough, live)
        rough.broker.client().flushall()
        wait_until_nothing_ends(rough.world)
        messages_are_lost(rough.world)
        assert_all_arrive(live, task)
    finally:
        rubbish.rmdir()


def test_a_page_that_no_code_foresaw_is_no_success_and_is_read_again(rough: Rough, live: Live) -> None:
    """No parser takes the address on it. The upload is not believed until it was read back."""
    rough.valve.spoil = (b'"url": "../../+f', b'"url": "http://[')
    live.publish(dist := wheel("believed", "1.0"))
    task = rough.world.send(mapping=live.name)
    eventually(lambda: [row.status for row in live.files().values()] == ["failing"], what="it is told")
    assert live.files()[dist.filename].error
    assert live.status().state != "complete"
    rough.valve.spoil = (b"", b"")
    assert live.finished(task).outcome == RunOutcome.COMPLETE
    assert_whole(live, "believed", dist)
