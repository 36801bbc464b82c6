"""Tell a monitor elsewhere that everything is complete, and only then."""

from __future__ import annotations

import logging

from syncer.adapters.ping import ping
from syncer.bootstrap.container import Container
from syncer.core.errors import RemoteUnavailable
from syncer.queries.health import health

log = logging.getLogger(__name__)


def ping_if_complete(container: Container) -> bool:
    """Whether the monitor was told; nothing is ever raised for its sake.

    Whoever asks was called through the broker, so that one is alive.
    """
    url, now = container.settings.ping_url, container.services.clock()
    if url is None:
        return False
    found = health(container.database, container.settings.mappings, now, broker_alive=True)
    if found.status != "ok":
        log.info("the monitor is not told: %s", "; ".join(found.errors) or "not everything is complete")
        return False
    try:
        ping(url)
    except RemoteUnavailable as error:
        log.warning("%s", error)
        return False
    return True
