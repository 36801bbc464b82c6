"""A sign of life to a monitor elsewhere, which alarms when it hears nothing."""

from __future__ import annotations

import requests
from requests.adapters import HTTPAdapter

from syncer.adapters.http import Session
from syncer.core.errors import RemoteUnavailable
from syncer.core.secret import Secret

#: Seconds that the monitor may take to answer.
PATIENCE = 10.0


def ping(url: Secret) -> None:
    """The address was asked for and answered; raises RemoteUnavailable, which does not tell the address.

    Whoever knows it can speak for this installation.
    """
    try:
        with Session(verify=True, timeout=PATIENCE, authorize=lambda request: request) as session:
            for scheme in ("http://", "https://"):
                session.mount(scheme, HTTPAdapter())  # what would be tried again is logged with its path
            status = session.get(url.reveal(), allow_redirects=False).status_code
    except requests.RequestException as error:
        raise _unheard(type(error).__name__) from None
    if status >= 300:  # noqa: PLR2004  # anything but a success
        raise _unheard(f"status {status}")


def _unheard(why: str) -> RemoteUnavailable:
    return RemoteUnavailable(
        f"The monitor at ping_url was not reached ({why}).",
        "It is down, the way there is blocked, or the address is misspelt.",
        "Compare [runtime] ping_url with what the monitor says; it is tried again every minute.",
    )
