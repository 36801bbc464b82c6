"""What ``--help`` says, and what it costs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from importlib import import_module

import click
import pytest
from click.testing import CliRunner

from syncer.cli.main import COMMANDS, cli
from syncer.cli.reference import all_commands, commands_markdown

HEAVY = ("sqlalchemy", "celery", "kombu", "fastapi", "requests", "rich", "alembic")


GROUPS = [(), ("config",), ("db",), ("audit",), ("keys",), ("statement",)]
EVERY = dict(all_commands())


@pytest.mark.parametrize("path", [*GROUPS, *EVERY], ids=" ".join)
def test_every_command_shows_help(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cli, [*path, "--help"])
    assert (result.exit_code, "Usage:" in result.stdout) == (0, True)


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_every_command_and_every_option_explains_itself(path: tuple[str, ...]) -> None:
    command = EVERY[path]
    assert (command.help or "").splitlines()[0].endswith((".", ".\n"))
    assert [p.name for p in command.params if isinstance(p, click.Option) and not p.help] == []


def test_the_reference_names_every_command_with_its_options() -> None:
    table = commands_markdown()
    assert "| `syncer why FILE [--json]` | Tell everything" in table
    assert "`syncer init [PATH]`" in table
    assert "[-m/--mapping NAME]…" in table
    assert len(table.splitlines()) == 2 + len(EVERY)


def test_the_list_of_commands_holds_every_command_with_its_line() -> None:
    shown = CliRunner().invoke(cli, ["--help"]).stdout
    lines = [line.split(maxsplit=1) for line in shown.partition("Commands:")[2].splitlines()]
    assert {line[0]: line[1] for line in lines if len(line) == 2 and line[0] in COMMANDS} == {
        name: lazy.help for name, lazy in COMMANDS.items()
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_called_what_the_list_calls_it(name: str) -> None:
    assert import_module(COMMANDS[name].module).command.name == name


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["nonsense"]], ids=" ".join)
def test_the_list_of_commands_loads_no_heavy_library(words: list[str]) -> None:
    script = (
        "import json, sys\n"
        "from syncer.cli.main import cli\n"
        "try: cli(json.loads(sys.argv[1]))\n"
        "except SystemExit: pass\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))\n"
    )
    command = [sys.executable, "-c", script, json.dumps(words)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert json.loads(shown.splitlines()[-1]) == []


def test_help_is_there_at_once() -> None:
    """The best of five, for other tests may load the machine."""
    took = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "syncer", "--help"], capture_output=True, check=True, timeout=60
        )
        took.append(time.perf_counter() - start)
    assert min(took) < 0.4


def test_the_version_is_that_of_the_package() -> None:
    assert CliRunner().invoke(cli, ["--version"], prog_name="syncer").stdout.startswith("syncer 0.")


def test_a_misspelt_command_names_the_one_that_was_meant() -> None:
    result = CliRunner().invoke(cli, ["pln"])
    assert (result.exit_code, "Did you mean 'plan'?" in result.stderr) == (2, True)
