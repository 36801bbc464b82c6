"""What a look at a registry costs in which nothing has changed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from benchmarks.accounts import OWNER
from benchmarks.devpi import Asked, fresh_index
from benchmarks.figures import median
from benchmarks.gitea import Gitea, gitea_process
from benchmarks.installation import DAY, Installation, Plan, Rule, installation
from benchmarks.packages import dists
from benchmarks.row import Bench, Figure, Result, Row, at_most
from syncer.adapters.database.schema import TaskRow
from tests.support.devpi import DevpiServer

PROJECTS, VERSIONS = 60, 2
#: No version is young, however long that lasts.
AGE = timedelta(days=90)
ROUNDS = 5
#: Seconds in which a task ends if any is left.
QUIET = 1.5


@dataclass
class Polls:
    """What each scheduled look led to."""

    requests: list[float] = field(default_factory=list)
    tasks: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


def run(bench: Bench) -> Result:
    """The message that beat sends, again and again; the first look after the sync is not counted."""
    with gitea_process() as gitea, DevpiServer(bench.folder / "devpi") as devpi:
        gitea.publish(OWNER, list(dists(PROJECTS, VERSIONS)), datetime.now(UTC) - AGE)
        plan = Plan(
            gitea.url(), {"default": devpi.url}, [Rule(OWNER, fresh_index(devpi, "polled"), lines=DAY)]
        )
        polls = Polls()
        with installation(bench.folder / "installation", plan) as made:
            made.timed(OWNER)
            _poll(made, gitea, devpi, Polls())
            for _ in range(bench.rounds or ROUNDS):
                _poll(made, gitea, devpi, polls)
    return Result(
        _figures(polls),
        {"requests": polls.requests, "seconds": polls.seconds},
        details={"asked": polls.asked},
    )


def _poll(made: Installation, gitea: Gitea, devpi: DevpiServer, polls: Polls) -> None:
    tasks, at_devpi = _tasks_when_quiet(made), Asked(devpi)
    gitea.forget_requests()
    began = time.monotonic()
    made.task(made.send("syncer.discover", mapping=OWNER))
    polls.seconds.append(time.monotonic() - began)
    after = _tasks_when_quiet(made)
    polls.asked = [f"{method} {path}" for method, path in gitea.requests()] + at_devpi.requests()
    polls.requests.append(len(polls.asked))
    polls.tasks.append(after - tasks - 1)


def _tasks_when_quiet(made: Installation) -> int:
    """How many tasks have ended once no other one does for a while."""
    seen = -1
    while (now := _tasks(made)) != seen:
        seen = now
        time.sleep(QUIET)
    return seen


def _tasks(made: Installation) -> int:
    with made.seen.database.read() as session:
        return session.scalar(select(func.count()).select_from(TaskRow)) or 0


def _figures(polls: Polls) -> list[Figure]:
    return [
        Figure(
            "HTTP requests of one look, Gitea and devpi together, at most",
            max(polls.requests),
            "requests",
            at_most(3),
        ),
        Figure("tasks beside `discover`, at most", max(polls.tasks), "tasks", at_most(0)),
        Figure("one look, median", median(polls.seconds), "s"),
    ]


ROW = Row(
    "quick_poll",
    f"scheduled look at {PROJECTS} projects and {PROJECTS * VERSIONS} old versions, no change",
    run,
)
