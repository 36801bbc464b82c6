"""What people hand in: the configuration, the environment, and the arguments of ``celery call``."""

from __future__ import annotations

import atexit
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from syncer.config import check, load, show
from syncer.core.errors import ConfigError
from syncer.usecases.resync import LONGEST_TEXT, RequestRefused, read_resync
from tests.fuzz.laws import SECRET, only
from tests.fuzz.target import Target, loaded

_MINIMAL = b"""\
[gitea]
url = https://gitea.example.com
[devpi]
url = https://devpi.example.com
username = devpi-user
password = devpi-password
[mapping:my-org]
index = user/dev
"""
#: Whatever stands before, this is where secrets belong.
_PLANTED = f"""
[gitea:planted]
token = {SECRET}
[devpi:planted]
password = {SECRET}
[database]
url = postgresql://user:{SECRET}@db.example/syncer
""".encode()
_MAPPINGS = ("my-org", "other", "\u00fcn\u00ef")
#: Characters; at most 100 mistakes and as many warnings are told, each in a line or two.
_LONGEST_REPORT = 100 * 1000


def config_file(data: bytes) -> None:
    """Every other input is the file as it is; the others end as a whole configuration does."""
    _check_said(data if len(data) % 2 else data + _PLANTED, {"HOME": "/home/nobody"})


def config_environment(data: bytes) -> None:
    """Each line is NAME=value, over a sound file."""
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    environ = {name: value for name, sign, value in (line.partition("=") for line in lines) if sign}
    _check_said(_MINIMAL, environ | {"SYNCER_GITEA__TOKEN": SECRET, "HOME": "/home/nobody"})


def _check_said(content: bytes, environ: Mapping[str, str]) -> None:
    """Everything that is said of the configuration can be printed, and tells no secret."""
    path = _file()
    path.write_bytes(content)
    try:
        said = repr(load(path, environ, path.parent)) + repr(show(path, environ, path.parent))
    except ConfigError as error:
        said = str(error)
    else:
        said += "".join(map(str, check(path, environ, path.parent)[1]))
    assert 0 < len(said.encode()) <= _LONGEST_REPORT
    assert SECRET not in said


@cache
def _file() -> Path:
    """A configuration file of this process."""
    directory = TemporaryDirectory(prefix="fuzz-")
    atexit.register(directory.cleanup)
    path = Path(directory.name, "syncer.conf")
    path.touch(mode=0o600)
    return path


def resync(data: bytes) -> None:
    said = loaded(data)
    if not isinstance(said, dict):
        return
    args, kwargs = said.get("args", []), said.get("kwargs", {})
    if isinstance(args, list) and isinstance(kwargs, dict):
        with only(RequestRefused):
            request = read_resync(args, kwargs, _MAPPINGS, "task")
            assert request.mapping in _MAPPINGS
            assert type(request.force) is type(request.dry_run) is bool
            assert max(len(request.scope.project), len(request.scope.version)) <= LONGEST_TEXT
            assert request.scope.project.encode() + request.scope.version.encode() is not None


TARGETS = (
    Target(
        "config_file",
        config_file,
        (
            "[gitea]",
            "[devpi]",
            "[devpi:prod]",
            "[mapping:my-org]",
            "[web]",
            "[runtime]",
            "url = https://",
            "token_env = ",
            "token_file = ",
            "verify_ssl = ",
            "index = user/dev",
            "state_dir = ~/x",
            "poll_interval_seconds = ",
            "\n  ",
            "1e999",
        ),
    ),
    Target(
        "config_environment",
        config_environment,
        (
            "SYNCER_GITEA__URL=",
            "SYNCER_DEVPI__PROD__TOKEN=",
            "SYNCER_MAPPING__MY_ORG__INDEX=",
            "SYNCER_MAPPING__",
            "SYNCER_WEB__PORT=",
            "SYNCER_RUNTIME__STATE_DIR=",
            "XDG_STATE_HOME=",
            "SYNCER_CONFIG=",
            "__",
        ),
        max_len=512,
    ),
    Target(
        "resync",
        resync,
        ("kwargs", "args", "mapping", "project", "version", "force", "dry_run", "my-org", "My.Project"),
        json=True,
    ),
)
