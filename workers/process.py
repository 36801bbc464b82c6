"""One Container per process, and a fresh one after a fork."""

from __future__ import annotations

import sys
from functools import cache

from syncer.bootstrap.container import Container, build
from syncer.config import load
from syncer.config.settings import Settings
from syncer.core.errors import ConfigError


@cache
def settings() -> Settings:
    """The checked configuration; every problem goes to stderr and the process ends with 2."""
    try:
        return load()
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from error


@cache
def container() -> Container:
    """This process's own connections, built at the first use."""
    return build(settings())


def forget() -> None:
    """Drop the parent's connections without closing them; the child builds its own."""
    if container.cache_info().currsize:
        container().database.engine.dispose(close=False)
    container.cache_clear()
