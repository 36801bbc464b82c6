"""Log lines: readable or JSON, about something, and without secrets."""

from __future__ import annotations

import base64
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncer.bootstrap import logs
from syncer.bootstrap.logs import configure_logging, hide_secrets
from syncer.config import DevpiServer, GiteaServer, Settings
from syncer.core.secret import Secret
from syncer.ports.context import current_context, log_context

LOG = logging.getLogger("syncer.test")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(logs, "_hidden", set())
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)


def started(verbosity: int = 1, *, terminal: bool = False, tracebacks: bool = True) -> io.StringIO:
    stream = Terminal() if terminal else io.StringIO()
    configure_logging(verbosity, stream, tracebacks=tracebacks)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def fail(text: str) -> None:
    raise ValueError(text)


def log_a_failure(text: str) -> None:
    try:
        fail(text)
    except ValueError:
        LOG.exception("failed")


def test_elsewhere_than_on_a_terminal_each_line_is_json() -> None:
    stream = started()
    with log_context(run=7, mapping="my-org", file="a-1.0.tar.gz"):
        LOG.info("uploaded: %s", "OK")
    (line,) = lines(stream)
    assert str(line.pop("time")).endswith("+00:00")
    assert line == {
        "level": "info",
        "logger": "syncer.test",
        "message": "uploaded: OK",
        "run": 7,
        "mapping": "my-org",
        "file": "a-1.0.tar.gz",
    }


def test_a_terminal_gets_a_readable_line() -> None:
    stream = started(terminal=True)
    with log_context(run=7, mapping="my-org", file="a-1.0.tar.gz"):
        LOG.info("uploaded")
    LOG.info("alone")
    first, second = stream.getvalue().splitlines()
    assert first.endswith(" INFO    my-org #7 a-1.0.tar.gz: uploaded")
    assert second.endswith(" INFO    alone")


def test_contexts_nest_and_end() -> None:
    with log_context(run=1, mapping="a"):
        with log_context(run=2, file="f"):
            assert dict(current_context()) == {"run": 2, "mapping": "a", "file": "f"}
        assert dict(current_context()) == {"run": 1, "mapping": "a"}
    assert dict(current_context()) == {}


def test_an_empty_text_takes_the_outer_context_away() -> None:
    stream = started()
    with log_context(run=1, mapping="a", file="f"), log_context(run=2, mapping="", file=""):
        LOG.info("x")
    assert {"run", "mapping", "file"} & set(lines(stream)[0]) == {"run"}


@pytest.mark.parametrize(
    ("verbosity", "logger", "level"),
    [
        (0, "syncer.x", logging.ERROR),
        (1, "syncer.x", logging.INFO),
        (1, "workers", logging.INFO),
        (1, "celery.worker", logging.INFO),
        (2, "syncer.x", logging.DEBUG),
        (5, "syncer.x", logging.DEBUG),
        (0, "other", logging.ERROR),
        (1, "other", logging.WARNING),
        (2, "other", logging.WARNING),
        (1, "urllib3.connectionpool", logging.ERROR),
        (2, "urllib3.connectionpool", logging.DEBUG),
        (2, "sqlalchemy.engine", logging.WARNING),
    ],
)
def test_verbosity_decides_what_is_logged(verbosity: int, logger: str, level: int) -> None:
    started(verbosity)
    assert logging.getLogger(logger).getEffectiveLevel() == level


@pytest.mark.parametrize("terminal", [True, False])
def test_a_message_cannot_forge_a_line_or_move_the_cursor(terminal: bool) -> None:
    stream = started(terminal=terminal)
    with log_context(file="a\x1b[2J\n.whl"):
        LOG.info("evil\nlevel=ERROR \x1b[31m")
    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()


def test_tracebacks_are_left_out_when_asked() -> None:
    for tracebacks, shown in ((True, True), (False, False)):
        stream = started(tracebacks=tracebacks)
        log_a_failure("the reason")
        (line,) = lines(stream)
        assert ("Traceback" in str(line["exception"])) is shown
        assert "ValueError" in str(line["exception"])


def settings() -> Settings:
    devpi = DevpiServer("default", "https://d", "ci", password=Secret("pass word/1"))
    return Settings(
        GiteaServer("https://g"),
        {"default": devpi, "two": DevpiServer("two", "https://d2", "ci", token=Secret("devpi-token"))},
        {},
        Path("state"),
        Path("staging"),
        gitea_tokens={"my-org": Secret("gitea-token")},
        broker_url=Secret("redis://:br%2Fker@host/0"),
        database_url=Secret("postgresql://user:data-pw@host/db"),
    )


@pytest.mark.parametrize(
    "spelling",
    [
        pytest.param("gitea-token", id="a Gitea token"),
        pytest.param("devpi-token", id="a devpi token"),
        pytest.param("pass word/1", id="a password"),
        pytest.param("pass%20word%2F1", id="a password quoted for a path"),
        pytest.param("pass+word%2F1", id="a password quoted for a form"),
        pytest.param(base64.b64encode(b"ci:pass word/1").decode(), id="basic authorization"),
        pytest.param("postgresql://user:data-pw@host/db", id="the database's URL"),
        pytest.param("data-pw", id="the password in it"),
        pytest.param("br%2Fker", id="the broker's password as its URL holds it"),
        pytest.param("br/ker", id="the broker's password itself"),
    ],
)
@pytest.mark.parametrize("terminal", [True, False])
def test_a_secret_is_hidden_wherever_it_stands(spelling: str, terminal: bool) -> None:
    stream = started(terminal=terminal)
    hide_secrets(settings())
    with log_context(file=f"x-{spelling}"):
        LOG.info("sent %s to %s", spelling, {"header": spelling})
        log_a_failure(spelling)
    assert spelling not in stream.getvalue()
    assert stream.getvalue().count("***") >= 5


def test_a_very_short_secret_does_not_blot_out_the_log() -> None:
    stream = started()
    logs.hide("a")
    logs.hide("")
    LOG.info("a plain line")
    assert lines(stream)[0]["message"] == "a plain line"


def test_without_a_stream_lines_follow_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(1)
    LOG.info("here")
    assert json.loads(capsys.readouterr().err)["message"] == "here"
