"""The bytes of a file as devpi serves them to installers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus

from syncer.adapters.devpi.answers import forbidden, no_devpi
from syncer.adapters.devpi.client import DevpiClient
from syncer.adapters.http import body_chunks, refuse_overload
from syncer.core.errors import FileGone
from syncer.core.model import DistributionFile

#: Seconds that one file may take to its last byte.
DEADLINE = 500.0
_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


def address_of(index: str, file: DistributionFile) -> str:
    """Where an index serves a file of its own, below the server's URL; devpi forms it from the digest."""
    return f"{index}/+f/{file.sha256[:3]}/{file.sha256[3:16]}/{file.filename}"


@contextmanager
def open_file(client: DevpiClient, index: str, file: DistributionFile) -> Iterator[Iterator[bytes]]:
    """The index's own file as it is sent, in chunks of at most 256 KiB; nothing is checked.

    Raises FileGone where devpi has no such file, or no more (410); else Retryable or MappingBroken.
    """
    until = time.monotonic() + DEADLINE
    with closing(client.open(address_of(index, file))) as response:
        if response.status_code in _GONE:
            raise FileGone(
                f"{index} does not serve {file.filename} with sha256 {file.sha256} ({response.status_code}).",
                "It was deleted or replaced there.",
                f"Compare both sides with `syncer verify -p {file.project}`.",
            )
        refuse_overload("devpi", response)
        if response.status_code == HTTPStatus.FORBIDDEN:
            raise forbidden(f"reading {file.filename}")
        if response.status_code != HTTPStatus.OK:
            raise no_devpi(response.url, response.status_code)
        yield body_chunks("devpi", response, until=until, decode=False)
