"""A way to a server of this machine on which somebody stands and looks."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Self

#: What becomes of the bytes that pass: those that are sent on.
Look = Callable[[bytes], bytes]


class Passage:
    """Passes connections on to a port of 127.0.0.1; ``url`` is its own address."""

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def looks(self) -> tuple[Look, Look]:
        """What is done with the requests and with the answers of a new connection."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        there, back = self.looks()
        with contextlib.suppress(OSError), client, self._connected() as server:
            answers = threading.Thread(target=_copy, args=(server, client, back), daemon=True)
            answers.start()
            _copy(client, server, there)
            answers.join()

    def _connected(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self._upstream))


def _copy(source: socket.socket, sink: socket.socket, look: Look) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(2**16):
            sink.sendall(look(data))
    for end, how in ((sink, socket.SHUT_WR), (source, socket.SHUT_RD)):
        with contextlib.suppress(OSError):
            end.shutdown(how)
