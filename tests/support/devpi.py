"""A real devpi-server, started, restarted and stopped by the tests."""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

ROOT_PASSWORD = "root-password-of-a-test"
#: A loaded machine needs up to 13 s for a restart.
START_SECONDS = 60.0


class DevpiServer:
    """One devpi-server in its own folder on a free port of 127.0.0.1, with devpi-tokens.

    ``offline`` keeps its mirrors from asking anybody.

    ``cache`` is a folder that may be shared by processes: the initialized but empty server is kept
    there, so that only the first start pays for it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        cache: Path | None = None,
        port: int = 0,
        options: Sequence[str] = (),
        offline: bool = True,
    ) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.log = folder / "server.log"
        self._options = ["--offline-mode", *options] if offline else options
        self._secret = folder / "secret"
        self._cache = cache or folder / "cache"
        self._process: subprocess.Popen[bytes] | None = None
        self._token = ""

    @property
    def url(self) -> str:
        """The base URL, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        shutil.copytree(initialized(self._cache), self.folder / "data")
        self._secret.write_text(base64.b64encode(secrets.token_bytes(32)).decode())
        self._secret.chmod(0o600)
        self._start(keep_secret=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """The process is gone; its data stay."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def restart(self, *, keep_secret: bool = True) -> None:
        """The same data on the same port; without the secret every login token is dead."""
        self.stop()
        self._start(keep_secret=keep_secret)

    def _start(self, *, keep_secret: bool) -> None:
        command = [sys.executable, "-m", "devpi_server", "--serverdir", str(self.folder / "data")]
        command += ["--host", "127.0.0.1", "--port", str(self.port)]
        command += self._options
        if keep_secret:
            command += ["--secretfile", str(self._secret)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.stop()
            raise
        self._token = self.login("root", ROOT_PASSWORD)

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            try:
                if requests.get(f"{self.url}/+api", timeout=5).ok:
                    return
            except requests.RequestException:
                time.sleep(0.1)
        tail = self.log.read_text(errors="replace")[-2000:]
        message = f"devpi-server did not answer at {self.url}:\n{tail}"
        raise RuntimeError(message)

    def login(self, user: str, password: str) -> str:
        """A login token."""
        answer = self.call("POST", "+login", {"user": user, "password": password}, credentials=None)
        return str(answer["result"]["password"])

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        credentials: tuple[str, str] | None = ("root", ""),
    ) -> Any:
        """One JSON request, as root unless other credentials are given."""
        auth = ("root", self._token) if credentials == ("root", "") else credentials
        answer = requests.request(
            method,
            f"{self.url}/{path}",
            json=body,
            auth=auth,
            headers={"Accept": "application/json"},
            timeout=30,
        )
        if not answer.ok:
            message = f"{method} {path}: {answer.status_code} {answer.reason} {answer.text[:500]}"
            raise RuntimeError(message)
        return answer.json()

    def create_user(self, name: str, password: str) -> None:
        """The user exists."""
        self.call("PUT", name, {"password": password})

    def create_index(
        self,
        index: str,
        *,
        volatile: bool = False,
        bases: Sequence[str] = (),
        acl_upload: Collection[str] | None = None,
        kind: str = "stage",
    ) -> None:
        """The index ``user/name`` exists; its user may upload unless ``acl_upload`` says who may."""
        if kind == "mirror":
            self.call("PUT", index, {"type": kind, "mirror_url": "http://127.0.0.1:9/simple/"})
            return
        options = {"type": kind, "volatile": volatile, "bases": list(bases)}
        users = [index.partition("/")[0]] if acl_upload is None else list(acl_upload)
        self.call("PUT", index, {**options, "acl_upload": users})

    def token(self, user: str, password: str, **restrictions: object) -> str:
        """A token of devpi-tokens: ``allowed=[...]``, ``indexes=[...]``, ``expires=<unix time>``."""
        credentials = (user, self.login(user, password))
        answer = self.call("POST", f"{user}/+token-create", restrictions, credentials=credentials)
        return str(answer["result"]["token"])


def initialized(cache: Path) -> Path:
    """The folder of an initialized server; made once, whoever asks first."""
    done = cache / "initialized"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            made = cache / f"made-{os.getpid()}"
            command = [sys.executable, "-c", "from devpi_server.init import init; init()"]
            options = ["--serverdir", str(made), "--root-passwd", ROOT_PASSWORD, "--no-root-pypi"]
            subprocess.run([*command, *options], check=True, capture_output=True)
            made.rename(done)
    return done


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return int(port)
