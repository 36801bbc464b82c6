"""devpi-gitea-sync 0.1.0, in an environment of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import environment
from benchmarks.accounts import OWNER, PASSWORD, TOKEN, USER

RELEASE = "devpi-gitea-sync==0.1.0"
#: What its metadata asks for; its code also runs on older ones.
WANTED = (3, 13)


def prepared(kept: Path) -> Path:
    """Its program, installed when it was not."""
    python = _python()
    return environment.program(kept, "devpi-gitea-sync", *_because_older(python), RELEASE, python=python)


def python_of(program: Path) -> str:
    """The version of Python that it runs on."""
    return _version(str(program.with_name("python")))


def _python() -> str:
    names = [f"python3.{minor}" for minor in range(20, WANTED[1] - 1, -1)]
    found = [path for name in names if (path := shutil.which(name)) and _version(path)]
    return next(iter(found), sys.executable)


def _because_older(python: str) -> list[str]:
    version = tuple(int(part) for part in _version(python).split(".")[:2])
    return [] if version >= WANTED else ["--ignore-requires-python"]


def _version(python: str) -> str:
    asked = [python, "-c", "import platform; print(platform.python_version())"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def sync(program: Path, folder: Path, gitea: str, devpi: str, index: str) -> float:
    """Everything is copied in one pass; the seconds that its process took."""
    folder.mkdir(parents=True)
    config = folder / "peer.conf"
    config.touch(mode=0o600)
    config.write_text(
        f"[gitea]\nurl = {gitea}\ntoken = {TOKEN}\n\n"
        f"[devpi]\nurl = {devpi}\nusername = {USER}\npassword = {PASSWORD}\n\n"
        f"[mapping:{OWNER}]\norganization = {OWNER}\nindex = {index}\n"
    )
    began = time.perf_counter()
    done = subprocess.run(
        [program, "-c", config], cwd=folder, capture_output=True, text=True, check=False, timeout=900
    )
    if done.returncode:
        raise RuntimeError(f"the peer ended with {done.returncode}:\n{(done.stdout + done.stderr)[-2000:]}")
    return time.perf_counter() - began
