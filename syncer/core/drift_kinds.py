"""What can be wrong with a file when both sides are compared: symbols, causes and remedies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Symbol(StrEnum):
    """How one file stands on both sides."""

    SAME = "="
    MISSING = "+"
    ONLY_THERE = "-"
    BYTES = "*"
    METADATA = "m"
    INHERITED = "i"
    EXCLUDED = "x"
    UNKNOWN = "?"


class Remedy(StrEnum):
    """What mends it: ``person`` is what the syncer never does by itself, ``again`` to look once more."""

    NOTHING = "nothing"
    COPY = "copy"
    REPLACE = "replace"
    REFRESH = "refresh"
    PERSON = "person"
    AGAIN = "again"


class Cause(StrEnum):
    """Why a file stands as it does."""

    SAME = "same"
    FILE_MISSING = "file_missing"
    RELEASE_MISSING = "release_missing"
    PROJECT_MISSING = "project_missing"
    NO_DISTRIBUTION = "no_distribution"
    WITHDRAWN = "withdrawn"
    INHERITED = "inherited"
    OTHER_BYTES = "other_bytes"
    TWICE_AT_SOURCE = "twice_at_source"
    SPOILT = "spoilt"
    NO_BYTES = "no_bytes"
    STALE_PAGE = "stale_page"
    REQUIRES_PYTHON = "requires_python"
    MIXED_PYTHON = "mixed_python"
    OTHER_VERSION = "other_version"
    GONE_AT_SOURCE = "gone_at_source"
    FOREIGN = "foreign"
    PAGE_ONLY = "page_only"
    EXCLUDED = "excluded"
    NO_DIGEST = "no_digest"
    NOT_FETCHED = "not_fetched"
    SOURCE_UNREAD = "source_unread"
    TARGET_UNREAD = "target_unread"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a Cause means; ``replace`` is for a person where the index is not volatile."""

    symbol: Symbol
    meaning: str
    remedy: Remedy


KINDS: Mapping[Cause, Kind] = {
    Cause.SAME: Kind(
        Symbol.SAME, "the target holds the same bytes and shows the same metadata", Remedy.NOTHING
    ),
    Cause.FILE_MISSING: Kind(Symbol.MISSING, "the target has the release without this file", Remedy.COPY),
    Cause.RELEASE_MISSING: Kind(
        Symbol.MISSING, "the target has the project without this release", Remedy.COPY
    ),
    Cause.PROJECT_MISSING: Kind(Symbol.MISSING, "the target has nothing of the project", Remedy.COPY),
    Cause.NO_DISTRIBUTION: Kind(Symbol.MISSING, "it cannot be published as it is", Remedy.PERSON),
    Cause.WITHDRAWN: Kind(
        Symbol.MISSING, "other bytes stood under this name until they were withdrawn", Remedy.PERSON
    ),
    Cause.INHERITED: Kind(Symbol.INHERITED, "only a base of the target has it", Remedy.COPY),
    Cause.OTHER_BYTES: Kind(Symbol.BYTES, "the target holds other bytes under this name", Remedy.REPLACE),
    Cause.TWICE_AT_SOURCE: Kind(
        Symbol.BYTES, "the source holds two different files of this name", Remedy.PERSON
    ),
    Cause.SPOILT: Kind(Symbol.BYTES, "the target names these bytes and serves others", Remedy.REPLACE),
    Cause.NO_BYTES: Kind(Symbol.BYTES, "the target lists it and serves no bytes for it", Remedy.REPLACE),
    Cause.STALE_PAGE: Kind(
        Symbol.METADATA, "the page that installers read does not say what the release says", Remedy.REFRESH
    ),
    Cause.REQUIRES_PYTHON: Kind(
        Symbol.METADATA, "the target shows another Requires-Python than the file states", Remedy.REFRESH
    ),
    Cause.MIXED_PYTHON: Kind(
        Symbol.METADATA,
        "files of the release state different Requires-Pythons, and the target keeps one for all",
        Remedy.PERSON,
    ),
    Cause.OTHER_VERSION: Kind(Symbol.METADATA, "the target has it under another version", Remedy.PERSON),
    Cause.GONE_AT_SOURCE: Kind(
        Symbol.ONLY_THERE, "this mapping brought it, and its source no longer has it", Remedy.PERSON
    ),
    Cause.FOREIGN: Kind(
        Symbol.ONLY_THERE, "it never came from this mapping, so it is left alone", Remedy.NOTHING
    ),
    Cause.PAGE_ONLY: Kind(
        Symbol.ONLY_THERE, "only the page that installers read lists it, no release does", Remedy.REFRESH
    ),
    Cause.EXCLUDED: Kind(Symbol.EXCLUDED, "the mapping leaves it out", Remedy.NOTHING),
    Cause.NO_DIGEST: Kind(Symbol.UNKNOWN, "the target states no sha256 for it", Remedy.AGAIN),
    Cause.NOT_FETCHED: Kind(Symbol.UNKNOWN, "its bytes could not be fetched from the target", Remedy.AGAIN),
    Cause.SOURCE_UNREAD: Kind(Symbol.UNKNOWN, "the source could not be read", Remedy.AGAIN),
    Cause.TARGET_UNREAD: Kind(Symbol.UNKNOWN, "the target could not be read", Remedy.AGAIN),
}
