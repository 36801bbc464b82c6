"""Measures points with the real thing: real workers, broker, ledger and devpi, and the stand-in Gitea."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from sqlalchemy import func, select

from benchmarks.cost import cpu_seconds
from benchmarks.simulation.load import seeded
from benchmarks.simulation.parameters import Scenario
from benchmarks.simulation.points import Point
from syncer.adapters.database.schema import AttemptRow, DecisionRow, RunRow, TaskRow, TransferRow
from tests.support.devpi import DevpiServer
from tests.support.dists import Dist, wheel
from tests.support.world import World, eventually, world

OWNER = "acme"
#: A Mapping of this interval runs only when it is asked for.
NEVER = 86400.0
#: Bytes of a wheel of these points beside its payload.
WRAPPING = 900
#: Per cent of this machine that others may use before a measurement, and seconds to wait for that.
CALM, PATIENCE = 15.0, 20.0
_INSTALLABLE = (
    select(DecisionRow.filename, AttemptRow.ended_at)
    .join(TransferRow, TransferRow.id == AttemptRow.transfer_id)
    .join(DecisionRow, DecisionRow.id == TransferRow.decision_id)
    .where(AttemptRow.step == "upload", AttemptRow.ended_at.is_not(None))
)
_OPEN = select(RunRow.id).where(RunRow.state != "finished").limit(1)


def measure(points: Iterable[Point], rounds: int, say: Callable[[str], None]) -> Iterator[list[Point]]:
    """After each of so many interleaved rounds, every point with the calmest of its rounds so far.

    A point takes about 20 s on a machine that has nothing else to do.
    """
    points = list(points)
    taken: dict[str, list[dict[str, float]]] = {point.name: [] for point in points}
    with TemporaryDirectory(prefix="measure-") as folder, DevpiServer(Path(folder, "devpi")) as devpi:
        for number in range(rounds):
            for index, point in enumerate(points):
                place = Path(folder, f"{number}-{index}")
                place.mkdir()
                taken[point.name].append(found := _measure(point.scenario, place, devpi))
                say(f"{point.name}: " + ", ".join(f"{key} {value:.4g}" for key, value in found.items()))
            yield [_with(point, taken[point.name]) for point in points]


def _with(point: Point, taken: list[dict[str, float]]) -> Point:
    """The point with the calmest of its rounds: what strangers took then is part of its scenario."""
    calmest = min(taken, key=lambda found: found["elsewhere"])
    figures = {key: round(value, 5) for key, value in calmest.items()}
    scenario = replace(point.scenario, elsewhere=figures.pop("elsewhere"))
    asked = [key for key in figures if key in {"files_per_second", "p50", "p95"}]
    measured = {key: figures.pop(key) for key in asked}
    return replace(point, scenario=scenario, measured=measured, observed=figures)


def _measure(scenario: Scenario, folder: Path, devpi: DevpiServer) -> dict[str, float]:
    interval = scenario.interval if scenario.rate else NEVER
    with world(folder, devpi, interval=interval) as made:
        made.add_mapping(OWNER)
        made.gitea.latency = scenario.latency
        for number in range(scenario.workers):
            for queues, processes in scenario.pools.items():
                if processes:
                    name = f"{'-'.join(queues)}{number}"
                    made.start_worker(",".join(queues), name=name, concurrency=processes)
        _warm_up(made, scenario)
        _wait_for_calm()
        before, tasks = _cpu(made), _tasks(made)
        found = _trickle(made, scenario) if scenario.rate else _burst(made, scenario)
        used = {key: value - before[key] for key, value in _cpu(made).items()}
        everything, capacity = used.pop("everything"), used.pop("capacity")
        elsewhere = max(0.0, everything - sum(used.values())) / capacity
        each = {key: value / scenario.files for key, value in used.items()}
        each["tasks"] = (_tasks(made) - tasks) / scenario.files
        return {**found, **each, "elsewhere": elsewhere}


def _wait_for_calm() -> None:
    """Others use little of this machine, or do so for so long that it has to be measured beside them."""
    deadline = time.monotonic() + PATIENCE
    while psutil.cpu_percent(2.0) > CALM and time.monotonic() < deadline:
        pass


def _warm_up(made: World, scenario: Scenario) -> None:
    """Every process has its connections and its login: its first tasks are not what is measured."""
    files = 6 * scenario.workers * sum(scenario.pools.values())
    for number in range(files):
        made.publish(wheel(f"warm{number}", "1.0"))
    made.send(mapping=OWNER)
    _wait_for(made, files)


def _burst(made: World, scenario: Scenario) -> dict[str, float]:
    before = len(_installable(made))
    for dist in _dists(scenario):
        made.publish(dist)
    began = time.time()
    made.send(mapping=OWNER)
    ended = max(_wait_for(made, before + scenario.files).values())
    return {"files_per_second": scenario.files / (ended - began)}


def _trickle(made: World, scenario: Scenario) -> dict[str, float]:
    made.start_beat()
    chance, published = seeded(scenario), dict[str, float]()
    before = len(_installable(made))
    for dist in _dists(scenario):
        time.sleep(chance.expovariate(scenario.rate))
        published[dist.filename] = time.time()
        made.publish(dist)
    arrived = _wait_for(made, before + scenario.files)
    latencies = sorted(arrived[name] - at for name, at in published.items())
    return {"p50": statistics.median(latencies), "p95": latencies[int(0.95 * len(latencies))]}


def _dists(scenario: Scenario) -> Iterator[Dist]:
    chance = seeded(scenario)
    for number in range(scenario.files):
        payload = chance.randbytes(max(0, int(scenario.size) - WRAPPING))
        project, version = number % scenario.projects, number // scenario.projects
        yield wheel(f"project{project}", f"1.{version}", payload=payload)


def _wait_for(made: World, files: int) -> dict[str, float]:
    """When each file became installable, once so many are; no Run is open then."""
    eventually(lambda: len(_installable(made)) >= files, 300, f"{files} files are installable")
    eventually(lambda: not _open_runs(made), 60, "no run is open")
    return _installable(made)


def _installable(made: World) -> dict[str, float]:
    """The moment at which devpi had committed each file, as the ledger tells it a few ms later."""
    with made.seen.database.read() as session:
        return {name: ended.timestamp() for name, ended in session.execute(_INSTALLABLE) if ended}


def _tasks(made: World) -> int:
    with made.seen.database.read() as session:
        return session.scalar(select(func.count()).select_from(TaskRow)) or 0


def _open_runs(made: World) -> bool:
    with made.seen.database.read() as session:
        return session.execute(_OPEN).first() is not None


def _cpu(made: World) -> dict[str, float]:
    """Seconds of the processor that each part has used so far; the stand-in lives in this process.

    ``everything`` is what all processes of the machine have used, of the ``capacity`` that it had.
    """
    machine: Any = psutil.cpu_times()
    workers = {process.pid for process in made.processes}
    others = [child for child in psutil.Process().children() if child.pid not in workers]
    return {
        "worker_cpu": sum(map(cpu_seconds, workers)),
        "devpi_cpu": sum(cpu_seconds(child.pid) for child in others if "devpi_server" in child.cmdline()),
        "broker_cpu": sum(cpu_seconds(child.pid) for child in others if "valkey" in child.name()),
        "gitea_cpu": time.process_time(),
        "everything": sum(machine) - machine.idle - machine.iowait - machine.guest - machine.guest_nice,
        "capacity": time.monotonic() * len(os.sched_getaffinity(0)),
    }
