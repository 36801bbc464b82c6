"""A way to devpi that can be held up at the worst moment."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Literal, Self

#: Logging in and listing take less than this on one connection; an upload of more is an upload.
LARGE = 64 * 1024


class Valve:
    """Passes connections on to a port of 127.0.0.1.

    Once it is closed on a side, a connection that has sent more than ``LARGE`` bytes goes no further:
    it sends no more (``request``), or its answer stays on the way (``answer``). ``spoil`` replaces
    bytes of answers by as many others.
    """

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._side = ""
        self._opened = threading.Event()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
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

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.open()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        sent = [0]
        with client, socket.create_connection(("127.0.0.1", self._upstream)) as server:
            back = threading.Thread(target=self._copy, args=(server, client, sent, "answer"), daemon=True)
            back.start()
            self._copy(client, server, sent, "request")
            back.join()

    def _copy(self, source: socket.socket, sink: socket.socket, sent: list[int], side: str) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(2**16):
                sent[0] += len(data) if side == "request" else 0
                if side == self._side and sent[0] > LARGE:
                    self.reached.set()
                    self._opened.wait()
                sink.sendall(data.replace(*self.spoil) if side == "answer" and self.spoil[0] else data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
