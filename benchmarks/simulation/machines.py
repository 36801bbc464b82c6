"""The stations of an installation, and how long a visit to them takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.simulation.parameters import Costs, Scenario
from benchmarks.simulation.station import Station


@dataclass(slots=True)
class Host:
    """One worker host: its processor and both ways of its link."""

    processor: Station
    down: Station = field(default_factory=Station)
    up: Station = field(default_factory=Station)


@dataclass(slots=True)
class Line:
    """Files that are ready for one server, by their turn, and the lanes that work through them."""

    queue: str
    number: int
    width: int
    ready: list[tuple[int, int]] = field(default_factory=list)
    taken: int = 0

    @property
    def is_free(self) -> bool:
        """Whether a task finds work and a lane for it."""
        return bool(self.ready) and self.taken < self.width


@dataclass(slots=True)
class Server:
    """One devpi server: its writer, its readers, its link, and the projects that can be read back."""

    writer: Station
    reader: Station
    link: Station = field(default_factory=Station)
    unread: list[int] = field(default_factory=list)


class Machines:
    """Every station of the scenario."""

    def __init__(self, scenario: Scenario, costs: Costs) -> None:
        self.scenario, self.costs = scenario, costs
        shared = Station(scenario.cores) if scenario.one_machine else None
        self.shared = shared
        self.hosts = [Host(shared or Station(scenario.cores)) for _ in range(scenario.workers)]
        self.gitea = [Station(scenario.gitea_cores, shared) for _ in range(scenario.sources)]
        self.gitea_links = [Station() for _ in range(scenario.sources)]
        share = costs.devpi_share
        self.servers = [
            Server(Station(1, shared, share), Station(2, shared)) for _ in range(scenario.servers)
        ]
        self.lines = {
            "download": [Line("download", number, scenario.downloads) for number in range(scenario.sources)],
            "upload": [Line("upload", number, scenario.lanes) for number in range(scenario.servers)],
        }
        self.broker = Station(1, shared)
        self.ledger = Station(scenario.ledger_cores)
        self.commit = costs.sqlite if scenario.ledger_cores == 1 else costs.postgresql
        self.budget = Station()

    def compute(self, now: float, host: Host, seconds: float, commits: float) -> float:
        """The seconds of work on a worker's processor, some of them in transactions of the ledger.

        The worker's own processor works through a transaction while SQLite's lock is held, and as long
        for one that PostgreSQL carries out.
        """
        locked = commits * self.commit
        wait = host.processor.reserve(now, seconds + locked)
        return max(wait, self.ledger.reserve(now, locked)) + seconds + locked

    def fetch(self, now: float, host: Host, source: int, megabytes: float) -> float:
        """The seconds until a file is read from Gitea."""
        work = self.costs.gitea + megabytes * self.costs.gitea_mb
        wait = self.gitea[source].reserve(now, work)
        wire = self._over(now, megabytes, host.down, self.gitea_links[source])
        budget = self._budget(now, megabytes)
        return self.scenario.latency + max(wait + work, wire, budget)

    def ask(self, now: float, source: int, requests: float, rounds: float) -> float:
        """The seconds for so many requests to Gitea, of which as many follow each other as ``rounds``."""
        work = requests * self.costs.gitea
        return self.gitea[source].reserve(now, work) + work + rounds * self.scenario.latency

    def store(self, now: float, host: Host, server: Server, megabytes: float, siblings: int) -> float:
        """The seconds until devpi has committed an upload, and the pushes to its further indexes."""
        costs = self.costs
        work = costs.devpi + megabytes * costs.devpi_mb + siblings * costs.devpi_sibling
        work += (self.scenario.indexes - 1) * costs.devpi_push
        wait = server.writer.reserve(now, work)
        wire = self._over(now, megabytes, host.up, server.link)
        return self.scenario.devpi_latency + max(wait + work, wire)

    def read_back(self, now: float, server: Server, pages: int) -> float:
        """The seconds until so many projects were read back, one after another."""
        work = pages * self.costs.devpi_read
        return server.reader.reserve(now, work) + work + pages * self.scenario.devpi_latency

    def send(self, now: float) -> float:
        """The seconds that a message spends in the broker."""
        return self.broker.reserve(now, self.costs.broker) + self.costs.broker

    def _over(self, now: float, megabytes: float, *links: Station) -> float:
        seconds = megabytes * 8 / self.scenario.bandwidth
        return max(link.reserve(now, seconds) for link in links) + seconds

    def _budget(self, now: float, megabytes: float) -> float:
        if not self.scenario.budget:
            return 0.0
        seconds = megabytes * 8 / self.scenario.budget
        return self.budget.reserve(now, seconds) + seconds

    def utilisation(self, seconds: float) -> Iterator[tuple[str, float]]:
        """The mean of every kind of station."""
        kinds = {
            "devpi's writer": [server.writer for server in self.servers],
            "devpi's link": [server.link for server in self.servers],
            "Gitea": self.gitea,
            "Gitea's link": self.gitea_links,
            "the ledger": [self.ledger],
            "the broker": [self.broker],
            "the workers' processors": [host.processor for host in self.hosts][: 1 if self.shared else None],
            "the workers' links": [host.down for host in self.hosts] + [host.up for host in self.hosts],
            "the bandwidth budget": [self.budget],
        }
        for kind, stations in kinds.items():
            yield kind, sum(station.utilisation(seconds) for station in stations) / len(stations)
