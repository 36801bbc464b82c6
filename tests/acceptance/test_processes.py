"""What other users of the machine can see of `syncer up`, and what its own processes are told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import psutil
import pytest
import requests
from sqlalchemy.engine import make_url

from syncer.adapters.broker_url import find_broker_url
from tests.standin.gitea import StandinGitea
from tests.support.databases import PostgresServer
from tests.support.devpi import DevpiServer, free_port
from tests.support.world import ROOT, eventually

TOKEN, WEB_PASSWORD, DATABASE_PASSWORD = "hush-gitea-token", "hush-web password", "hush-database"
DEVPI_PASSWORD = "hush/devpi+password"
CONFIG = """
[gitea]
url = {gitea}
token_env = HUSH_TOKEN
[devpi]
url = {devpi}
username = {user}
password = {devpi_password}
[mapping:acme]
index = {user}/acme
[database]
url = {database}
[runtime]
state_dir = {state}
download_workers = 1
upload_workers = 1
[web]
port = {web}
flower_port = {flower}
password_file = {folder}/web-password
"""


@dataclass(frozen=True, slots=True)
class Running:
    """A `syncer up` at work, everything that it started, and all that it was told in secret."""

    web: str
    flower: str
    family: list[psutil.Process]
    secrets: list[str]
    state: Path

    def named(self, *words: str) -> psutil.Process:
        return next(each for each in self.family if set(words) <= set(each.cmdline()))


@pytest.fixture(scope="module")
def running(devpi_server: DevpiServer, postgres_server: PostgresServer) -> Iterator[Running]:
    """Every secret in another place: a variable, the file, another file, a URL; the broker makes its own."""
    # A state directory of this depth has no room for a socket, so the broker listens on TCP with a password.
    prefix = "processes-" + "x" * 90
    with (
        tempfile.TemporaryDirectory(prefix=prefix) as name,
        StandinGitea() as gitea,
        postgres_server.database() as database,
    ):
        gitea.add_owner("acme", visibility="private")
        gitea.add_token(TOKEN)
        user = f"processes{os.getpid()}"
        devpi_server.create_user(user, DEVPI_PASSWORD)
        devpi_server.create_index(f"{user}/acme")
        folder, web, flower = Path(name), free_port(), free_port()
        (folder / "web-password").write_text(WEB_PASSWORD)
        url = make_url(database.url).set(password=DATABASE_PASSWORD)
        config = folder / "syncer.conf"
        config.write_text(
            CONFIG.format(
                gitea=gitea.url,
                devpi=devpi_server.url,
                user=user,
                devpi_password=DEVPI_PASSWORD,
                database=url.render_as_string(hide_password=False),
                state=folder / "state",
                folder=folder,
                web=web,
                flower=flower,
            )
        )
        config.chmod(0o600)
        yield from started(config, f"http://127.0.0.1:{web}", f"http://127.0.0.1:{flower}", user)


def started(config: Path, web: str, flower: str, user: str) -> Iterator[Running]:
    log, state = config.parent / "up.log", config.parent / "state"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "syncer", "-c", str(config), "up"],
            env={**os.environ, "HUSH_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)},
            cwd=config.parent,
            stdout=sink,
            stderr=sink,
            stdin=subprocess.DEVNULL,
        )
    try:
        eventually(lambda: b"Everything is ready" in log.read_bytes(), 100, "everything is ready")
        launcher = psutil.Process(process.pid)
        broker = urlsplit(find_broker_url(state) or "").password or ""
        plain = [TOKEN, DEVPI_PASSWORD, DATABASE_PASSWORD, WEB_PASSWORD, broker]
        pairs = [f"{user}:{DEVPI_PASSWORD}", f"syncer:{WEB_PASSWORD}"]
        encoded = [b64encode(pair.encode()).decode() for pair in pairs]
        secrets = [*plain, *(quote(each, safe="") for each in plain), *encoded]
        yield Running(web, flower, [launcher, *launcher.children(recursive=True)], secrets, state)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@pytest.mark.timeout(240)
def test_no_process_shows_a_secret_to_other_users(running: Running) -> None:
    """Command lines are all that a process list shows of another user's processes."""
    lines = [" ".join(process.cmdline()) for process in running.family]
    assert len(lines) >= 9  # launcher, guard, broker, three workers with children, beat, view, Flower
    assert [secret for secret in running.secrets if not secret] == []
    assert {secret for secret in running.secrets for line in lines if secret in line} == set()


@pytest.mark.timeout(240)
def test_a_process_that_needs_no_secret_has_none_in_its_environment(running: Running) -> None:
    for process in running.family:
        environ = process.environ()
        found = {name for name, value in environ.items() for secret in running.secrets if secret in value}
        # Only a secret that the operator gave by a variable is in one, and it keeps that name.
        assert found <= {"HUSH_TOKEN"}, process.cmdline()
    broker = next(each for each in running.family if "valkey" in each.name() or "redis" in each.name())
    guard = running.named("-I", "-S")
    assert not {"HUSH_TOKEN", "SYNCER_CONFIG", "HOME"} & {*broker.environ(), *guard.environ()}


@pytest.mark.timeout(240)
def test_the_logs_and_what_they_say_aloud_hold_no_secret(running: Running) -> None:
    logs = [running.state.parent / "up.log", *running.state.glob("logs/*")]
    said = {path.name: path.read_text() for path in logs}
    assert {"up.log", "worker-discover.log", "web.log", "flower.log"} <= set(said)
    assert [name for name, text in said.items() for secret in running.secrets if secret in text] == []


@pytest.mark.timeout(240)
@pytest.mark.parametrize("path", ["/", "/health", "/mappings/acme", "/static/style.css", "/nothing"])
def test_view_and_flower_have_one_password(running: Running, path: str) -> None:
    for server in (running.web, running.flower):
        assert requests.get(f"{server}{path}", timeout=30).status_code == 401
        known = requests.get(f"{server}{path}", auth=("syncer", WEB_PASSWORD), timeout=30)
        assert known.status_code not in (400, 401)


@pytest.mark.timeout(240)
def test_what_keeps_state_is_closed_to_other_users(running: Running) -> None:
    folder = running.state
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "broker" / "server.conf").stat().st_mode & 0o077 == 0
