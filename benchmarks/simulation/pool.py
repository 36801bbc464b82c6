"""The pool itself: polls, messages, lanes; every wait is an event of simpy."""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Generator
from heapq import heappop, heappush
from typing import Any

import simpy

from benchmarks.simulation.load import Load
from benchmarks.simulation.machines import Host, Line, Machines
from benchmarks.simulation.parameters import QUEUES, Costs, Scenario
from benchmarks.simulation.result import Result
from benchmarks.simulation.station import Level

Steps = Generator[simpy.Event, Any, None]
#: Seconds between two pieces of the work of strangers.
TICK = 0.01
#: Releases that a page of Gitea's list has, and project pages that are read at once.
PAGE, READERS = 50, 8


def simulate(scenario: Scenario, costs: Costs | None = None) -> Result:
    """Run the scenario until every file is installable."""
    pool = Pool(scenario, costs or Costs())
    pool.run()
    return pool.result()


class Pool:
    """One run of one scenario.

    Nothing stands for a file but a number, and a process of simpy for each task that can be in hand, so
    a million files cost some million events and their times, and no more.
    """

    def __init__(self, scenario: Scenario, costs: Costs) -> None:
        self.scenario, self.costs = scenario, costs
        self.load = Load(scenario)
        self.machines = Machines(scenario, costs)
        self.env = simpy.Environment()
        #: When each file became installable, and which host has it in staging.
        self.installed = array("d", [math.nan]) * scenario.files
        self.staged_on = array("l", bytes(8 * scenario.files))
        #: Files that are not installable yet, and how many of each kind of holder are taken.
        self.left = scenario.files
        self.held = {"tasks": Level(), "download": Level(), "upload": Level()}
        self._queues: dict[str, deque[int]] = {name: deque() for name in QUEUES}
        self._idle: dict[tuple[str, ...], deque[simpy.Event]] = {queues: deque() for queues in scenario.pools}
        self._turn = 0
        self._seen = [0] * scenario.mappings
        #: Files of each mapping's Run that are not read back; of each project, not uploaded and not read.
        self._open = [0] * scenario.mappings
        self._waiting = array("l", bytes(8 * scenario.mappings * scenario.projects))
        self._unread = array("l", bytes(8 * scenario.mappings * scenario.projects))
        self._done = self.env.event()

    def run(self) -> None:
        """Every file is installable."""
        for mapping in range(self.scenario.mappings):
            self.env.process(self._beat(mapping))
        for queues, processes in self.scenario.pools.items():
            for number in range(self.scenario.workers * processes):
                self.env.process(self._slot(number % self.scenario.workers, queues))
        if self.machines.shared and self.scenario.elsewhere:
            self.env.process(self._strangers())
        self.env.run(self._done)

    def result(self) -> Result:
        """What came of it."""
        latencies = sorted(map(float.__sub__, self.installed, self.load.published))
        seconds = self.env.now - self.load.published[0]
        scenario = self.scenario
        most = {
            "tasks": scenario.workers * sum(scenario.pools.values()),
            "download": scenario.sources * scenario.downloads,
            "upload": scenario.servers * scenario.lanes,
        }
        names = {"tasks": "the workers' processes", "download": "download lanes", "upload": "upload lanes"}
        holders = {
            names[kind]: self.held[kind].mean(self.env.now, seconds) / number for kind, number in most.items()
        }
        return Result(seconds, latencies, dict(self.machines.utilisation(seconds)), holders)

    def _strangers(self) -> Steps:
        shared = self.machines.shared
        while shared:
            for _ in range(shared.capacity):
                shared.reserve(self.env.now, self.scenario.elsewhere * TICK)
            yield self.env.timeout(TICK)

    def _beat(self, mapping: int) -> Steps:
        yield self.env.timeout(self.load.phases[mapping])
        while True:
            if not self._open[mapping]:
                self._open[mapping] = 1  # the Run itself, until it is planned
                self._send("discover", mapping)
            yield self.env.timeout(self.scenario.interval)

    def _send(self, queue: str, about: int) -> None:
        self._queues[queue].append(about)
        for queues, idle in self._idle.items():
            if queue in queues and idle:
                idle.popleft().succeed()
                return

    def _wake(self, line: Line, most: int) -> None:
        """As many messages as the line has free lanes: whoever holds one needs none to find its work."""
        for _ in range(min(most, line.width - line.taken)):
            self._send(line.queue, line.number)

    def _take(self, queues: tuple[str, ...]) -> tuple[str, int] | None:
        """The next message; the queues take turns, as they do in Celery's Redis transport."""
        for _ in queues:
            self._turn += 1
            name = queues[self._turn % len(queues)]
            if self._queues[name]:
                return name, self._queues[name].popleft()
        return None

    def _slot(self, number: int, queues: tuple[str, ...]) -> Steps:
        host, idle = self.machines.hosts[number], self._idle[queues]
        while True:
            while (message := self._take(queues)) is None:
                idle.append(self.env.event())
                yield idle[-1]
            self.held["tasks"].change(1, self.env.now)
            yield self.env.timeout(self.machines.send(self.env.now))
            yield from self._work(message, host, number)
            self.held["tasks"].change(-1, self.env.now)

    def _work(self, message: tuple[str, int], host: Host, number: int) -> Steps:
        name, about = message
        if name == "discover":
            yield from self._discover(about, host)
            return
        line = self.machines.lines[name][about]
        costs, now = self.costs, self.env.now
        yield self.env.timeout(self.machines.compute(now, host, costs.task, costs.task_commits))
        if line.is_free:
            yield from self._lane(line, host, number)

    def _discover(self, mapping: int, host: Host) -> Steps:
        env, costs = self.env, self.costs
        new = self._new_files(mapping)
        pages = -(-len(new) // PAGE)
        projects = min(len(new), self.scenario.projects)
        requests = self.scenario.poll_requests + pages + projects
        rounds = self.scenario.poll_requests + pages + -(-projects // READERS)
        source = mapping % self.scenario.sources
        yield env.timeout(self.machines.ask(env.now, source, requests, rounds))
        work = costs.task + costs.poll + len(new) * costs.plan
        commits = costs.task_commits + len(new) * costs.plan_commits
        yield env.timeout(self.machines.compute(env.now, host, work, commits))
        self._open[mapping] += len(new) - 1
        line = self.machines.lines["download"][source]
        for turn, file in enumerate(new):
            project = self.load.project[file]
            self._waiting[project] += 1
            self._unread[project] += 1
            heappush(line.ready, (turn, file))
        self._wake(line, len(new))

    def _new_files(self, mapping: int) -> array[int]:
        files, published, start = self.load.of_mapping[mapping], self.load.published, self._seen[mapping]
        end = start
        while end < len(files) and published[files[end]] <= self.env.now:
            end += 1
        self._seen[mapping] = end
        return files[start:end]

    def _lane(self, line: Line, host: Host, number: int) -> Steps:
        """Work through what is ready, until nothing is left or the lane has to hand over."""
        work = self._download if line.queue == "download" else self._upload
        line.taken += 1
        self.held[line.queue].change(1, began := self.env.now)
        look = began
        while line.ready and self.env.now < began + self.costs.lane:
            yield from work(*heappop(line.ready), host, number)
            if self.env.now >= look + self.costs.look:
                yield from self._read_back(line)
                look = self.env.now
        yield from self._read_back(line)
        line.taken -= 1
        self.held[line.queue].change(-1, self.env.now)
        if line.ready:
            self._send(line.queue, line.number)

    def _download(self, turn: int, file: int, host: Host, number: int) -> Steps:
        yield from self._fetch(file, host, number)
        line = self.machines.lines["upload"][self.load.mapping[file] % self.scenario.servers]
        heappush(line.ready, (turn, file))
        self._wake(line, 1)

    def _fetch(self, file: int, host: Host, number: int) -> Steps:
        env, costs, megabytes = self.env, self.costs, self.load.megabytes[file]
        source = self.load.mapping[file] % self.scenario.sources
        yield env.timeout(self.machines.fetch(env.now, host, source, megabytes))
        work = costs.download + megabytes * costs.download_mb
        yield env.timeout(self.machines.compute(env.now, host, work, costs.download_commits))
        self.staged_on[file] = number

    def _upload(self, _turn: int, file: int, host: Host, number: int) -> Steps:
        env, costs, megabytes = self.env, self.costs, self.load.megabytes[file]
        if not self.scenario.shared_staging and self.staged_on[file] != number:
            yield from self._fetch(file, host, number)
        work = costs.upload + megabytes * costs.upload_mb
        yield env.timeout(self.machines.compute(env.now, host, work, costs.upload_commits))
        server = self.machines.servers[self.load.mapping[file] % self.scenario.servers]
        yield env.timeout(self.machines.store(env.now, host, server, megabytes, self.load.siblings[file]))
        self.installed[file] = env.now
        self.left -= 1
        if not self.left:
            self._done.succeed()
        project = self.load.project[file]
        self._waiting[project] -= 1
        if not self._waiting[project]:
            server.unread.append(project)

    def _read_back(self, line: Line) -> Steps:
        """Every project of the server whose last upload has ended is read back; Runs end by it."""
        if line.queue == "download":
            return
        server = self.machines.servers[line.number]
        projects, server.unread = server.unread, []
        yield self.env.timeout(self.machines.read_back(self.env.now, server, len(projects)))
        for project in projects:
            self._open[project // self.scenario.projects] -= self._unread[project]
            self._unread[project] = 0
