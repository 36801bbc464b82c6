"""``python -m syncer.web``: the status view, until it is told to stop."""

from __future__ import annotations

import logging
import sys

import uvicorn

from syncer.bootstrap.container import Container, build
from syncer.bootstrap.database import prepare_database
from syncer.bootstrap.logs import configure_logging, hide_secrets
from syncer.config import load
from syncer.core.errors import ConfigError, RemoteUnavailable, SyncerError
from syncer.web.app import create_app

#: Seconds that open answers get when the view is stopped.
GRACE = 3

log = logging.getLogger(__name__)


def main() -> int:
    """Serve until stopped; 2 for a wrong configuration, 1 when the database has other tables."""
    try:
        settings = load()
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    configure_logging(1)
    hide_secrets(settings)
    try:
        serve(build(settings))
    except SyncerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def serve(container: Container) -> None:
    """The view has been served until somebody stopped it; a database that is away only shows on it."""
    try:
        prepare_database(container.settings, container.database)
    except RemoteUnavailable as error:
        log.warning("%s", error)
    web = container.settings.web
    uvicorn.run(
        create_app(container),
        host=web.host,
        port=web.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )


if __name__ == "__main__":
    sys.exit(main())
