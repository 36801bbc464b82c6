import os
from collections.abc import Callable
from pathlib import Path

import pytest

from syncer.config import load
from syncer.core.errors import ConfigError
from tests.unit.config.support import MINIMAL, Configuration


def named(token: str) -> str:
    return MINIMAL.replace("gitea-secret", token)


@pytest.mark.parametrize(
    ("explicit", "pointer", "names", "expected"),
    [
        pytest.param("c.conf", "e.conf", ["syncer.conf"], "c.conf", id="the-one-given"),
        pytest.param(None, "e.conf", ["syncer.conf"], "e.conf", id="then-SYNCER_CONFIG"),
        pytest.param(
            None, "", ["syncer.conf", "devpi-gitea-sync.conf"], "syncer.conf", id="then-syncer.conf"
        ),
        pytest.param(None, "", ["devpi-gitea-sync.conf"], "devpi-gitea-sync.conf", id="then-the-old-name"),
    ],
)
def test_the_file_is_found(
    tmp_path: Path, explicit: str | None, pointer: str, names: list[str], expected: str
) -> None:
    for name in ["c.conf", "e.conf", *names]:
        Configuration(tmp_path, named(name), name=name)
    environ = {"HOME": "/h", "SYNCER_CONFIG": pointer}
    settings = load(Path(explicit) if explicit else None, environ, tmp_path)
    assert settings.path == tmp_path / expected
    assert settings.gitea_tokens["my-org"].reveal() == expected


def test_without_a_file_the_way_to_one_is_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no configuration file was found.*syncer init"):
        load(environ={}, cwd=tmp_path)


def test_without_a_file_a_misspelt_variable_is_still_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean SYNCER_GITEA__URL") as caught:
        load(environ={"SYNCER_GITEA_URL": "https://gitea.example.com"}, cwd=tmp_path)
    assert len(caught.value.problems) == 2


def test_the_environment_alone_is_enough(tmp_path: Path) -> None:
    environ = {
        "HOME": "/h",
        "SYNCER_GITEA__URL": "https://gitea.example.com",
        "SYNCER_GITEA__TOKEN": "gitea-secret",
        "SYNCER_DEVPI__URL": "https://devpi.example.com",
        "SYNCER_DEVPI__USERNAME": "devpi-user",
        "SYNCER_DEVPI__PASSWORD": "devpi-secret",
        "SYNCER_MAPPING__MY_ORG__INDEX": "user/dev",
        "SYNCER_STAGING__DIR": "staged",
    }
    settings = load(environ=environ, cwd=tmp_path)
    assert settings.path is None
    assert settings.mappings == Configuration(tmp_path).load().mappings
    assert settings.staging_dir == tmp_path / "staged"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        pytest.param(lambda _: None, "No such file or directory", id="missing"),
        pytest.param(Path.mkdir, "Is a directory", id="directory"),
        pytest.param(os.mkfifo, "no regular file", id="named-pipe"),
        pytest.param(
            lambda path: path.write_bytes(b"#" * (1024 * 1024 + 1)), "larger than 1 MiB", id="large"
        ),
        pytest.param(lambda path: path.write_bytes(b"\n[a\0]\n"), ":2: there is a NUL byte", id="nul"),
        pytest.param(
            lambda path: path.write_bytes(b"\n\nx = \xff"), ":3: this line is not UTF-8", id="latin-1"
        ),
        pytest.param(lambda path: path.write_bytes(b"\xff\xfe["), ":1: this line is not UTF-8", id="utf-16"),
        pytest.param(lambda path: path.symlink_to(path), "symbolic links", id="endless-link"),
    ],
)
def test_a_named_file_that_cannot_be_read_is_one_mistake(
    tmp_path: Path, make: Callable[[Path], object], reason: str
) -> None:
    path = tmp_path / "named.conf"
    make(path)
    if path.is_file():
        path.chmod(0o600)
    for explicit in (path, None):
        with pytest.raises(ConfigError, match=reason) as caught:
            load(explicit, {"SYNCER_CONFIG": str(path)}, tmp_path)
        assert len(caught.value.problems) == 1


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "\ud800"])
def test_a_name_that_the_system_does_not_take_is_a_mistake(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(Path(name), {}, tmp_path)


def test_a_name_that_no_terminal_prints_is_escaped(tmp_path: Path) -> None:
    """A file name that is not UTF-8 reaches Python with half a surrogate pair."""
    with pytest.raises(ConfigError) as caught:
        load(Path("a\udcff\x1b"), {}, tmp_path)
    assert str(caught.value).startswith("'a\\udcff\\x1b': the configuration file cannot be read")


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o620])
def test_a_file_open_to_others_is_refused_and_checked_all_the_same(tmp_path: Path, mode: int) -> None:
    configuration = Configuration(tmp_path, MINIMAL + "indx = a/b\n")
    (tmp_path / "syncer.conf").chmod(mode)
    first, second = configuration.mistakes()
    assert first.startswith("syncer.conf: ")
    assert first.endswith("chmod 600 syncer.conf")
    assert "indx" in second
