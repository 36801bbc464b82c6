"""What the work at hand is about, so that every log line can say it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

_NOTHING: Mapping[str, str | int] = MappingProxyType({})
_about: ContextVar[Mapping[str, str | int]] = ContextVar("about", default=_NOTHING)


@contextmanager
def log_context(**about: str | int) -> Iterator[None]:
    """Log lines of this thread carry ``run``, ``mapping`` or ``file`` for as long as the block runs.

    Blocks nest, the inner one wins, and an empty text takes away what the outer one said. A thread
    that is started inside begins with nothing.
    """
    token = _about.set({**_about.get(), **about})
    try:
        yield
    finally:
        _about.reset(token)


def current_context() -> Mapping[str, str | int]:
    """What the work at hand is about."""
    return _about.get()
