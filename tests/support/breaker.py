"""A proxy that resets connections, as a failing network does."""

from __future__ import annotations

import socket
import threading
from typing import Self


class Breaker:
    """Passes connections on to a port, and resets each one that has sent too many bytes."""

    def __init__(self, upstream: int, *, after: int) -> None:
        self._upstream = upstream
        self._after = after
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._pass_on, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._upstream)) as server:
            back = threading.Thread(target=_copy, args=(server, client, 2**40), daemon=True)
            back.start()
            _copy(client, server, self._after)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            server.shutdown(socket.SHUT_RDWR)
            back.join(10)


def _copy(source: socket.socket, sink: socket.socket, limit: int) -> None:
    try:
        while limit > 0 and (data := source.recv(min(limit, 2**16))):
            sink.sendall(data)
            limit -= len(data)
    except OSError:
        return
