"""The stand-in runs on its own, as the demo starts it."""

import io
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import requests

PROJECT = Path(__file__).parents[2]


def _sdist(name: str, version: str) -> bytes:
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Python: >=3.9\n".encode()
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        member = tarfile.TarInfo(f"{name}-{version}/PKG-INFO")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    return stream.getvalue()


def test_the_command_serves_a_directory_until_it_is_terminated(tmp_path: Path) -> None:
    (tmp_path / "demo_pkg-1.0.tar.gz").write_bytes(_sdist("demo.pkg", "1.0"))
    (tmp_path / "notes.txt").write_text("no distribution")
    command = [sys.executable, "-m", "tests.standin.gitea", "--directory", str(tmp_path)]
    command += ["--owner", "acme", "--token", "reader", "--upload-token", "writer"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        headers = {"Authorization": "token reader"}
        rows = requests.get(f"{url}/api/v1/packages/acme", headers=headers, timeout=10).json()
        page = requests.get(f"{url}/api/packages/acme/pypi/simple/demo-pkg", timeout=10).text
        process.terminate()
        assert process.wait(timeout=10) == 0
    assert [(row["name"], row["version"]) for row in rows] == [("demo-pkg", "1.0")]
    assert re.search(r'#sha256=[0-9a-f]{64}" data-requires-python="&gt;=3.9">demo_pkg-1.0.tar.gz<', page)
