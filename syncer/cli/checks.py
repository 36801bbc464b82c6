"""How far a Mapping's files were read back, as text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import click

from syncer.cli.text import ago, counts, duration, numbered
from syncer.core.check import Progress


def check_lines(progress: Progress | None, now: datetime) -> Iterator[str]:
    """One line, and one more where the Target does not serve what it says; nothing where it is turned off."""
    if progress is None:
        return
    parts = [f"{progress.checked} of {numbered(progress.files, 'file')} within {duration(progress.window)}"]
    if progress.oldest is not None:
        parts.append(f"the oldest {ago(progress.oldest, now)}")
    if progress.through_at is not None:
        parts.append(f"at this pace all of them in {duration((progress.through_at - now).total_seconds())}")
    yield f"  bytes read back: {', '.join(parts)}"
    found = {
        "with other bytes": progress.differs,
        "not served": progress.missing,
        "not readable": progress.unreadable,
    }
    if progress.spoilt:
        yield click.style(f"    at the target: {counts(found)}", fg="red")
