"""What a devpi token says of itself; pure, and no secret leaves it.

A token of devpi-tokens is ``devpi-`` and a macaroon of the second binary form: an identifier ``user-id``
and caveats like ``expires=1790000000`` or ``indexes=user/stable``. One of a login is signed JSON,
``["user", [], true].time.signature``, and lives ten hours.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from syncer.core.diagnosis.facts import TokenFacts
from syncer.core.secret import Secret

LOGIN_LIFE = timedelta(hours=10)
PREFIX = "devpi-"
_VERSION, _END, _IDENTIFIER = 2, 0, 2

#: What taking apart a text that is no token can raise; its message may hold a piece of the text.
_NO_TOKEN = (ValueError, LookupError, TypeError, OverflowError, OSError, RecursionError)


def read_token(token: Secret) -> TokenFacts | None:
    """The token's own words; None for one of another form."""
    text = token.reveal()
    try:
        return _macaroon(text.removeprefix(PREFIX)) if text.startswith(PREFIX) else _login(text)
    except _NO_TOKEN:
        return None


def _login(text: str) -> TokenFacts:
    payload, stamp, _ = text.rsplit(".", 2)
    user, groups, _ = json.loads(payload)
    if not isinstance(user, str) or not isinstance(groups, list):
        raise TypeError
    issued = datetime.fromtimestamp(int.from_bytes(_decoded(stamp)), UTC)
    return TokenFacts("login", user, issued + LOGIN_LIFE)


def _macaroon(text: str) -> TokenFacts:
    first, *caveats = _identifiers(_decoded(text))
    user, _ = first.rsplit("-", 1)
    said = [caveat.partition("=")[::2] for caveat in caveats]
    ends = [int(value) for key, value in said if key == "expires" and value != "never"]
    return TokenFacts(
        kind="devpi-token",
        user=user,
        expires=datetime.fromtimestamp(min(ends), UTC) if ends else None,
        indexes=_common(said, "indexes"),
        projects=_common(said, "projects"),
        allowed=_common(said, "allowed"),
    )


def _common(said: list[tuple[str, str]], key: str) -> frozenset[str] | None:
    """Of several restrictions of one kind, as a derived token has, all hold."""
    sets = [frozenset(part.strip() for part in value.split(",")) for name, value in said if name == key]
    return frozenset.intersection(*sets) if sets else None


def _identifiers(packed: bytes) -> Iterator[str]:
    """The identifier of the macaroon, then those of its caveats."""
    if packed[0] != _VERSION:
        raise ValueError
    at = 1
    while packed[at] != _END:  # one section, which its own end follows
        while packed[at] != _END:
            kind, at = _number(packed, at)
            length, at = _number(packed, at)
            if kind == _IDENTIFIER:
                yield packed[at : at + length].decode()
            at += length
        at += 1


def _number(packed: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where it ends."""
    value = shift = 0
    while packed[at] & 0x80:
        value, shift, at = value | (packed[at] & 0x7F) << shift, shift + 7, at + 1
    return value | packed[at] << shift, at + 1


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
