"""What works today and ought to be looked at: said again and again until somebody mends it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class WarningKind(StrEnum):
    """What a standing warning is about; the first three are found in the configuration."""

    UNVERIFIED_TLS = "unverified_tls"
    PLAIN_HTTP = "plain_http"
    LOOPBACK_INSTEAD = "loopback_instead"
    NAMESAKE = "namesake"
    OPEN_WHITELIST = "open_whitelist"
    RECHECK = "recheck"
    RELEASE = "release"
    WITHDRAWALS_HELD = "withdrawals_held"


@dataclass(frozen=True, slots=True)
class StandingWarning:
    """Two sentences without secrets; ``subject`` is what of its kind it speaks of."""

    kind: str
    subject: str
    text: str
    next_step: str

    def __str__(self) -> str:
        return f"{self.text} {self.next_step}".strip()
