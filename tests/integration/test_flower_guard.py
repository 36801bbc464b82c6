"""A real Flower, and who gets to see it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.broker import Broker
from tests.support.devpi import free_port

ROOT = Path(__file__).parents[2]
PASSWORD = "hush-web-password"
CONFIG = """
[gitea]
url = https://gitea.example
token = hush-token
[devpi]
url = https://devpi.example
username = user
password = hush-password
[mapping:my-org]
index = root/prod
[broker]
url = {broker}
[runtime]
state_dir = {folder}/state
[web]
flower_port = {port}
{web}
"""
CHANGES = ["/api/worker/shutdown/celery@x", "/api/task/revoke/1", "/api/task/async-apply/syncer.reconcile"]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with Broker(tmp_path_factory.mktemp("broker")) as running:
        yield running


def flower(folder: Path, broker: Broker, web: str, *words: str) -> tuple[subprocess.Popen[str], int]:
    port = free_port()
    config = folder / "syncer.conf"
    config.write_text(CONFIG.format(folder=folder, port=port, broker=broker.url, web=web))
    config.chmod(0o600)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SYNCER_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "workers", "flower", *words],
        cwd=folder,
        env={**environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    return process, port


@contextmanager
def running(folder: Path, broker: Broker, web: str) -> Iterator[httpx.Client]:
    process, port = flower(folder, broker, web)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            until_it_answers(client)
            yield client
    finally:
        process.kill()
        process.communicate()


def until_it_answers(client: httpx.Client) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            client.get("/healthcheck")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("Flower never answered")


@pytest.fixture(scope="module")
def on_loopback(tmp_path_factory: pytest.TempPathFactory, broker: Broker) -> Iterator[httpx.Client]:
    with running(tmp_path_factory.mktemp("open"), broker, "") as client:
        yield client


@pytest.fixture(scope="module")
def beyond(tmp_path_factory: pytest.TempPathFactory, broker: Broker) -> Iterator[httpx.Client]:
    """It listens on every address, which a password makes possible."""
    web = f"host = 0.0.0.0\npassword = {PASSWORD}\nflower_url = https://flower.example"
    with running(tmp_path_factory.mktemp("closed"), broker, web) as client:
        yield client


PAGES = ["/", "/tasks", "/api/tasks", "/api/workers", "/metrics", "/static/js/flower.js", "/nothing"]


@pytest.mark.parametrize("path", PAGES)
def test_on_loopback_flower_answers_under_its_own_name_only(on_loopback: httpx.Client, path: str) -> None:
    rebound = on_loopback.get(path, headers={"Host": "rebound.example"})
    assert (rebound.status_code, "flower_url" in rebound.text) == (400, True)
    assert on_loopback.get(path).status_code == (404 if path == "/nothing" else 200)


@pytest.mark.parametrize("path", PAGES)
def test_no_page_of_another_origin_can_read_flower(on_loopback: httpx.Client, path: str) -> None:
    answer = on_loopback.get(path, headers={"Origin": "http://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    if not path.startswith("/static/"):
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", CHANGES)
def test_flower_changes_nothing(on_loopback: httpx.Client, path: str) -> None:
    assert on_loopback.post(path).status_code in (401, 403, 405)


@pytest.mark.parametrize("path", PAGES)
def test_beyond_loopback_every_page_of_flower_asks_for_the_password(beyond: httpx.Client, path: str) -> None:
    wrong = [None, ("syncer", "wrong"), ("syncer", ""), ("admin", PASSWORD)]
    assert [beyond.get(path, auth=pair).status_code for pair in wrong] == [401] * len(wrong)
    assert beyond.post(path).status_code == 401
    known = beyond.get(path, auth=("syncer", PASSWORD))
    assert known.status_code == (404 if path == "/nothing" else 200)


def test_beyond_loopback_flower_answers_under_its_configured_name_only(beyond: httpx.Client) -> None:
    hosts = {"flower.example": 200, "rebound.example": 400, "localhost": 200}
    seen = {
        host: beyond.get("/", auth=("syncer", PASSWORD), headers={"Host": host}).status_code for host in hosts
    }
    assert seen == hosts


def test_who_watches_flower_needs_no_password(beyond: httpx.Client) -> None:
    assert beyond.get("/healthcheck", headers={"Host": "10.0.0.1"}).text == "OK"


@pytest.mark.parametrize("words", [["--address=0.0.0.0"], ["--address="], ["--read-only", "--address=::"]])
def test_without_a_password_flower_does_not_listen_beyond_loopback(
    tmp_path: Path, broker: Broker, words: list[str]
) -> None:
    process, _ = flower(tmp_path, broker, "", *words)
    try:
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 2
    assert "password_env" in said
    assert "Traceback" not in said
