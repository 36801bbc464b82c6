"""What is to be said of a devpi-server and of the credential that is configured for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from packaging.version import InvalidVersion, Version

from syncer.core.diagnosis.advice import found, not_known
from syncer.core.diagnosis.codes import Code
from syncer.core.diagnosis.facts import DevpiFacts, TokenFacts
from syncer.core.diagnosis.finding import Check, Finding, fine
from syncer.core.diagnosis.judge_any import clock_skew

#: The devpi-server that the tests run against.
TESTED = "6.20"
SOON = timedelta(days=14)

DEVPI_CHECKS = (Check.DEVPI_VERSION, Check.REPLICA, Check.DEVPI_CREDENTIAL, Check.CLOCK_SKEW)


def judge_devpi(about: str, url: str, devpi: DevpiFacts, now: datetime) -> Iterator[Finding]:
    """All of the server itself."""
    yield fine(Check.ANSWERS, about, url)
    yield _version(about, devpi.version)
    yield _replica(about, devpi.is_replica)
    yield _credential(about, devpi, now)
    yield clock_skew(about, devpi.clock)


def _version(about: str, text: str) -> Finding:
    try:
        version = Version(text)
    except InvalidVersion:
        return not_known(
            Check.DEVPI_VERSION, about, "The server does not tell its version, as a devpi-server does."
        )
    tested = Version(TESTED)
    if version.major != tested.major:
        return found(Code.DEVPI_OTHER, about, text, tested=TESTED)
    if version < tested:
        return found(Code.DEVPI_OLDER, about, text, tested=TESTED)
    return fine(Check.DEVPI_VERSION, about, text)


def _replica(about: str, is_replica: bool | None) -> Finding:  # noqa: FBT001  # what is known, not a switch
    if is_replica is None:
        return not_known(Check.REPLICA, about, "The server does not tell whether it is a primary.")
    if is_replica:
        return found(Code.IS_REPLICA, about, "a replica")
    return fine(Check.REPLICA, about, "a primary")


def _credential(about: str, devpi: DevpiFacts, now: datetime) -> Finding:
    token = devpi.token
    if token is not None and token.user != devpi.user:
        text = f"a token of {token.user} for user {devpi.user}"
        return found(Code.TOKEN_OF_ANOTHER, about, text, owner=token.user, user=devpi.user)
    if token is not None and token.expires is not None and token.expires <= now:
        return found(Code.TOKEN_EXPIRED, about, _kind(token), when=_date(token.expires), user=devpi.user)
    if not devpi.accepted:
        return found(Code.CREDENTIAL_REFUSED, about, f"devpi answered {devpi.login}")
    if devpi.has_password:
        return fine(Check.DEVPI_CREDENTIAL, about, f"password of {devpi.user}, accepted")
    if token is None:
        return found(Code.TOKEN_UNREADABLE, about, f"a token of {devpi.user}, accepted", user=devpi.user)
    return _life(about, devpi.user, token, now)


def _life(about: str, user: str, token: TokenFacts, now: datetime) -> Finding:
    if token.expires is None:
        return found(Code.TOKEN_FOR_EVER, about, f"{_kind(token)} without an end")
    text = f"{_kind(token)} until {_date(token.expires)}"
    if token.kind == "login":
        return found(Code.TOKEN_OF_LOGIN, about, text, when=_date(token.expires), user=user)
    if token.expires <= now + SOON:
        return found(Code.TOKEN_EXPIRES_SOON, about, text, when=_date(token.expires), user=user)
    return fine(Check.DEVPI_CREDENTIAL, about, f"{text}, accepted")


def _kind(token: TokenFacts) -> str:
    return f"a login token of {token.user}" if token.kind == "login" else f"a devpi token of {token.user}"


def _date(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
