"""How every process of the syncer logs: readable on a terminal, JSON lines elsewhere, never a secret."""

from __future__ import annotations

import json
import logging
import sys
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any, TextIO
from urllib.parse import quote, quote_plus, unquote, urlsplit

from syncer.config.settings import Settings
from syncer.core.secret import Secret
from syncer.ports.context import current_context

#: What a line can be about, in the order in which it is shown.
CONTEXT = ("run", "mapping", "file")
#: A shorter secret would blot out half of every line, and be told by the gaps.
SHORTEST_HIDDEN = 4
_LEVELS = (logging.ERROR, logging.INFO, logging.DEBUG)
_OURS = ("syncer", "workers", "celery")

_hidden: set[str] = set()


def configure_logging(verbosity: int, stream: TextIO | None = None, *, tracebacks: bool = True) -> None:
    """Everything that is logged from now on goes to ``stream``, by default whatever stderr then is.

    ``verbosity`` 0 shows errors, 1 also what is done, 2 also how, with the libraries' own lines; long
    running programs want 1. Without ``tracebacks`` a line ends with the exception's last line.
    """
    handler = _Handler(stream)
    terminal = (stream or sys.stderr).isatty()
    handler.setFormatter(TextLines(tracebacks) if terminal else JsonLines(tracebacks))
    level = _LEVELS[min(verbosity, len(_LEVELS) - 1)]
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)
    for name in _OURS:
        logging.getLogger(name).setLevel(level)
    # Each request, without its headers. SQLAlchemy at the same level would print every row.
    logging.getLogger("urllib3").setLevel(logging.DEBUG if verbosity > 1 else logging.ERROR)


def hide_secrets(settings: Settings) -> None:
    """No log line of this process shows a secret of the configuration, however it got there."""
    for secret in _secrets_in(settings):
        hide(secret.reveal())
    for server in settings.devpi.values():
        for credential in _secrets_in(server):
            hide(b64encode(f"{server.username}:{credential.reveal()}".encode()).decode())
    for password in _secrets_in(settings.web):
        hide(b64encode(f"{settings.web.username}:{password.reveal()}".encode()).decode())
    for url in _secrets_in((settings.broker_url, settings.database_url)):
        within = urlsplit(url.reveal()).password or ""
        hide(within)
        hide(unquote(within))
    for url in _secrets_in((settings.ping_url,)):
        hide(urlsplit(url.reveal()).path.strip("/"))  # all that libraries tell of it is a path on a host


def hide(text: str) -> None:
    """The text is replaced by ``***`` wherever a line would show it, as it is or quoted for a URL."""
    spellings = {text, quote(text, safe=""), quote_plus(text)}
    _hidden.update(spelling for spelling in spellings if len(spelling) >= SHORTEST_HIDDEN)


def redact(text: str) -> str:
    """The text without anything that is to be hidden."""
    for secret in sorted(_hidden, key=len, reverse=True):  # one may hold another
        text = text.replace(secret, "***")
    return text


def printable(text: str) -> str:
    """The text without control characters, which a name from elsewhere may send to a terminal."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _secrets_in(value: object) -> Iterator[Secret]:
    """Every Secret in a value, wherever it stands, so that a new option needs no mention here."""
    if isinstance(value, Secret):
        yield value
        return
    inside: Iterable[object] = ()
    if is_dataclass(value):
        inside = (getattr(value, each.name) for each in fields(value))
    elif isinstance(value, Mapping | tuple):
        inside = value.values() if isinstance(value, Mapping) else value
    for each in inside:
        yield from _secrets_in(each)


class _Handler(logging.StreamHandler[TextIO]):
    """Asks for stderr at every line, because a progress bar puts another one in its place."""

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__(stream)
        self._fixed = stream is not None

    def emit(self, record: logging.LogRecord) -> None:
        """The line is written."""
        if not self._fixed:
            self.stream = sys.stderr
        super().emit(record)


class _Lines(logging.Formatter):
    """What both formats share: one record's parts, free of secrets."""

    def __init__(self, tracebacks: bool) -> None:  # noqa: FBT001  # private; both callers pass it on
        super().__init__()
        self._tracebacks = tracebacks

    def parts(self, record: logging.LogRecord) -> dict[str, Any]:
        """Level, logger, message, then run, mapping and file as far as known, then the exception."""
        context = current_context()
        about = {key: _plain(context[key]) for key in CONTEXT if context.get(key)}
        found = {"level": record.levelname.lower(), "logger": record.name}
        return {**found, "message": redact(record.getMessage()), **about, **self._exception(record)}

    def _exception(self, record: logging.LogRecord) -> dict[str, str]:
        if not record.exc_info or record.exc_info[0] is None:
            return {}
        whole = "\n".join(map(printable, self.formatException(record.exc_info).splitlines()))
        return {"exception": redact(whole if self._tracebacks else record.exc_info[0].__name__)}


class TextLines(_Lines):
    """``12:03:04 INFO my-org #7 a-1.0.tar.gz: message`` in local time."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and the traceback's below it."""
        parts = self.parts(record)
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        run = f"#{parts['run']}" if "run" in parts else ""
        about = " ".join(str(each) for each in (parts.get("mapping"), run, parts.get("file")) if each)
        message = printable(f"{about}: {parts['message']}" if about else parts["message"])
        line = f"{time} {parts['level'].upper():7} {message}"
        return f"{line}\n{parts['exception']}" if "exception" in parts else line


class JsonLines(_Lines):
    """One JSON object per line; ``time`` is ISO 8601 in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever the message holds."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        return json.dumps({"time": time, **self.parts(record)})


def _plain(value: str | int) -> str | int:
    return printable(redact(value)) if isinstance(value, str) else value
