"""Ctrl-C and TERM as an exception that lets work under way end, and a second one that does not wait."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn


class Stopped(BaseException):
    """A signal asked this process to end; ``code`` is the exit code that says which."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.strsignal(number))
        self.code = 128 + number


@contextmanager
def stoppable() -> Iterator[None]:
    """INT and TERM raise Stopped once; the next one ends the process at once, whatever runs."""

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        for each in before:
            signal.signal(each, lambda again, _frame: os._exit(128 + again))
        raise Stopped(number)

    before: dict[int, Any] = {
        number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
