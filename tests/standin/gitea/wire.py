"""HTTP/1.1 on real sockets: keep-alive, framing as Go does it, and answers that break off."""

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .exchange import Request, Response

_GO_BUFFER = 2048
"""Bodies up to this size are sent with Content-Length, longer ones chunked."""
_PIECE = 1 << 16


class _Dropped(ConnectionError):
    """The answer broke off on purpose."""


class Wire(ThreadingHTTPServer):
    """Listens on 127.0.0.1 and lets `answer` speak; stopping it cuts every connection."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, answer: Callable[[Request], Response]) -> None:
        super().__init__(("127.0.0.1", port), _Connection)
        self.answer = answer
        self.stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Serves from a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stops listening, wakes what hangs and cuts kept connections."""
        self.stopping.set()
        self.shutdown()
        self._thread.join()
        self.server_close()
        with self._changed:
            for connection in self._connections:
                _cut(connection)
            self._changed.wait_for(lambda: not self._connections, timeout=5)

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client: object) -> None:
        """Remembers the connection, so that stopping can cut it."""
        if isinstance(request, socket.socket):
            with self._changed:
                self._connections.add(request)
        super().process_request(request, client)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Closes and forgets the connection."""
        super().shutdown_request(request)
        if isinstance(request, socket.socket):
            with self._changed:
                self._connections.discard(request)
                self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Wire

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        wait = self.server.stopping.wait
        self._send(self.server.answer(Request(self.command, self.path, self.headers, body, wait)))

    # http.server prescribes these names.
    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815

    def _send(self, response: Response) -> None:
        is_bodiless = self.command == "HEAD" or response.status in (204, 304)
        length = len(response.body) + response.padding
        is_chunked = not (is_bodiless or response.sized or response.padding) and length > _GO_BUFFER
        framing = {} if is_bodiless else {"Content-Length": str(length)}
        self._send_head(response, {"Transfer-Encoding": "chunked"} if is_chunked else framing)
        if is_chunked:
            self.wfile.write(b"%x\r\n%b\r\n0\r\n\r\n" % (length, response.body))
        elif not is_bodiless:
            self._send_pieces(response)

    def _send_head(self, response: Response, framing: dict[str, str]) -> None:
        phrase = HTTPStatus(response.status).phrase
        fields = {"Date": formatdate(usegmt=True), **response.headers, **framing}
        lines = [
            f"HTTP/1.1 {response.status} {phrase}",
            *(f"{name}: {value}" for name, value in fields.items()),
        ]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode())

    def _send_pieces(self, response: Response) -> None:
        left = response.drop_after
        for piece in _pieces(response):
            self.wfile.write(piece if left is None else piece[:left])
            if left is not None and (left := left - len(piece)) <= 0:
                self._drop()
            if response.pace is not None:
                self.server.stopping.wait(response.pace.seconds)

    def _drop(self) -> None:
        _cut(self.connection)
        raise _Dropped

    def log_message(self, *_: object) -> None:
        """Tests read `StandinGitea.requests`, not a log."""


def _pieces(response: Response) -> Iterator[bytes]:
    size = response.pace.size if response.pace else _PIECE
    for start in range(0, len(response.body), size):
        yield response.body[start : start + size]
    for start in range(0, response.padding, size):
        yield b" " * min(size, response.padding - start)
