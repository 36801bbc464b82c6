"""Beat's schedule follows the clock, also where somebody sets it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
from celery import Celery
from celery.beat import Scheduler

from syncer.core.model import Deletion, OnSourceDelete
from syncer.core.secret import Secret

PERIOD = 60.0
CONFIG = """
[gitea]
url = https://gitea.example
token = t
[devpi]
url = https://devpi.example
username = u
password = p
[mapping:m]
index = u/i
[broker]
url = redis://127.0.0.1:1/0
"""
Beat = Any


@pytest.fixture(scope="module")
def schedule(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The module, which like all of ``workers`` is for a process that has a configuration."""
    config = tmp_path_factory.mktemp("schedule") / "syncer.conf"
    config.write_text(CONFIG)
    config.chmod(0o600)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYNCER_CONFIG", str(config))
        return import_module("workers.schedule")


@pytest.fixture
def clock(schedule: ModuleType, monkeypatch: pytest.MonkeyPatch) -> dict[str, datetime]:
    """What beat takes for the time."""
    now = {"now": datetime(2026, 3, 1, 12, tzinfo=UTC)}
    monkeypatch.setattr(Celery, "now", lambda _app: now["now"])
    monkeypatch.setattr(schedule, "sign_of_life", lambda _name: None)
    return now


@pytest.fixture
def beat(schedule: ModuleType, clock: dict[str, datetime], monkeypatch: pytest.MonkeyPatch) -> Beat:
    """Two entries that were both sent a moment ago; ``sent`` are the names of those that were."""
    assert clock
    monkeypatch.setattr(Scheduler, "apply_async", _keep)
    app = Celery(broker="memory://", set_as_current=False)
    entry = {"task": "t", "schedule": timedelta(seconds=PERIOD)}
    app.conf.beat_schedule = {"one": entry, "two": entry}
    made = schedule.SyncScheduler(app, lazy=True)
    made.sent = []
    made.setup_schedule()
    assert turn(made) == ["one", "two"]
    made.sent.clear()
    return made


def _keep(beat: Beat, entry: Any, *_args: Any, **_kwargs: Any) -> None:
    """What beat does with an entry that is due, without a broker."""
    beat.sent.append(entry.name)


def turn(beat: Beat) -> list[str]:
    """What a few turns of beat's loop send."""
    for _ in range(6):
        beat.tick()
    return sorted(beat.sent)


def test_nothing_is_sent_twice_within_a_period(beat: Beat, clock: dict[str, datetime]) -> None:
    clock["now"] += timedelta(seconds=PERIOD / 2)
    assert turn(beat) == []
    clock["now"] += timedelta(seconds=PERIOD)
    assert turn(beat) == ["one", "two"]


def test_a_clock_that_is_set_back_stops_no_mapping(beat: Beat, clock: dict[str, datetime]) -> None:
    """Celery's own schedule would send nothing until the old time comes again."""
    clock["now"] -= timedelta(hours=1)
    assert turn(beat) == ["one", "two"]
    beat.sent.clear()
    assert turn(beat) == []
    clock["now"] += timedelta(seconds=PERIOD + 1)
    assert turn(beat) == ["one", "two"]


def test_a_clock_that_is_set_forward_sends_each_entry_once(beat: Beat, clock: dict[str, datetime]) -> None:
    clock["now"] += timedelta(days=1)
    assert turn(beat) == ["one", "two"]


@pytest.mark.usefixtures("schedule")
def test_beat_has_an_entry_for_all_that_is_to_happen_and_every_task_its_queue() -> None:
    """``syncer.ping`` only where there is a monitor to be told."""
    settings, process = (import_module(f"workers.{name}") for name in ("settings", "process"))
    configured = process.settings()
    entries = settings.beat_schedule(configured)
    named = {"discover m", "namesakes m", "releases m", "reconcile", "recheck", "tidy"}
    assert named <= set(entries)
    assert "ping" not in entries
    pinging = replace(configured, ping_url=Secret("https://monitor.example/x"))
    assert "ping" in settings.beat_schedule(pinging)
    assert {entry["task"] for entry in settings.beat_schedule(pinging).values()} <= set(settings.ROUTES)


@pytest.mark.usefixtures("schedule")
def test_beat_asks_for_withdrawals_only_where_a_mapping_withdraws() -> None:
    settings, process = (import_module(f"workers.{name}") for name in ("settings", "process"))
    configured = process.settings()
    assert "withdraw" not in settings.beat_schedule(configured)
    mapping = replace(configured.mappings["m"], deletion=Deletion(OnSourceDelete.WITHDRAW))
    withdrawing = replace(configured, mappings={**configured.mappings, "m": mapping})
    assert settings.beat_schedule(withdrawing)["withdraw"]["task"] in settings.ROUTES
