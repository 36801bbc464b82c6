"""``celery -A workers call syncer.resync`` does what it says, and says so to whoever asks for its id."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from syncer.core.states import RunOutcome
from syncer.queries.runs import run_detail
from syncer.queries.tasks import TaskDetail, task
from tests.acceptance.conftest import Shared
from tests.acceptance.live import Live
from tests.support.dists import wheel
from tests.support.world import World, eventually

ONE, TWO, OTHER = wheel("wanted", "1.0"), wheel("wanted", "2.0"), wheel("other", "1.0")


@pytest.mark.parametrize(
    ("asked_for", "wanted", "other"),
    [
        pytest.param({}, [ONE, TWO], [OTHER], id="a mapping"),
        pytest.param({"project": "Wanted"}, [ONE, TWO], [], id="one project, however it is spelt"),
        pytest.param({"project": "wanted", "version": "2"}, [TWO], [], id="one version of it"),
        pytest.param({"dry_run": True}, [], [], id="nothing, for it is a dry run"),
    ],
)
def test_resync_copies_exactly_what_was_asked_for(
    asked: Live, asked_for: dict[str, Any], wanted: list[Any], other: list[Any]
) -> None:
    asked.publish(ONE, TWO, OTHER)
    run = asked.finished(asked.world.call(mapping=asked.name, **asked_for))
    assert run.trigger == "call"
    assert run.outcome == (RunOutcome.PLANNED if "dry_run" in asked_for else RunOutcome.COMPLETE)
    asked.arrives("wanted", *wanted)
    asked.arrives("other", *other)
    detail = run_detail(asked.world.seen.database, run.id)
    assert detail is not None
    assert detail.total == (3 if "dry_run" in asked_for else len([*wanted, *other]))


def test_celery_result_flower_and_the_ledger_show_the_same_record(asked: Live, flower: str) -> None:
    asked.publish(dist := wheel("seen", "1.0"))
    run = asked.finished(task_id := asked.world.call(mapping=asked.name))
    asked.arrives("seen", dist)
    result = {"run": run.id, "state": "finished", "outcome": "complete"}
    record = recorded(asked.world, task_id)
    assert (record.task.state, record.run, record.task.name) == ("SUCCESS", run, "syncer.resync")
    assert asked.world.celery("result", task_id).stdout.strip() == str(result)
    shown = requests.get(f"{flower}/api/task/result/{task_id}", timeout=30).json()
    assert (shown["state"], shown["result"]) == ("SUCCESS", result)
    info = requests.get(f"{flower}/api/task/info/{task_id}", timeout=30).json()
    page = requests.get(f"{flower}/task/{task_id}", timeout=30).text
    assert f'href="http://127.0.0.1:8080/tasks/{task_id}"' in page
    assert (info["name"], info["state"], info["uuid"]) == ("syncer.resync", "SUCCESS", task_id)


@pytest.fixture
def flower(shared: Shared) -> str:
    """The URL of a real Flower beside the worker."""
    return shared.world.start_flower()


MISTAKES = [
    pytest.param(
        {"maping": "steady"}, "unknown argument 'maping' (did you mean mapping?)", id="a misspelt name"
    ),
    pytest.param({}, "mapping is missing", id="no mapping"),
    pytest.param(
        {"mapping": "stedy"}, "no mapping 'stedy' is configured (did you mean steady?)", id="no such one"
    ),
    pytest.param({"mapping": 7}, "mapping must be text", id="a number"),
    pytest.param({"mapping": ["steady"]}, "mapping must be text", id="a list"),
    pytest.param({"mapping": None}, "mapping is missing", id="null"),
    pytest.param(
        {"mapping": "steady", "force": "yes"}, "force must be true or false", id="text for a switch"
    ),
    pytest.param({"mapping": "steady", "dry_run": 1}, "dry_run must be true or false", id="1 for a switch"),
    pytest.param({"mapping": "steady", "version": "1.0"}, "version needs project", id="a version alone"),
    pytest.param({"mapping": "x" * 2**20}, "mapping is too long", id="a mapping of 1 MiB"),
    pytest.param(
        {"mapping": "steady", "project": "x" * 2**20}, "project is too long", id="a project of 1 MiB"
    ),
    pytest.param(
        {"x" * 2**20: 1, "mapping": "steady"}, "unknown argument 'xxx", id="an argument name of 1 MiB"
    ),
    pytest.param({f"x{n}": n for n in range(5000)}, "unknown argument 'x0'", id="5000 unknown arguments"),
    pytest.param({"mapping": "steady", "project": "a\x00b"}, "project holds", id="NUL in a project"),
    pytest.param({"mapping": "steady", "project": "\ud800"}, "project holds", id="half a character"),
    pytest.param({"mapping": "\ud800"}, "mapping holds", id="a mapping of half a character"),
    pytest.param({"mapping": "steady", "self": 1}, "unknown argument 'self'", id="an argument named self"),
    pytest.param({"mapping": "steady", "project": {"a": [1]}}, "project must be text", id="an object"),
]


@pytest.mark.parametrize(("arguments", "told"), MISTAKES)
def test_wrong_arguments_become_a_recorded_refusal(
    shared: Shared, arguments: dict[str, Any], told: str
) -> None:
    assert_refused(shared.world, (), arguments, told)


def test_positional_arguments_are_refused(shared: Shared) -> None:
    assert_refused(shared.world, ("steady",), {}, "keyword arguments only")


def assert_refused(world: World, args: tuple[Any, ...], arguments: dict[str, Any], told: str) -> None:
    """The refusal is on record, short, and no traceback stands in the worker's log."""
    before = world.log("w1").stat().st_size
    record = recorded(world, world.send(*args, **arguments))
    assert record.task.state == "FAILURE"
    refusal = json.loads(record.result)
    assert refusal["exc_type"] == "RequestRefused"
    assert told in refusal["exc_message"][0]
    assert "celery -A workers call" in refusal["exc_message"][2]
    assert len(record.result) + len(record.traceback) < 10_000
    assert b"Traceback" not in world.log("w1").read_bytes()[before:]
    assert record.run is None


def test_a_refusal_is_told_by_celery_result_and_asks_for_nothing(asked: Live) -> None:
    before = asked.runs()
    recorded(asked.world, task_id := asked.world.call(mapping=asked.name, projekt="demo"))
    told = asked.world.celery("result", task_id).stderr
    assert "unknown argument 'projekt' (did you mean project?)" in told
    assert asked.runs() == before


def recorded(world: World, task_id: str) -> TaskDetail:
    return eventually(lambda: task(world.seen.database, task_id), 20, f"a record of {task_id}")
