"""Every failure is a sentence with an exit code; tracebacks are for -vv."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner, Result

from syncer.bootstrap.logs import hide
from syncer.cli.failures import Failures
from syncer.cli.session import Session
from syncer.core.errors import ConfigError, Problem, RemoteUnavailable

CONFIG = ConfigError((Problem("syncer.conf:3", "no URL", "write one"), Problem("syncer.conf:5", "no index")))
THREE_PARTS = RemoteUnavailable("devpi did not answer.", "It is down.", "Start it.")


def run(error: BaseException, verbosity: int = 0) -> Result:
    """A command that raises the error."""

    @click.group(cls=Failures)
    @click.pass_context
    def group(ctx: click.Context) -> None:
        ctx.obj = Session(verbosity=verbosity)

    @group.command()
    def fail() -> None:
        raise error

    return CliRunner().invoke(group, ["fail"])


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        pytest.param(
            THREE_PARTS, 1, "Error: devpi did not answer.\n  It is down.\n  Start it.\n", id="three parts"
        ),
        pytest.param(
            CONFIG,
            2,
            "Error: the configuration has 2 mistakes:\n"
            "  syncer.conf:3: no URL — write one\n"
            "  syncer.conf:5: no index\n",
            id="every mistake of the configuration",
        ),
        pytest.param(
            PermissionError(13, "Permission denied", "/var/x"),
            1,
            "Error: /var/x: Permission denied.\n",
            id="a file that cannot be used",
        ),
        pytest.param(
            KeyError("a\nb"),
            1,
            "Error: an unexpected KeyError ended the command: 'a\\nb'\n"
            "  This is a defect; run it again with -vv to see where, and report that.\n",
            id="a defect",
        ),
        pytest.param(KeyboardInterrupt(), 130, "Interrupted.\n", id="Ctrl-C"),
    ],
)
@pytest.mark.parametrize("verbosity", [0, 1])
def test_a_failure_is_told_on_stderr_alone(
    error: BaseException, code: int, said: str, verbosity: int
) -> None:
    result = run(error, verbosity)
    assert (result.exit_code, result.stderr, result.stdout) == (code, said, "")


@pytest.mark.parametrize("error", [THREE_PARTS, KeyError("x")])
def test_a_traceback_comes_with_vv(error: Exception) -> None:
    said = run(error, verbosity=2).stderr
    assert said.startswith("Traceback")
    assert "Error: " in said


def test_no_secret_is_told_even_in_a_traceback() -> None:
    hide("planted-in-a-defect")
    for verbosity in (0, 2):
        result = run(ValueError("password planted-in-a-defect"), verbosity)
        assert "planted-in-a-defect" not in result.output
        assert "password ***" in result.output


def test_a_server_cannot_move_the_cursor_by_its_message() -> None:
    result = run(RemoteUnavailable("devpi said \x1b[2Jnothing."), verbosity=2)
    assert "devpi said \\x1b[2Jnothing." in result.stderr
    assert "\x1b" not in result.stderr
