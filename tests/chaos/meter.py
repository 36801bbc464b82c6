"""A way to devpi that counts every upload and knows when it began and what was answered."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Self

_POST = re.compile(rb"POST /(\S+?)/? HTTP/1\.[01]\r\n")
_FILENAME = re.compile(rb'filename="([^"\r\n]+)"')
_ANSWER = re.compile(rb"HTTP/1\.[01] (\d{3})")
#: The form's other fields come first and are small; a file name is not looked for beyond this.
HEAD = 2**18


@dataclass(slots=True)
class Upload:
    """One POST of a file to an index; ``status`` is 0 until devpi answered."""

    began: float
    status: int = 0


class Meter:
    """Passes connections on to a port of 127.0.0.1 and keeps a record of the uploads among them."""

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._lock = threading.Lock()
        self._uploads: dict[tuple[str, str], list[Upload]] = defaultdict(list)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def uploads(self, since: float = 0) -> Counter[tuple[str, str]]:
        """How often each file was sent to each index since then: (index, file name)."""
        with self._lock:
            counted = {key: sum(each.began >= since for each in sent) for key, sent in self._uploads.items()}
        return Counter({key: number for key, number in counted.items() if number})

    def began(self, index: str, filename: str) -> float | None:
        """When the first upload began that may have put the file on the index; None without one."""
        with self._lock:
            sent = list(self._uploads.get((index, filename), ()))
        return min((each.began for each in sent if each.status in (0, 200)), default=None)

    def begun(self, index: str, filename: str) -> Upload:
        """A file is being sent."""
        upload = Upload(time.monotonic())
        with self._lock:
            self._uploads[index, filename].append(upload)
        return upload

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with (
            contextlib.suppress(OSError),
            client,
            socket.create_connection(("127.0.0.1", self._upstream)) as server,
        ):
            connection = _Connection(self)
            back = threading.Thread(target=_copy, args=(server, client, connection.answered), daemon=True)
            back.start()
            _copy(client, server, connection.asked)
            back.join()


class _Connection:
    """What is being asked on one kept connection, one request after the other."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._index = ""
        self._head = b""
        self._upload: Upload | None = None

    def asked(self, data: bytes) -> None:
        if found := _POST.match(data):
            self._index, self._head, self._upload = found[1].decode(), b"", None
        if not self._index or self._upload is not None or len(self._head) > HEAD:
            return
        self._head += data
        if named := _FILENAME.search(self._head):
            self._upload = self._meter.begun(self._index, named[1].decode())

    def answered(self, data: bytes) -> None:
        found = _ANSWER.match(data)
        if found and int(found[1]) >= 200 and self._upload is not None and not self._upload.status:
            self._upload.status = int(found[1])
            self._index = ""


def _copy(source: socket.socket, sink: socket.socket, look: object) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(2**16):
            look(data)  # type: ignore[operator]  # always one of the two methods above
            sink.sendall(data)
    for end, how in ((sink, socket.SHUT_WR), (source, socket.SHUT_RD)):
        with contextlib.suppress(OSError):
            end.shutdown(how)
