"""Taking a file from a devpi index, by the address that its digest makes."""

from __future__ import annotations

from http import HTTPStatus

from syncer.adapters.devpi.answers import forbidden, no_devpi
from syncer.adapters.devpi.client import DevpiClient
from syncer.adapters.devpi.files import address_of
from syncer.core.errors import FileGone, UploadRejected
from syncer.core.model import DistributionFile

_ABSENT = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


def remove_file(client: DevpiClient, index: str, file: DistributionFile) -> str:
    """The index has no such file any more; what devpi said.

    Raises FileGone, UploadRejected, Retryable or MappingBroken. On an index that is not volatile devpi
    answers 403 unless it is forced, and what is published there is published for good: nothing forces it.
    """
    status, reason = client.delete(address_of(index, file))
    if status == HTTPStatus.OK:
        return reason or "deleted"
    if status in _ABSENT:
        raise FileGone(
            f"{index} has no {file.filename} with sha256 {file.sha256} ({status}).",
            "It was deleted or replaced there already.",
            "Nothing is to be done.",
        )
    if status == HTTPStatus.FORBIDDEN and "non-volatile" in reason:
        raise UploadRejected(
            f"devpi does not remove {file.filename} ({status}): {reason}.",
            f"{index} is not volatile, and what is published there is meant to stay.",
            f"Remove it by hand if it has to go: `devpi remove --index {index} --force "
            f"{file.project}=={file.version}` removes the whole release.",
            status=status,
        )
    if status == HTTPStatus.FORBIDDEN:
        raise forbidden(reason)
    raise no_devpi(client.url(""), status)
