"""``/metrics`` for Prometheus: what ``/health`` says, as numbers of one moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from syncer.core.check import Progress
from syncer.core.errors import RemoteUnavailable
from syncer.queries.health import judge
from syncer.queries.overview import MappingState, MappingStatus, Overview, read_overview
from syncer.queries.statuses import FileStatus
from syncer.queries.warnings import warning_counts
from syncer.web.probes import READ
from syncer.web.view import View, view_of

router = APIRouter()

Family = GaugeMetricFamily
Labels = tuple[str, ...]
#: Labels and a value.
Sample = tuple[Labels, float]


@router.api_route("/metrics", methods=READ)
def show_metrics(request: Request) -> Response:
    """The numbers as text; always 200, as what is gone is what they tell of."""
    registry = CollectorRegistry()
    registry.register(_Numbers(view_of(request)))
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(registry), media_type=content_type)


class _Numbers(Collector):
    """Reads the ledger in one transaction whenever it is asked."""

    def __init__(self, view: View) -> None:
        self._view = view

    def collect(self) -> Iterator[Family]:
        view, broker = self._view, self._view.broker.alive()
        yield _one("up", "The status view answers.", 1)
        yield _one("broker_up", "The broker answers.", broker)
        kinds = [((warning.kind,), 1.0) for warning in view.warnings]
        yield _many(
            "configuration_warnings", "Standing warnings of the configuration.", ("kind",), _sum(kinds)
        )
        try:
            with view.database.read() as session:
                seen = read_overview(session, view.mappings, view.clock(), view.since)
                warnings = warning_counts(session, list(view.mappings))
        except RemoteUnavailable:
            yield from _verdict(database=False, healthy=False, complete=False)
            return
        verdict = judge(seen, broker_alive=broker)
        yield from _verdict(database=True, healthy=not verdict.red, complete=verdict.status == "ok")
        yield from _life(seen)
        yield from _mappings(seen.mappings)
        yield from _checks([(one.name, one.checks) for one in seen.mappings if one.checks])
        text = "Standing warnings about a mapping, which make nothing red."
        yield _many("mapping_warnings", text, ("mapping", "kind"), warnings)


def _verdict(*, database: bool, healthy: bool, complete: bool) -> Iterator[Family]:
    yield _one("database_up", "The database answers.", database)
    yield _one("healthy", "Nothing stands still: /health answers 200.", healthy)
    yield _one("complete", "Every mapping is complete, proved lately, and nothing fails.", complete)


def _life(seen: Overview) -> Iterator[Family]:
    yield _one("beat_alive", "Beat, which schedules everything, was seen lately.", seen.beat.alive)
    alive = [((queue.name,), float(queue.alive)) for queue in seen.workers]
    yield _many("queue_alive", "Some worker serves the queue.", ("queue",), alive)
    workers = [((queue.name,), float(len(queue.workers))) for queue in seen.workers]
    yield _many("queue_workers", "Workers that serve the queue.", ("queue",), workers)
    failing = [((server.server,), float(server.failures)) for server in seen.failing]
    yield _many("server_failures", "Failures in a row of a server that is left alone.", ("server",), failing)


def _mappings(mappings: Iterable[MappingStatus]) -> Iterator[Family]:
    every = list(mappings)

    def of_each(name: str, text: str, values: Iterable[float | None]) -> Family:
        known = [((one.name,), value) for one, value in zip(every, values, strict=True) if value is not None]
        return _many(f"mapping_{name}", text, ("mapping",), known)

    yield of_each(
        "complete",
        "Everything selected is at the target, proved lately.",
        [one.state == MappingState.COMPLETE for one in every],
    )
    yield of_each("stale", "It was not complete for too long.", [one.stale for one in every])
    yield of_each(
        "last_complete_timestamp_seconds",
        "When the last complete run began to look; absent when there was none.",
        [_timestamp(one.last_complete_at) for one in every],
    )
    yield of_each("age_seconds", "Seconds since then.", [one.age_seconds for one in every])
    yield of_each(
        "stale_after_seconds", "Seconds after which it is stale.", [one.stale_after_seconds for one in every]
    )
    files = [((one.name, status), number) for one in every for status, number in _files(one)]
    yield _many("mapping_files", "Files by how they stand.", ("mapping", "status"), files)


def _files(one: MappingStatus) -> Iterator[tuple[str, float]]:
    counts = one.counts
    yield FileStatus.SYNCED, counts.synced
    yield FileStatus.CONFLICT, counts.conflicts
    yield FileStatus.REFUSED, counts.refused
    yield FileStatus.FAILING, counts.failing
    yield FileStatus.WAITING, counts.waiting
    yield FileStatus.UNVERIFIED, counts.unverified
    yield FileStatus.UNKNOWN, counts.unknown
    yield FileStatus.EXCLUDED, counts.excluded


def _checks(checks: list[tuple[str, Progress]]) -> Iterator[Family]:
    label = ("mapping",)
    files = [((name,), float(each.files)) for name, each in checks]
    yield _many("check_files", "Files whose bytes are to be fetched back from the target.", label, files)
    done = [((name,), float(each.checked)) for name, each in checks]
    yield _many("check_files_done", "Files whose bytes were fetched back in time, and right.", label, done)
    oldest = [((name,), at) for name, each in checks if (at := _timestamp(each.oldest)) is not None]
    yield _many("check_oldest_timestamp_seconds", "When the oldest of them was fetched.", label, oldest)
    found = [
        ((name, result), float(number))
        for name, each in checks
        for result, number in (
            ("differs", each.differs),
            ("missing", each.missing),
            ("unreadable", each.unreadable),
        )
    ]
    yield _many("check_findings", "Files that the target does not serve right.", (*label, "result"), found)


def _one(name: str, text: str, value: float) -> Family:
    return _many(name, text, (), [((), float(value))])


def _many(name: str, text: str, labels: Labels, samples: Iterable[Sample]) -> Family:
    family = Family(f"syncer_{name}", text, labels=labels)
    for values, value in samples:
        family.add_metric(values, float(value))
    return family


def _sum(samples: Iterable[Sample]) -> list[Sample]:
    totals: dict[Labels, float] = {}
    for labels, value in samples:
        totals[labels] = totals.get(labels, 0.0) + value
    return list(totals.items())


def _timestamp(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
