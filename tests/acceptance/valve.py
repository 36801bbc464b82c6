"""A way to devpi that can be held up at the worst moment."""

from __future__ import annotations

import threading
from typing import Literal

from tests.support.passage import Look, Passage

#: Logging in and listing take less than this on one connection; an upload of more is an upload.
LARGE = 64 * 1024


class Valve(Passage):
    """Once it is closed on a side, a connection that has sent more than ``LARGE`` bytes goes no further.

    It sends no more (``request``), or its answer stays on the way (``answer``). ``spoil`` replaces
    bytes of answers by as many others.
    """

    def __init__(self, upstream: int) -> None:
        super().__init__(upstream)
        self._side = ""
        self._opened = threading.Event()
        self.spoil = (b"", b"")
        self.reached = threading.Event()

    def close(self, side: Literal["request", "answer"]) -> None:
        """Closed on that side; ``reached`` is set as soon as somebody is held up."""
        self.reached.clear()
        self._opened.clear()
        self._side = side

    def open(self) -> None:
        """Everything flows again."""
        self._side = ""
        self._opened.set()

    def __exit__(self, *_: object) -> None:
        self.open()
        super().__exit__()

    def looks(self) -> tuple[Look, Look]:
        """Held up where the Valve is closed."""
        sent = [0]

        def request(data: bytes) -> bytes:
            sent[0] += len(data)
            self._hold("request", sent[0])
            return data

        def answer(data: bytes) -> bytes:
            self._hold("answer", sent[0])
            return data.replace(*self.spoil) if self.spoil[0] else data

        return request, answer

    def _hold(self, side: str, sent: int) -> None:
        if side == self._side and sent > LARGE:
            self.reached.set()
            self._opened.wait()
