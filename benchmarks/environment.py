"""Other programs, each in an environment of its own so that none decides what the others get."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def program(kept: Path, name: str, *words: str, python: str = sys.executable) -> Path:
    """The named program, installed by pip with these words where it was not."""
    folder = kept / "environments" / name
    wanted = folder / "bin" / name
    if not wanted.exists():
        subprocess.run([python, "-m", "venv", "--clear", folder], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "--disable-pip-version-check", *words], check=True)
    return wanted
