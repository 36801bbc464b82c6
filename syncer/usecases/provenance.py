"""Ask a Source what it has on record of a file, now."""

from __future__ import annotations

from dataclasses import replace

from syncer.core.errors import SyncerError
from syncer.core.model import DistributionFile
from syncer.ports.source import OnRecord
from syncer.usecases.services import Services


def ask_source(services: Services, mapping_name: str, recorded: str, file: DistributionFile) -> OnRecord:
    """What the Mapping's Source has on record of the file; it costs one request and raises nothing.

    ``recorded`` is the Source that the file was found at: another one that the Mapping has by now knows
    nothing of it.
    """
    said = OnRecord(services.clock())
    try:
        mapping = services.mapping(mapping_name)
        if not file.locator or str(mapping.source) != recorded:
            why = "it was not recorded where the file is, or the mapping has another source by now"
            return replace(said, why=why)
        source = services.source_of(mapping)
        said = replace(said, address=source.address(file))
        there = {each.filename: each for each in source.filed(file)}
    except SyncerError as error:
        return replace(said, why=str(error))
    found = there.get(file.filename)
    return replace(said, filed=found, why="" if found else "the release has no file of this name any more")
