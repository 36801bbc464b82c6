"""`syncer up` starts what the design names, and shows no secret to `ps`."""

import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from syncer.config.settings import DevpiServer, GiteaServer, Settings, WebSettings
from syncer.core.errors import SyncerError
from syncer.core.secret import Secret
from syncer.launch.broker import EmbeddedBroker
from syncer.launch.launcher import up
from syncer.launch.program import Program
from syncer.launch.programs import build_programs


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        gitea=GiteaServer("https://gitea.example"),
        devpi={"d": DevpiServer("d", "https://devpi.example", "user", password=Secret("hush-devpi"))},
        mappings={},
        state_dir=tmp_path / "state",
        staging_dir=tmp_path / "staging",
        gitea_tokens={"m": Secret("hush-gitea")},
        broker_url=Secret("redis://:hush-broker@broker.example/0"),
        database_url=Secret("postgresql://user:hush-database@db.example/x"),
        download_workers=3,
        upload_workers=2,
        web=WebSettings(password=Secret("hush-web")),
        path=tmp_path / "syncer.conf",
    )


def by_name(programs: list[Program]) -> dict[str, Program]:
    return {program.name: program for program in programs}


def test_with_a_broker_of_ones_own_none_is_started(settings: Settings) -> None:
    names = list(by_name(build_programs(settings, None)))
    assert names == ["worker-discover", "worker-download", "worker-upload", "beat", "web", "flower"]


def test_the_embedded_broker_comes_first_and_is_their_base(settings: Settings) -> None:
    programs = build_programs(settings, EmbeddedBroker(settings.state_dir))
    assert [program.name for program in programs if program.base] == [programs[0].name] == ["broker"]


def test_what_needs_no_secret_of_the_environment_gets_none(settings: Settings) -> None:
    environ = {"PATH": "/bin", "GITEA_TOKEN": "hush", "SYNCER_DEVPI__PASSWORD": "hush"}
    broker, *others = build_programs(settings, EmbeddedBroker(settings.state_dir))
    assert broker.environment(environ) == {"PATH": "/bin"}
    assert all(environ.items() <= other.environment(environ).items() for other in others)


@pytest.mark.parametrize(
    ("name", "queues", "concurrency"),
    [
        ("worker-discover", "discover,housekeeping", "2"),
        ("worker-download", "download", "3"),
        ("worker-upload", "upload", "2"),
    ],
)
def test_each_queue_has_workers(settings: Settings, name: str, queues: str, concurrency: str) -> None:
    worker = by_name(build_programs(settings, None))[name]
    assert worker.argv[worker.argv.index("-Q") + 1] == queues
    assert worker.argv[worker.argv.index("-c") + 1] == concurrency
    assert worker.env["REMAP_SIGTERM"] == "SIGQUIT"


def test_all_read_the_configuration_file_in_use(settings: Settings) -> None:
    programs = build_programs(settings, None)
    assert {program.env["SYNCER_CONFIG"] for program in programs} == {str(settings.path)}


def test_without_a_file_nobody_is_told_of_one(settings: Settings) -> None:
    programs = build_programs(replace(settings, path=None), None)
    assert not any("SYNCER_CONFIG" in program.env for program in programs)


def test_flower_is_told_nothing_that_the_configuration_says(settings: Settings) -> None:
    """Where it listens, who may look, and that it changes nothing, it reads there itself."""
    flower = by_name(build_programs(settings, None))["flower"]
    assert not [word for word in flower.argv if re.match(r"--(address|port|basic.auth|conf|read.only)", word)]


def test_no_secret_is_on_a_command_line_or_in_a_repr(settings: Settings) -> None:
    shown = [f"{program.argv} {program!r} {dict(program.env)}" for program in build_programs(settings, None)]
    assert not any("hush" in text for text in shown)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_taken_ports_are_all_named_before_anything_starts(settings: Settings, taken_port: int) -> None:
    said: list[str] = []
    web = WebSettings(port=taken_port, flower_port=taken_port)
    with pytest.raises(SyncerError, match=rf"\[web\] port: 127.0.0.1:{taken_port} .*\[web\] flower_port: "):
        up(replace(settings, web=web), say=said.append)
    assert said == []


def test_a_state_directory_that_cannot_be_made_is_named(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SyncerError, match=r"file/state cannot be used.*\[runtime\] state_dir"):
        up(replace(settings, state_dir=tmp_path / "file" / "state"))
