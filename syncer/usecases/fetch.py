"""Bring one file's bytes into this host's staging, checked."""

from __future__ import annotations

from pathlib import Path

from packaging.utils import canonicalize_name

from syncer.core.errors import NotADistribution
from syncer.core.metadata import CoreMetadata
from syncer.core.model import DistributionFile
from syncer.usecases.bandwidth import metered
from syncer.usecases.circuit import asking
from syncer.usecases.services import Services


def fetch(services: Services, mapping_name: str, file: DistributionFile) -> tuple[Path, CoreMetadata]:
    """The bytes are staged here, have the promised sha256, and are the distribution they claim to be.

    Raises DigestMismatch, NotADistribution, FileGone, Retryable or MappingBroken.
    """
    path = services.staging.find(file.sha256)
    if path is None:
        mapping = services.mapping(mapping_name)
        source = services.source_of(mapping)
        # One owner's files may lie in a store of their own, to which Gitea redirects.
        with asking(services, str(mapping.source), mapping.source.url), source.fetch(file) as chunks:
            path = services.staging.store(file.sha256, metered(chunks, services.spending()))
    metadata = services.inspect(path, file.filename)
    if canonicalize_name(metadata.name) != file.project:
        raise _another_project(file, metadata)
    return path, metadata


def _another_project(file: DistributionFile, metadata: CoreMetadata) -> NotADistribution:
    """A name that no strict parser can read is checked here, by what the file says of itself."""
    return NotADistribution(
        f"{file.filename} says of itself that it is project {metadata.name}, "
        f"but it is published under {file.project}.",
        "It was uploaded to the wrong package.",
        "Publish it under its own name, or exclude it with file_deny.",
    )
