"""What a configuration without mistakes still leaves open: one standing warning each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from syncer.config.resolve import Values
from syncer.config.schema import Place
from syncer.core.hosts import is_loopback
from syncer.core.warning import StandingWarning, WarningKind

#: Where the status view listens when it would be open to everybody by an older option.
LOOPBACK = "127.0.0.1"


def weaknesses(servers: Iterable[Values], web: Values) -> Iterator[tuple[Place, StandingWarning]]:
    """Each warning with the place in the configuration that it comes from."""
    for server in servers:
        yield from _of_server(server)
    yield from _of_web(web)


def is_open(web: Values) -> bool:
    """Whether the status view and Flower would be open to the network without a password."""
    return not is_loopback(str(web.values.get("host", LOOPBACK))) and not web.secret_entry()


def is_told_by_older_name(web: Values) -> bool:
    """Whether the host is given by ``[runtime] server_host``, for a tool whose view asked for no password."""
    return web.place("host").option != "host"


def _of_server(server: Values) -> Iterator[tuple[Place, StandingWarning]]:
    url, title = urlsplit(str(server.values.get("url", ""))), str(server.stanza.key)
    if url.scheme == "https" and server.values.get("verify_ssl") is False:
        yield (
            server.place("verify_ssl"),
            StandingWarning(
                WarningKind.UNVERIFIED_TLS,
                title,
                f"The certificate of {title} is not verified: whoever is on the way to it can read its "
                "credentials and exchange files.",
                "Set verify_ssl to true, or to the path of the CA bundle that signed it.",
            ),
        )
    if url.scheme == "http" and not is_loopback(url.hostname or "") and not server.values.get("plain_http"):
        yield (
            server.place("url"),
            StandingWarning(
                WarningKind.PLAIN_HTTP,
                title,
                f"The url of {title} is http: whoever is on the way to it can read its credentials and "
                "exchange files.",
                "Give it as https://…, or set plain_http = true if nobody else is on that network.",
            ),
        )


def _of_web(web: Values) -> Iterator[tuple[Place, StandingWarning]]:
    if is_open(web) and is_told_by_older_name(web):
        yield (
            web.place("host"),
            StandingWarning(
                WarningKind.LOOPBACK_INSTEAD,
                "[web]",
                f"The status view and Flower listen on {LOOPBACK} only, as server_host would open them to "
                "the network and no password is given.",
                "Set [web] host and password_env, or remove server_host.",
            ),
        )
