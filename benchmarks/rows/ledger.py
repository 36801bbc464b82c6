"""A ledger of months: recording what did not change, and showing how everything stands."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import httpx
import uvicorn
from sqlalchemy import func, select

from benchmarks.figures import median, percentile
from benchmarks.installation import Plan as Config
from benchmarks.installation import Rule
from benchmarks.ledger_fill import SERVER, Shape, fill, mapping, source_listing, target_listing
from benchmarks.row import Bench, Figure, Result, Row, at_most
from syncer.adapters.database.engine import Database
from syncer.adapters.database.ledger import open_ledger
from syncer.adapters.database.schema import AttemptRow, DecisionRow, RunRow
from syncer.bootstrap.container import build
from syncer.core.plan import DecisionKind, make_plan
from syncer.ports.claims import RunRequest, Seen, Worker
from syncer.web.app import create_app
from tests.support.databases import PostgresServer, closing, sqlite_database

ROUNDS = 40
SHAPE = Shape()


def run(bench: Bench) -> Result:
    """The same rows in a database of each kind."""
    figures: list[Figure] = []
    samples: dict[str, list[float]] = {}
    with sqlite_database(bench.folder / "syncer.db") as database:
        _measure("SQLite", database, bench, figures, samples)
    server = PostgresServer()
    try:
        with server.database() as database:
            _measure("PostgreSQL", database, bench, figures, samples)
    finally:
        server.stop()
    return Result(
        figures, samples, [f"{SHAPE.files[0]} files are of one mapping, the others of {len(SHAPE.files) - 1}"]
    )


def _measure(
    name: str, database: Database, bench: Bench, figures: list[Figure], samples: dict[str, list[float]]
) -> None:
    bench.say(f"  filling {name} …")
    now = datetime.now(UTC)
    fill(database, SHAPE, now)
    pages = _pages(database, bench, now)
    with ProcessPoolExecutor(1, get_context("spawn")) as alone:
        seconds, megabytes = alone.submit(plan_unchanged, _url(database)).result()
    slowest = max(
        (path for path in pages if path != "health"), key=lambda path: percentile(pages[path], 0.95)
    )
    figures += [
        Figure(f"{name}: plan of an unchanged mapping", seconds, "s", at_most(20)),
        Figure(f"{name}:   its process at most", megabytes, "MB", at_most(300)),
        Figure(f"{name}: /health, p95", percentile(pages["health"], 0.95), "ms", at_most(100)),
        Figure(
            f"{name}: slowest page ({slowest}), p95", percentile(pages[slowest], 0.95), "ms", at_most(100)
        ),
        *(Figure(f"{name}:   {page}, median", median(taken), "ms") for page, taken in pages.items()),
    ]
    samples |= {f"{name}: {page}, ms": taken for page, taken in pages.items()}


def plan_unchanged(url: str) -> tuple[float, float]:
    """Seconds to decide and record what a Run of the biggest Mapping finds, and the process's peak in MB."""
    name, files, now = SHAPE.names()[0], SHAPE.files[0], datetime.now(UTC)
    source, worker = source_listing(name, files), Worker("bench@host")
    with closing(Database(url)) as database:
        runs = open_ledger(database).runs
        run_id = runs.request(RunRequest(name, "call"), now)
        claim = runs.claim(run_id, worker, now, 600) if run_id is not None else None
        if claim is None:
            raise RuntimeError("no run could be claimed")
        target, selection = target_listing(source, SHAPE.arriving), mapping(name).selection
        began = time.perf_counter()
        plan = make_plan(source, target, selection)
        seen = Seen(source, mapping(name).source.url, SERVER)
        if runs.record(claim, plan, seen, now) is None:
            raise RuntimeError("the plan could not be recorded")
        return time.perf_counter() - began, _peak()


def _peak() -> float:
    """Megabytes; getrusage would tell those of the process that this one was forked from."""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


def _url(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


def _pages(database: Database, bench: Bench, now: datetime) -> dict[str, list[float]]:
    """By page: the milliseconds of each request, as somebody on this machine waits for them."""
    paths = _paths(database)
    taken: dict[str, list[float]] = {page: [] for page in paths}
    with _view(database, bench, now) as url, httpx.Client(base_url=url, timeout=60) as client:
        for number in range((bench.rounds or ROUNDS) + 1):
            for page, path in paths.items():
                began = time.perf_counter()
                answer = client.get(path)
                if answer.status_code not in (200, 503):
                    raise RuntimeError(f"{path} answered {answer.status_code}")
                if number:  # the first one compiles templates and statements
                    taken[page].append((time.perf_counter() - began) * 1000)
    return taken


@contextmanager
def _view(database: Database, bench: Bench, now: datetime) -> Iterator[str]:
    plan = Config("http://127.0.0.1:9", {"default": SERVER}, [Rule("org-00", "a/b")])
    container = build(replace(plan.settings(bench.folder), mappings=SHAPE.mappings(), broker_url=None))
    services = replace(container.services, clock=lambda: now)
    app = create_app(replace(container, database=database, services=services))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def _paths(database: Database) -> dict[str, str]:
    """The pages; of each list also one far behind, and of the Runs that with most files."""
    settled = select(DecisionRow).where(
        DecisionRow.to_run_id.is_(None), DecisionRow.kind == DecisionKind.ALREADY_THERE
    )
    number = func.count()
    biggest = (
        select(DecisionRow.from_run_id).group_by(DecisionRow.from_run_id).order_by(number.desc()).limit(1)
    )
    with database.read() as session:
        file = session.scalars(settled.order_by(DecisionRow.id.desc()).limit(1)).one()
        first, last = session.scalars(biggest).one(), session.scalars(select(func.max(RunRow.id))).one()
        tried = session.scalars(select(AttemptRow.task_id).limit(1)).one()
        of_mapping, deep = f"/mappings/{file.mapping}", SHAPE.files[-1] // 100
        return {
            "overview": "/",
            "health": "/health",
            "mapping": "/mappings/org-00",
            "mapping, last page": f"/mappings/org-00?page={SHAPE.files[0] // 100}",
            "mapping, missing": "/mappings/org-00?status=missing",
            "mapping, synced": f"/mappings/org-00?status=synced&page={deep}",
            "mapping, waiting": "/mappings/org-00?status=waiting",
            "small mapping": of_mapping,
            "biggest run": f"/runs/{first}",
            "biggest run, a late page": f"/runs/{first}?page={SHAPE.files[0] // 200}",
            "last run": f"/runs/{last}",
            "file": f"/files/{file.mapping}/{file.project}/{file.filename}",
            "search by name": f"/files?q={file.filename}",
            "search by sha256": f"/files?q={file.sha256[:8]}",
            "task": f"/tasks/{tried}",
        }


ROW = Row(
    "ledger",
    f"{sum(SHAPE.files)} files and a million attempts: plan of an unchanged mapping, pages and /health",
    run,
)
