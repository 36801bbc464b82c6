"""`syncer` as its users start it: a process with an exit code, a terminal, and signals."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.standin.gitea import Fault, faults
from tests.support.devpi import DevpiServer
from tests.support.dists import Dist, wheel
from tests.support.world import World, eventually, world

DISTS = [wheel(f"project{number}", "1.0") for number in range(6)]


@pytest.fixture
def place(tmp_path: Path, devpi_server: DevpiServer) -> Iterator[World]:
    with world(tmp_path, devpi_server, broker=False) as made:
        made.add_mapping("my-org")
        for dist in DISTS:
            made.publish(dist)
        yield made


class Syncer:
    """A running `syncer sync` whose output can be watched."""

    def __init__(self, place: World) -> None:
        self.out = place.folder / "out.txt"
        with self.out.open("wb") as out:
            command = [sys.executable, "-m", "syncer", "sync"]
            self.process = subprocess.Popen(command, env=place.environment, stdout=out, stderr=out)

    def says(self, pattern: str) -> None:
        eventually(lambda: re.search(pattern, self.out.read_text()), 30, pattern)

    def ends(self, within: float = 30) -> int:
        try:
            return self.process.wait(within)
        finally:
            self.process.kill()


def uploads_of(place: World, dist: Dist) -> int:
    """Each upload takes one download, as blobs are not kept."""
    return sum(f"/files/{dist.filename.partition('-')[0]}/" in each.path for each in place.gitea.requests)


def test_exit_codes_reach_the_shell(place: World) -> None:
    assert place.syncer("status").returncode == 1
    assert place.syncer("sync", "-m", "nobody").returncode == 2
    assert place.syncer("sync", "--nonsense").returncode == 2
    first = place.syncer("sync")
    assert (first.returncode, first.stderr) == (0, "")
    assert place.syncer("status").returncode == 0
    place.config.write_text("nonsense")
    assert place.syncer("sync").returncode == 2


@pytest.mark.parametrize(
    ("number", "code"),
    [
        pytest.param(signal.SIGINT, 130, id="Ctrl-C"),
        pytest.param(signal.SIGTERM, 143, id="TERM", marks=pytest.mark.slow),
    ],
)
def test_a_stop_lets_the_files_under_way_end_and_loses_nothing(
    place: World, number: signal.Signals, code: int
) -> None:
    place.gitea.faults.add(Fault(faults.hang(1.0), path="/files/"))
    running = Syncer(place)
    eventually(lambda: any("/files/" in each.path for each in place.gitea.requests), 30)
    running.process.send_signal(number)
    running.says("Stopping when the files under way are done")
    assert running.ends() == code
    running.says("What was not copied yet waits in the database")
    place.gitea.faults.clear()
    again = place.syncer("sync")
    assert again.returncode == 0
    assert [uploads_of(place, dist) for dist in DISTS] == [1] * len(DISTS)


def test_a_second_stop_does_not_wait(place: World) -> None:
    place.gitea.faults.add(Fault(faults.hang(60.0), path="/files/"))
    running = Syncer(place)
    eventually(lambda: any("/files/" in each.path for each in place.gitea.requests), 30)
    running.process.send_signal(signal.SIGINT)
    running.says("Stopping when")
    running.process.send_signal(signal.SIGINT)
    assert running.ends(within=5) == 130


@pytest.mark.slow
def test_two_at_once_do_no_work_twice(place: World) -> None:
    both = [Syncer(place), Syncer(place)]
    assert [each.ends(60) for each in both] == [0, 0]
    assert [uploads_of(place, dist) for dist in DISTS] == [1] * len(DISTS)


def test_on_a_terminal_a_bar_shows_how_far_it_is(place: World) -> None:
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "syncer", "sync"]
    environment = {**place.environment, "TERM": "xterm-256color", "COLUMNS": "120"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=follower)
    os.close(follower)
    shown: list[bytes] = []
    reader = threading.Thread(target=drain, args=(leader, shown))
    reader.start()
    out, _ = process.communicate(timeout=60)
    reader.join()
    assert process.returncode == 0
    screen = b"".join(shown).decode()
    assert "6 of 6 files at the target" in screen
    assert "━" in screen
    assert "━" not in out.decode()
    assert out.decode().endswith("Everything selected is at its target.\n")


def drain(terminal: int, shown: list[bytes]) -> None:
    """Read until the other side is closed, which Linux tells by an error."""
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            break
        if not chunk:
            break
        shown.append(chunk)
    os.close(terminal)


def test_a_closed_pipe_is_no_defect(place: World) -> None:
    command = [sys.executable, "-m", "syncer", "config", "show"]
    reader, writer = os.pipe()
    os.close(reader)
    shown = subprocess.run(
        command, env=place.environment, stdout=writer, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(writer)
    assert shown.stderr == b""


def test_a_terminal_that_cannot_show_a_character_gets_its_escape(place: World) -> None:
    environment = {**place.environment, "PYTHONIOENCODING": "latin-1"}
    command = [sys.executable, "-m", "syncer", "sync", "-m", "größe→x"]
    shown = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)
    said = shown.stderr.decode("latin-1")
    assert (shown.returncode, "No mapping 'größe\\u2192x' is configured." in said) == (2, True)
