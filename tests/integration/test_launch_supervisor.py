"""The launcher keeps real processes running and leaves none behind, however it ends."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from syncer.adapters.broker_url import find_broker_url
from tests.integration.launch_harness import (
    HAS_CHILDREN,
    LEAVES_AT_ONCE,
    PATIENCE,
    STUBBORN,
    TALKS,
    WORK,
    Launcher,
    all_gone,
    until,
)


@pytest.fixture
def launcher() -> Iterator[Launcher]:
    with tempfile.TemporaryDirectory(prefix="up-") as folder:
        launcher = Launcher(Path(folder))
        yield launcher
        if launcher.process is not None and launcher.process.poll() is None:
            launcher.send(signal.SIGTERM)
            launcher.wait()


def test_programs_stop_in_reverse_order_and_the_base_outlives_them(launcher: Launcher) -> None:
    base = launcher.program("base", WORK, base=True, ready_line="at work")
    launcher.start(base, launcher.program("one", WORK), launcher.program("two", WORK))
    until(lambda: len(launcher.events("start")) == 3)
    left = launcher.descendants()
    launcher.send(signal.SIGTERM)
    assert launcher.wait() == 0
    events = launcher.events()
    assert events[0] == "start base"
    assert events[-1] == "stop base"
    assert sorted(events[3:5]) == ["stop one", "stop two"]
    assert all_gone(left)


def test_a_killed_program_starts_again_after_a_growing_delay_that_is_announced(launcher: Launcher) -> None:
    launcher.start(launcher.program("one", WORK))
    kill_in_life(launcher, 1)
    words = r"one was ended by SIGKILL after \d s, last saying: at work. It starts again in "
    until(lambda: launcher.said(words + r"0\.5 s"))
    kill_in_life(launcher, 2)
    until(lambda: launcher.said(words + "1 s"))
    until(lambda: len(launcher.pids("one")) == 3)


def kill_in_life(launcher: Launcher, life: int) -> None:
    until(lambda: len(launcher.pids("one")) == life and "at work" in launcher.log("one").splitlines()[-life:])
    os.kill(launcher.pids("one")[-1], signal.SIGKILL)


def test_a_program_that_cannot_run_does_not_disturb_the_others(launcher: Launcher) -> None:
    launcher.start(
        {"name": "missing", "argv": ["/no/such/program"]},
        launcher.program("leaves", LEAVES_AT_ONCE),
        launcher.program("works", WORK),
    )
    until(lambda: launcher.said("missing exited with 127") and launcher.said("last saying: no such thing"))
    until(lambda: len(launcher.pids("leaves")) > 1)
    launcher.send(signal.SIGINT)
    assert launcher.wait() == 0
    assert launcher.events("start works") == ["start works"]


def test_what_a_dead_program_had_started_is_gone_before_it_starts_again(launcher: Launcher) -> None:
    launcher.start(launcher.program("parent", HAS_CHILDREN))
    until(lambda: len(launcher.pids("parent-child")) == 2)
    children = [psutil.Process(pid) for pid in launcher.pids("parent-child")]
    os.kill(launcher.pids("parent")[0], signal.SIGKILL)
    until(lambda: len(launcher.pids("parent")) == 2)
    assert all_gone(children)


@pytest.mark.slow
def test_a_killed_launcher_leaves_no_process(launcher: Launcher) -> None:
    launcher.start("broker", launcher.program("one", WORK), launcher.program("parent", HAS_CHILDREN))
    until(lambda: len(launcher.events("start")) == 4)
    left = launcher.descendants()
    launcher.send(signal.SIGKILL)
    launcher.wait()
    until(lambda: all_gone(left))
    assert len(left) == 6  # broker, one, parent, its two children, guard
    assert launcher.events("stop one") == ["stop one"]


def test_a_guard_that_died_is_replaced_and_still_knows_every_program(launcher: Launcher) -> None:
    launcher.start(launcher.program("one", WORK))
    until(lambda: bool(launcher.pids("one")))
    first = guard_of(launcher)
    assert first is not None
    first.kill()
    until(lambda: guard_of(launcher) not in (None, first))
    left = launcher.descendants()
    launcher.send(signal.SIGKILL)
    launcher.wait()
    until(lambda: all_gone(left))
    assert launcher.events() == ["start one", "stop one"]


def guard_of(launcher: Launcher) -> psutil.Process | None:
    for process in launcher.descendants():
        with suppress(psutil.Error):
            if process.cmdline()[-1].endswith("guard.py"):
                return process
    return None


def test_a_program_that_ignores_its_signal_is_killed_after_its_grace(launcher: Launcher) -> None:
    launcher.start(launcher.program("stubborn", STUBBORN, grace=0.5), launcher.program("one", WORK))
    until(lambda: len(launcher.events("start")) == 2)
    left = launcher.descendants()
    launcher.send(signal.SIGTERM)
    assert launcher.wait() == 0
    assert launcher.said("stubborn did not stop within 0.5 s and is killed")
    assert all_gone(left)


def test_a_second_ctrl_c_hastens_the_end(launcher: Launcher) -> None:
    launcher.start(launcher.program("stubborn", STUBBORN, grace=600))
    until(lambda: bool(launcher.events("start")))
    launcher.send(signal.SIGINT)
    until(lambda: launcher.said("another Ctrl-C hastens"))
    launcher.send(signal.SIGINT)
    assert launcher.wait() == 0


def test_a_base_that_cannot_start_ends_all_with_its_reason(launcher: Launcher) -> None:
    base = launcher.program("base", LEAVES_AT_ONCE, base=True, ready_line="never")
    launcher.start(base, launcher.program("one", WORK))
    assert launcher.wait() == 1
    assert launcher.said("refused: The base could not be started: it exited with 1. .*no such thing")
    assert launcher.events("start one") == []


def test_all_output_is_logged_and_only_alarms_reach_the_terminal(launcher: Launcher) -> None:
    launcher.start(launcher.program("one", TALKS))
    until(lambda: launcher.said("one: ERROR but this is not"))
    assert not launcher.said("all is well")
    assert launcher.log("one") == "all is well\nERROR but this is not\n"


def test_a_second_launcher_is_refused_with_the_pid_of_the_first(launcher: Launcher) -> None:
    launcher.start(launcher.program("one", WORK))
    until(lambda: bool(launcher.events("start")))
    second = subprocess.run(
        [sys.executable, "-m", "tests.integration.launch_driver", launcher.state_dir, "[]"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert second.returncode == 1
    assert f"already running on {launcher.state_dir} (pid {launcher.pid})" in second.stderr


@pytest.mark.slow
def test_a_new_launcher_waits_until_the_programs_of_a_killed_one_are_gone(launcher: Launcher) -> None:
    launcher.start("broker", launcher.program("parent", HAS_CHILDREN))
    until(lambda: len(launcher.events("start")) == 3)
    left, first_url = launcher.descendants(), find_broker_url(launcher.state_dir)
    launcher.send(signal.SIGKILL)
    launcher.wait()
    launcher.start("broker", launcher.program("next", WORK))
    until(lambda: bool(launcher.events("start next")))
    assert all_gone(left)
    assert find_broker_url(launcher.state_dir) == first_url
    launcher.send(signal.SIGTERM)
    assert launcher.wait() == 0
    assert find_broker_url(launcher.state_dir) is None
