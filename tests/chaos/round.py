"""One round: publish, let the fault happen, wait until everything is right again, judge."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from syncer.bootstrap.container import Container
from syncer.core.errors import SyncerError
from syncer.usecases.leases import LEASE
from tests.chaos import ledgerview
from tests.chaos.faults import KINDS
from tests.chaos.findings import Finding, Ill
from tests.chaos.judge import judge_claims, judge_ledger, judge_projects, judge_shelf
from tests.chaos.packages import Packages
from tests.chaos.plan import Round
from tests.chaos.result import Result
from tests.chaos.site import INTERVAL, OWNERS, Site
from tests.chaos.target import projects, shelf
from tests.chaos.truth import Publication, Route
from tests.chaos.watcher import Newest, Watcher
from tests.standin.gitea.server import RecordedRequest

#: Seconds after the end of a fault: a lease runs out, a reconcile period, then the work on a busy machine.
BOUND = LEASE + INTERVAL + 15.0
#: Seconds after which what is not there counts as lost.
PATIENCE = 150.0
#: Seconds after which it is worth a look why.
SLOW = 15.0
#: What may still come right by itself; that it was called green is bad enough.
PASSING = (Ill.LOST, Ill.LEDGER)
#: Rounds after which Gitea forgets a project, so that listings stay short.
KEPT = 8


class Play:
    """One round on a Site."""

    def __init__(self, site: Site, container: Container, watcher: Watcher, round_: Round) -> None:
        self._site, self._container, self._watcher, self._round = site, container, watcher, round_
        self._rng = round_.rng
        self._slow = ""
        self._packages = Packages(site.truth, OWNERS)

    def run(self) -> Result:
        """What came of it."""
        self._site.gitea.clear_requests()
        began = time.monotonic()
        self._site.withdraw_before(self._round.number - 2 * KEPT)
        said, ended = self._fault()
        seconds, findings = self._converge(ended)
        findings += self._sentence(green=all(each.kind is Ill.LATE for each in findings)) + self._leaks()
        findings += self._watcher.findings()
        files = self._site.truth.of_round(self._round.number)
        return Result(
            number=self._round.number,
            site=self._round.site,
            kind=self._round.kind,
            said=said,
            files=len(files),
            seconds=round(seconds, 1),
            double_downloads=self._double_downloads(),
            double_uploads=sum(number - 1 for number in self._site.meter.uploads(since=began).values()),
            findings=[(finding.kind, finding.text) for finding in findings],
            slow=self._slow,
        )

    def _fault(self) -> tuple[str, float]:
        """What was done, and when it was over; packages are published before and during it."""
        kind, rng, site = KINDS[self._round.kind], self._rng, self._site
        site.gitea.latency = rng.choice((0.0, 0.0, 0.05, 0.2))
        self._publish(rng, rng.randint(1, 3), pause=0.3)
        time.sleep(rng.uniform(0.0, 2.5))
        with kind.inject(site, rng) as notes:
            over = time.monotonic() + rng.uniform(*kind.hold)
            if rng.random() < kind.during:
                time.sleep(min(rng.uniform(0.0, 1.0), max(0.0, over - time.monotonic())))
                self._publish(rng, 1, pause=0.0)
            time.sleep(max(0.0, over - time.monotonic()))
            site.gitea.latency = 0.0
        return ", ".join(notes), time.monotonic()

    def _publish(self, rng: random.Random, count: int, pause: float) -> None:
        number = self._round.number
        for owners, project, version, python, dists in self._packages.draw(rng, number, count):
            for dist in dists:
                for owner in owners:
                    self._site.publish(owner, project, version, python, dist, number)
                time.sleep(rng.uniform(0.0, pause))

    def _converge(self, ended: float) -> tuple[float, list[Finding]]:
        """Seconds until all that can say so said that everything is there, by Runs that began since."""
        before: Newest | None = None
        while (waited := time.monotonic() - ended) < PATIENCE:
            if before is None and self._watcher.newest.at > ended:
                before = self._watcher.newest
            if before is not None and self._is_green(before):
                late = [Finding(Ill.LATE, f"green after {waited:.0f} s")] if waited > BOUND else []
                return waited, late
            if waited > SLOW and not self._slow:
                self._slow = self._picture()
            time.sleep(0.1)
        text = f"not green within {PATIENCE:.0f} s: {self._picture()}"
        return waited, [Finding(Ill.STUCK, text)]

    def _picture(self) -> str:
        seen = self._watcher.last
        try:
            unfinished = ledgerview.picture(self._container.database)
        except SyncerError as error:
            unfinished = str(error)
        return f"{datetime.now(UTC)} health {seen.health!r}, {seen.overview}\n{unfinished}"

    def _is_green(self, before: Newest) -> bool:
        """Everything is green by Runs that nobody had asked for yet when the fault was over."""
        seen = self._watcher.last
        if not seen.green or seen.overview is None:
            return False
        last = {one.name: one.last_run.id for one in seen.overview.mappings if one.last_run}
        return all(last.get(mapping, 0) > run for mapping, run in before.runs.items())

    def _sentence(self, *, green: bool) -> list[Finding]:
        """What is wrong, and stays so; what was wrong for a moment although everything was green."""
        findings, until = self._judge(), time.monotonic() + BOUND
        early = [each.text for each in findings if each.kind in PASSING]
        while any(each.kind in PASSING for each in findings) and time.monotonic() < until:
            time.sleep(1)
            findings = self._judge()
        if early and green:
            text = f"everything was green although {'; '.join(early[:3])} ({len(early)} in all)"
            findings.append(Finding(Ill.FALSE_GREEN, text))
        return findings

    def _leaks(self) -> list[Finding]:
        seen = self._site.second_host.leaks
        found = [Finding(Ill.LEAK, f"the second host was shown {leak}") for leak in seen]
        seen.clear()
        return found

    def _judge(self) -> list[Finding]:
        findings: list[Finding] = []
        touched = {each.project for each in self._site.truth.of_round(self._round.number)}
        for route in self._site.routes:
            findings += self.judge_route(route, touched)
        return findings

    def judge_route(self, route: Route, touched: Iterable[str]) -> list[Finding]:
        """What is wrong with one Mapping, of the touched projects byte by byte."""
        site, database = self._site, self._container.database
        ever = site.truth.of(route.owner, withdrawn=True)
        mine = {project: [each for each in ever if each.project == project] for project in touched}
        shelves = {
            name: shelf(site.devpi, route.index, name, fetch=True) for name, files in mine.items() if files
        }
        findings = judge_projects(route.index, projects(site.devpi, route.index), ever)
        for name, found in shelves.items():
            findings += judge_shelf(route.index, found, mine[name])
        findings += judge_ledger(route.mapping, ledgerview.current(database, route.mapping), _now(ever))
        return findings + judge_claims(
            route.mapping, ledgerview.ended(database, route.mapping, set(shelves)), shelves
        )

    def _double_downloads(self) -> int:
        """How often Gitea served a file more often than Mappings needed it.

        Bytes that one Mapping has given back already are fetched once more for another.
        """
        needed = Counter(route.owner for route in self._site.routes)
        paths = [
            urlsplit(request.path).path for request in self._site.gitea.requests if _is_download(request)
        ]
        return sum(max(0, number - needed[path.split("/")[3]]) for path, number in Counter(paths).items())


def _is_download(request: RecordedRequest) -> bool:
    return "/pypi/files/" in request.path and request.status in (200, 303)


def _now(ever: Iterable[Publication]) -> list[Publication]:
    return [each for each in ever if not each.withdrawn]
