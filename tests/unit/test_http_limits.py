"""An answer without end, whoever sends it, costs little and ends soon."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from syncer.adapters import http
from syncer.adapters.http import Session, remote_errors
from syncer.core.errors import RemoteUnavailable
from tests.support.memory import cost_of

MIB = 2**20
OK = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextmanager
def server(head: str, chunk: bytes, *, pause: float = 0.0, first: str = "") -> Iterator[str]:
    """Sends a head, then the chunk again and again until the client is gone; ``first`` goes to ``/``."""
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/"

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            asked = connection.recv(65536)
            connection.sendall((first if first and asked.startswith(b"GET / ") else head).encode() + b"\r\n")
            while True:
                connection.sendall(chunk)
                time.sleep(pause)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield url
    finally:
        listening.close()


def chunked(body: bytes) -> bytes:
    return f"{len(body):x}\r\n".encode() + body + b"\r\n"


@pytest.mark.parametrize(
    ("head", "chunk"),
    [
        pytest.param(OK, b" " * MIB, id="until the connection ends"),
        pytest.param(f"{OK}Content-Length: {2**50}\r\n", b" " * MIB, id="an absurd length"),
        pytest.param(f"{OK}Transfer-Encoding: chunked\r\n", chunked(b" " * MIB), id="chunks"),
        pytest.param(
            f"{OK}Content-Encoding: gzip\r\n", gzip.compress(bytes(64 * MIB)), id="a bomb, compressed"
        ),
        pytest.param("HTTP/1.1 404 Not Found\r\n", b" " * MIB, id="an error page"),
    ],
)
def test_an_answer_without_end_is_given_up(head: str, chunk: bytes) -> None:
    imports = "from syncer.adapters.http import Session"
    work = "Session(verify=True, timeout=5, authorize=lambda r: r).get(sys.argv[1])"
    with server(head, chunk) as url:
        cost = cost_of(work, url, imports=imports)
    assert "EndlessAnswer" in cost.error
    assert cost.kilobytes < 200 * 1024
    assert cost.seconds < 10


def test_the_rest_of_a_redirect_is_not_read() -> None:
    first = "HTTP/1.1 302 Found\r\nLocation: /there\r\n"
    there = f"{OK}Content-Length: 2\r\nConnection: close\r\n"
    session = Session(verify=True, timeout=5, authorize=lambda request: request)
    with server(there, b"{}", first=first, pause=0.01) as url:
        started = time.monotonic()
        assert session.get(url).json() == {}
        assert session.get(url, allow_redirects=False).status_code == 302
    assert time.monotonic() - started < 5


def test_an_answer_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes within the time-out, the last one never."""
    monkeypatch.setattr(http, "LONGEST_ANSWER", 1.0)
    session = Session(verify=True, timeout=5, authorize=lambda request: request)
    given_up = pytest.raises(RemoteUnavailable, match="EndlessAnswer")
    with server(OK, b" ", pause=0.05) as url, given_up, remote_errors("devpi", url):
        session.get(url)


def test_who_asked_to_read_itself_reads_itself() -> None:
    session = Session(verify=True, timeout=5, authorize=lambda request: request)
    with server(OK, b"x" * MIB) as url, session.get(url, stream=True) as response:
        assert response.raw.read(4) == b"xxxx"


def test_the_time_that_a_reader_takes_is_not_held_against_the_server() -> None:
    session, size = Session(verify=True, timeout=5, authorize=lambda request: request), 4 * http.CHUNK_BYTES
    with (
        server(f"{OK}Content-Length: {size}\r\n", b"x" * size) as url,
        session.get(url, stream=True) as response,
    ):
        read = []
        for chunk in http.body_chunks("devpi", response, until=time.monotonic() + 1):
            read.append(len(chunk))
            time.sleep(0.35 if len(read) <= 4 else 0)
    assert sum(read) == size
