"""The servers around the syncer, and the syncer itself as ``syncer up`` runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

from tests.demo.packages import dists
from tests.standin.gitea import StandinGitea
from tests.support.devpi import DevpiServer, free_port

OWNER = "acme"
INDEX = "demo/dev"
TOKEN = "token-of-the-demo"
PASSWORD = "password-of-the-demo"
INTERVAL = 2
#: Longer than Flower, the slowest to end, is given by the launcher.
STOP_SECONDS = 40


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that runs, and where."""

    folder: Path
    gitea: StandinGitea
    devpi: DevpiServer
    status_url: str
    flower_url: str
    config: Path

    @property
    def index_url(self) -> str:
        """What pip is given."""
        return f"{self.devpi.url}/{INDEX}/+simple/"

    def health(self) -> dict[str, Any]:
        """What ``/health`` says, empty while nobody answers."""
        try:
            return dict(requests.get(f"{self.status_url}/health", timeout=5).json())
        except (requests.RequestException, ValueError):
            return {}

    def visible(self, project: str, filename: str) -> bool:
        """Whether an installer would find the file."""
        page = requests.get(f"{self.index_url}{project}/", timeout=5)
        return filename in page.text


def say(text: str) -> None:
    """One line for the person who watches."""
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)  # noqa: T201  # the demo speaks to a person


@contextmanager
def stage() -> Iterator[Stage]:
    """All servers run until the block ends; then none is left."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="syncer-demo-")))
        say("Starting a stand-in Gitea and publishing a dozen wheels and sdists into it …")
        gitea = stack.enter_context(StandinGitea())
        _publish(gitea)
        say("Starting a real devpi-server …")
        devpi = stack.enter_context(DevpiServer(folder / "devpi"))
        devpi.create_user("demo", PASSWORD)
        devpi.create_index(INDEX, volatile=False)
        made = _configured(folder, gitea, devpi)
        say(
            f"Starting `syncer up`: broker, workers, beat, status view, Flower (configuration: {made.config})"
        )
        stack.enter_context(_syncer_up(made))
        yield made
        say("Stopping everything …")


def _publish(gitea: StandinGitea) -> None:
    gitea.add_owner(OWNER, visibility="private")
    gitea.add_token(TOKEN)
    for dist in dists():
        gitea.publish(OWNER, dist.filename, dist.content)


def _configured(folder: Path, gitea: StandinGitea, devpi: DevpiServer) -> Stage:
    web, flower = free_port(), free_port()
    config = folder / "syncer.conf"
    config.touch(mode=0o600)
    config.write_text(
        f"[gitea]\nurl = {gitea.url}\ntoken = {TOKEN}\n\n"
        f"[devpi]\nurl = {devpi.url}\nusername = demo\npassword = {PASSWORD}\n\n"
        f"[mapping:{OWNER}]\nindex = {INDEX}\npoll_interval_seconds = {INTERVAL}\n\n"
        f"[runtime]\nstate_dir = {folder / 'state'}\n\n[web]\nport = {web}\nflower_port = {flower}\n"
    )
    urls = (f"http://127.0.0.1:{web}", f"http://127.0.0.1:{flower}")
    return Stage(folder, gitea, devpi, *urls, config)


@contextmanager
def _syncer_up(made: Stage) -> Iterator[None]:
    log = (made.folder / "up.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "syncer", "up"],
        env={**os.environ, "SYNCER_CONFIG": str(made.config)},
        stdout=log,
        stderr=log,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS)
        log.close()
