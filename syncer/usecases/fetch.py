"""Bring one file's bytes into this host's staging, checked."""

from __future__ import annotations

from pathlib import Path

from syncer.core.metadata import CoreMetadata
from syncer.core.model import DistributionFile
from syncer.usecases.services import Services


def fetch(services: Services, mapping_name: str, file: DistributionFile) -> tuple[Path, CoreMetadata]:
    """The bytes are staged here, have the promised sha256, and are the distribution they claim to be.

    Raises DigestMismatch, NotADistribution, FileGone, Retryable or MappingBroken.
    """
    path = services.staging.find(file.sha256)
    if path is None:
        source = services.source_of(services.mapping(mapping_name))
        with source.fetch(file) as chunks:
            path = services.staging.store(file.sha256, chunks)
    return path, services.inspect(path, file.filename)
