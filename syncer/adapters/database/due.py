"""What should have been taken by now, and how many messages are worth sending for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import or_

from syncer.adapters.database.schema import BlobRow, TransferRow

Key = TypeVar("Key")

#: More lanes than any server has.
WIDEST = 64


def is_unsent(row: type[BlobRow | TransferRow], since: datetime) -> Any:
    """No message asked for the row since then, or since it became due."""
    return or_(row.sent_at.is_(None), row.sent_at < since, row.sent_at < row.next_attempt_at)


def enough(found: Iterable[tuple[Key, str]]) -> list[Key]:
    """Each message wakes a lane of the server, which takes all that is ready: more messages do nothing."""
    numbers: Counter[str] = Counter()
    chosen = []
    for key, server in found:
        numbers[server] += 1
        if numbers[server] <= WIDEST:
            chosen.append(key)
    return chosen
