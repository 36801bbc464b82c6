"""Who sits at the terminal, as the audit names them."""

from __future__ import annotations

import getpass
import socket


def actor() -> str:
    """``user@host``; the user is unknown where the system has no name for it."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    return f"{user}@{socket.gethostname()}"
