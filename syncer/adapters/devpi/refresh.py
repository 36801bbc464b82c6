"""Have devpi write anew what it says of a release, without touching a byte of its files.

devpi-server 6.20 keeps the page that installers read apart from the releases, and writes it only when a
file is stored or something is removed (``model._regen_simplelinks``). An identical upload to an index
that is not volatile changes the release and not the page. So the release is registered anew, and then an
empty release that nobody ever sees is registered and removed: that writes the page, on every index.
"""

from __future__ import annotations

from http import HTTPStatus

from syncer.adapters.devpi.client import DevpiClient
from syncer.adapters.devpi.listing import expect, result_of
from syncer.core.errors import UploadRejected
from syncer.core.metadata import CoreMetadata

#: The empty release; a local version, so that no installer would ever prefer it.
MARKER = "0.dev0+page"


def refresh_release(client: DevpiClient, index: str, project: str, metadata: CoreMetadata | None) -> str:
    """The project's page says what its releases say, and one of them what the metadata says; what was done.

    Raises UploadRejected, Retryable or MappingBroken.
    """
    place = f"{index}/{project}"
    _refuse_real_release(place, client.get(place, ignore_bases=""))
    if metadata is not None:
        client.submit(index, metadata.form)
    client.submit(index, (("name", project), ("version", MARKER)))
    status, reason = client.delete(f"{place}/{MARKER}", force="")
    if status != HTTPStatus.OK:
        raise UploadRejected(
            f"devpi did not write the page of {project} anew ({status}): {reason}.",
            "The user or token may not remove releases, not even the empty one that this takes.",
            f"Remove release {MARKER} of {project} there as a user of acl_upload: "
            f"`devpi remove --force --index {index} {project}=={MARKER}`.",
            status=status,
        )
    return "the page was written anew" if metadata is None else "registered anew, and the page written"


def _refuse_real_release(place: str, answer: object) -> None:
    """A release of that version with files in it would be removed with them."""
    if answer is not None and expect(place, result_of(place, answer).get(MARKER, {}), dict).get("+links"):
        raise UploadRejected(
            f"{place} has files in release {MARKER}, which the syncer uses to have pages written.",
            "Somebody published a release of that version.",
            "Upload or remove any file of the project at devpi: that writes its page, too.",
        )
