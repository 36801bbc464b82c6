"""Read a project back through the door that installers use, and believe only that."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from syncer.core.errors import (
    CircuitOpen,
    ContentConflict,
    MappingBroken,
    RemoteUnavailable,
    Retryable,
    SyncerError,
    Unexpected,
)
from syncer.core.model import DistributionFile, same_specifier
from syncer.core.retry import delay_after
from syncer.core.states import Outcome
from syncer.ports.claims import Uploaded
from syncer.ports.context import log_context
from syncer.usecases.circuit import asking
from syncer.usecases.push import wake_followers
from syncer.usecases.services import Services

log = logging.getLogger(__name__)


def verify_due(services: Services) -> None:
    """Every project whose last upload has ended is read back."""
    for mapping, project in services.ledger.transfers.to_read_back(services.clock()):
        verify(services, mapping, project)


def verify(services: Services, mapping_name: str, project: str) -> None:
    """Each upload of the project is copied as the target shows it, or has what is wrong recorded."""
    uploads = services.ledger.transfers.unverified(mapping_name, project)
    if not uploads:
        return
    try:
        mapping = services.mapping(mapping_name)
        with asking(services, mapping.target.url):
            page = services.target_of(mapping).read_back(project).by_key()
    except (Retryable, MappingBroken) as error:
        _read_all_later(services, mapping_name, uploads, error)
        return
    except Exception as error:
        _read_all_later(services, mapping_name, uploads, Unexpected(error))
        raise
    with services.ledger.together():
        for upload in uploads:
            with _about(mapping_name, upload):
                _judge(services, upload, page.get(upload.file.key))
    wake_followers(services, mapping_name, project)


def _about(mapping_name: str, upload: Uploaded) -> AbstractContextManager[None]:
    return log_context(run=upload.run_id, mapping=mapping_name, file=upload.file.filename)


def _judge(services: Services, upload: Uploaded, found: DistributionFile | None) -> None:
    now = services.clock()
    transfers = services.ledger.transfers
    if found is None:
        vanished = _vanished(upload)
        log.warning("not read back: %s", vanished)
        transfers.postponed(upload, vanished, _later(upload, now), now)
    elif found.sha256 != upload.file.sha256:
        conflict = _other_bytes(upload, found)
        log.warning("refused: %s", conflict)
        transfers.ended(upload, Outcome.CONFLICT, now, conflict)
    elif not same_specifier(found.requires_python, upload.requires_python):
        _read_later(services, upload, _other_python(upload, found))
    else:
        transfers.ended(upload, Outcome.COPIED, now)
        log.info("read back: the target serves the same bytes")


def _read_all_later(
    services: Services, mapping_name: str, uploads: list[Uploaded], error: SyncerError
) -> None:
    for upload in uploads:
        with _about(mapping_name, upload):
            _read_later(services, upload, error)


def _read_later(services: Services, upload: Uploaded, error: SyncerError) -> None:
    log.warning("not read back: %s", error)
    now = services.clock()
    at = now + timedelta(seconds=error.pause) if isinstance(error, CircuitOpen) else _later(upload, now)
    services.ledger.transfers.unread(upload, error, at, now)


def _later(upload: Uploaded, now: datetime) -> datetime:
    return now + timedelta(seconds=delay_after(upload.tries))


def _vanished(upload: Uploaded) -> RemoteUnavailable:
    return RemoteUnavailable(
        f"{upload.file.filename} was accepted but the project page does not show it.",
        "It was deleted meanwhile, or the server lags behind.",
        "It is uploaded again by itself.",
    )


def _other_bytes(upload: Uploaded, found: DistributionFile) -> ContentConflict:
    return ContentConflict(
        f"After the upload the target shows other bytes for {upload.file.filename} "
        f"(sha256 {found.sha256} instead of {upload.file.sha256}).",
        "Somebody else uploaded the same name at the same moment.",
        "Decide which one is right and remove the other at the target.",
    )


def _other_python(upload: Uploaded, found: DistributionFile) -> RemoteUnavailable:
    return RemoteUnavailable(
        f"The target shows Requires-Python {found.requires_python!r} for {upload.file.filename}, "
        f"its metadata says {upload.requires_python!r}.",
        "devpi keeps one value per version, that of the latest upload.",
        "Publish files of one version with one Requires-Python; it is read again by itself.",
    )
