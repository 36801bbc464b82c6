"""The harness' own parts: the plan, the record, the table, the meter and the clock."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from tests.chaos.faults import KINDS
from tests.chaos.meter import Meter
from tests.chaos.plan import rounds
from tests.chaos.result import Record, Result
from tests.chaos.site import SHIFTED
from tests.chaos.table import table

RESULT = Result(3, "pool", "beat killed", "killed beat", 4, 2.5)


def test_a_seed_always_means_the_same_faults() -> None:
    assert list(rounds(7, 60)) == list(rounds(7, 60))
    assert list(rounds(7, 60)) == list(rounds(7, 90))[:60]
    assert list(rounds(7, 60)) != list(rounds(8, 60))


def test_every_kind_comes_up_where_it_is_possible() -> None:
    seen = {(each.site, each.kind) for each in rounds(7, 2 * len(KINDS))}
    assert seen == {(site, kind.name) for kind in KINDS.values() for site in kind.sites}


def test_results_are_found_again_and_a_line_that_was_cut_off_is_not(tmp_path: Path) -> None:
    Record(tmp_path, "pool").add(RESULT)
    with (tmp_path / "results-pool.jsonl").open("a") as file:
        file.write('{"number": 5, "si')
    assert Record(tmp_path).results() == [RESULT]


def test_only_what_is_merely_late_does_not_fail() -> None:
    late = Result(1, "pool", "k", "", 1, 99.0, findings=[("late", "…")])
    lost = Result(1, "pool", "k", "", 1, 99.0, findings=[("late", "…"), ("lost", "…")])
    assert (RESULT.failed, late.failed, lost.failed) == (False, False, True)


def test_the_table_has_a_line_per_kind_and_one_for_all() -> None:
    other = Result(4, "laptop", "broker flushed", "", 1, 8.0, 2, 1, [("lost", "x"), ("false green", "y")])
    lines = [" ".join(line.split()) for line in table([RESULT, other]).splitlines()]
    assert lines[1:] == [
        "beat killed 1 4 0 0 0 0 0 0 0 2.5 2.5",
        "broker flushed 1 1 1 0 1 0 0 2 1 8.0 8.0",
        "all 2 5 1 0 1 0 0 2 1 5.2 8.0",
    ]


class _Devpi(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200 if "good" in self.path else 500)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def meter() -> Iterator[Meter]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Devpi) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        with Meter(server.server_address[1]) as made:
            yield made
        server.shutdown()


def test_the_meter_counts_uploads_and_knows_when_the_first_that_can_have_worked_began(meter: Meter) -> None:
    with requests.Session() as session:
        for index in ("u/bad", "u/good", "u/good"):
            form = {"content": ("a-1.0.tar.gz", b"x" * 100_000)}
            session.post(f"{meter.url}/{index}/", data={":action": "file_upload"}, files=form, timeout=10)
        session.post(f"{meter.url}/+login", json={"user": "good"}, timeout=10)
        push = {"name": "b", "version": "2.0", "targetindex": "u/next"}
        session.post(f"{meter.url}/u/good", json=push, timeout=10)
    assert meter.began("u/next", "b-2.0-py3-none-any.whl") is not None
    assert meter.began("u/next", "b-2.1-py3-none-any.whl") is None
    assert meter.uploads() == {("u/bad", "a-1.0.tar.gz"): 1, ("u/good", "a-1.0.tar.gz"): 2}
    assert meter.began("u/bad", "a-1.0.tar.gz") is None
    assert meter.began("u/good", "a-1.0.tar.gz") is not None


def test_a_clock_that_is_set_moves_the_time_of_a_process_and_nothing_that_measures(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    clock.write_bytes(struct.pack("<d", 3600.0))
    code = (
        "import datetime, os, time\n"
        "real = time.clock_gettime(time.CLOCK_REALTIME)\n"
        "print(round(time.time() - real), round(datetime.datetime.now(datetime.UTC).timestamp() - real))\n"
        "print(isinstance(datetime.datetime.now(), datetime.datetime), time.monotonic() < real)\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(SHIFTED), "CHAOS_CLOCK": str(clock)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["3600", "3600", "True", "True"]
