"""`python -m syncer.web` as the launcher and containers start it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.devpi import free_port

CONFIG = """
[gitea]
url = https://gitea.example
token = hush-token

[devpi]
url = http://devpi.example
username = user
password = hush-password

[mapping:my-org]
organization = my-org
index = root/prod

[runtime]
state_dir = {folder}/state

[web]
port = {port}
"""


@contextmanager
def view(folder: Path, text: str) -> Iterator[subprocess.Popen[str]]:
    config = folder / "syncer.conf"
    config.write_text(text)
    config.chmod(0o600)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SYNCER_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "syncer.web"],
        cwd=folder,
        env={**environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_it_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    port = free_port()
    with view(tmp_path, CONFIG.format(folder=tmp_path, port=port)) as process:
        answer = eventually(f"http://127.0.0.1:{port}/")
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
    assert answer.status_code == 200
    assert "server" not in answer.headers
    assert "no run yet" in answer.text
    assert "hush" not in answer.text + said


def test_all_problems_of_the_configuration_are_told_at_once(tmp_path: Path) -> None:
    with view(tmp_path, "[gitea]\nurll = https://gitea.example\n[web]\nport = many\n") as process:
        _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "urll" in said
    assert "port" in said
    assert "Traceback" not in said


def eventually(url: str) -> httpx.Response:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            return httpx.get(url)
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(f"{url} never answered")
