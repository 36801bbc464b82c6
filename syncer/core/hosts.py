"""Which host names mean this machine."""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether a host name or address, in brackets or not, can only mean this machine itself."""
    name = host.removeprefix("[").removesuffix("]").removesuffix(".").lower()
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
