"""Where the embedded broker of ``syncer up`` can be reached, for every other shell on this machine."""

import os
from pathlib import Path
from urllib.parse import parse_qs, urlsplit


def find_broker_url(state_dir: Path) -> str | None:
    """The URL, as Celery wants it, that a launcher left in ``state_dir``; None when there is none.

    The URL may outlive a launcher that was killed; then nothing answers there.
    """
    try:
        return _file(state_dir).read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None


def publish_broker_url(state_dir: Path, url: str) -> None:
    """Other shells find ``url`` from now on; only this user can read it, for it may hold a password."""
    part = _file(state_dir).with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(f"{url}\n")
    part.replace(_file(state_dir))


def withdraw_broker_url(state_dir: Path) -> None:
    """No shell finds a broker in ``state_dir`` any more."""
    _file(state_dir).unlink(missing_ok=True)


def client_url(url: str) -> str:
    """The broker URL as redis-py reads it, which spells a Unix socket differently from kombu."""
    parts = urlsplit(url)
    if parts.scheme != "redis+socket":
        return url
    database = parse_qs(parts.query).get("virtual_host", ["0"])[0]
    return f"unix://{parts.path}?db={database}"


def _file(state_dir: Path) -> Path:
    return state_dir / "broker.url"
