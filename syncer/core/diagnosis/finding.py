"""What was found out about one thing, and how bad it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, auto


class Level(StrEnum):
    """How bad it is; what could not be found out is ``unknown``, never ``ok``."""

    OK = "ok"
    NOTICE = "notice"
    WARNING = "warning"
    PROBLEM = "problem"
    UNKNOWN = "unknown"


#: Of these none may stand where all is to be well.
NOT_FINE = frozenset({Level.PROBLEM, Level.UNKNOWN})


class Check(StrEnum):
    """What is looked at; the names are those of the JSON and of the documentation."""

    ANSWERS = auto()
    TIME_OUTS = auto()
    CLOCK_SKEW = auto()
    ROOT_URL = auto()
    TOKEN_SCOPES = auto()
    OWNER_VISIBILITY = auto()
    PAGING_CAP = auto()
    DEVPI_VERSION = auto()
    REPLICA = auto()
    DEVPI_CREDENTIAL = auto()
    INDEX_TYPE = auto()
    BASES = auto()
    ACL_UPLOAD = auto()
    VOLATILE = auto()
    MIRROR_WHITELIST = auto()
    BROKER_VERSION = auto()
    BROKER_EVICTION = auto()
    BROKER_PERSISTENCE = auto()
    DATABASE_VERSION = auto()
    DATABASE_REVISION = auto()
    FREE_SPACE = auto()


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check says of one thing.

    ``about`` is the section of the configuration that it concerns; ``seen`` is what was seen there. A
    finding that is not ``ok`` has a ``code`` of the table of advice and its three sentences.
    """

    check: Check
    about: str
    level: Level
    seen: str
    code: str = ""
    cause: str = ""
    consequence: str = ""
    fix: str = ""


def fine(check: Check, about: str, seen: str) -> Finding:
    """The check found nothing wrong."""
    return Finding(check, about, Level.OK, seen)


def is_fine(findings: tuple[Finding, ...]) -> bool:
    """Whether neither a problem nor anything unknown stands."""
    return not any(finding.level in NOT_FINE for finding in findings)
