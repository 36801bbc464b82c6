"""How use cases ask for further work: messages of ids, never bytes or secrets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One task to be sent, ``delay`` seconds from now at the earliest."""

    task: str
    ids: dict[str, str | int] = field(default_factory=dict)
    delay: float = 0.0


class Queue(Protocol):
    """Carries messages to whoever works; losing one loses no work, reconcile sends it again."""

    def send(self, messages: Iterable[Message]) -> None:
        """Every message is handed over, or RemoteUnavailable is raised.

        One with a long delay may be left out: its work stands in the ledger and is due there.
        """
        ...

    def waiting(self, task: str) -> bool:
        """Whether messages of the task still wait to be taken up; raises RemoteUnavailable."""
        ...
