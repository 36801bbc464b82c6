"""A way to devpi that counts every upload and knows when it, or a push, began and what was answered."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass

from syncer.core.names import read_filename
from tests.support.passage import Look, Passage

_POST = re.compile(rb"POST /(\S+?)/? HTTP/1\.[01]\r\n")
_FILENAME = re.compile(rb'filename="([^"\r\n]+)"')
_PUSHED = tuple(re.compile(rb'"%s": *"([^"]+)"' % name) for name in (b"targetindex", b"name", b"version"))
_ANSWER = re.compile(rb"HTTP/1\.[01] (\d{3})")
#: The form's other fields come first and are small; a file name is not looked for beyond this.
HEAD = 2**18


@dataclass(slots=True)
class Upload:
    """One POST of a file to an index; ``status`` is 0 until devpi answered."""

    began: float
    status: int = 0


class Meter(Passage):
    """Keeps a record of the uploads that pass."""

    def __init__(self, upstream: int) -> None:
        super().__init__(upstream)
        self._lock = threading.Lock()
        self._uploads: dict[tuple[str, str], list[Upload]] = defaultdict(list)
        self._pushes: dict[tuple[str, str, str], list[Upload]] = defaultdict(list)

    def looks(self) -> tuple[Look, Look]:
        """What is being asked on a connection, and how it is answered."""
        connection = _Connection(self)
        return connection.asked, connection.answered

    def uploads(self, since: float = 0) -> Counter[tuple[str, str]]:
        """How often each file was sent to each index since then: (index, file name)."""
        with self._lock:
            counted = {key: sum(each.began >= since for each in sent) for key, sent in self._uploads.items()}
        return Counter({key: number for key, number in counted.items() if number})

    def began(self, index: str, filename: str) -> float | None:
        """When the first upload or push began that may have put the file on the index; None without one."""
        named = read_filename(filename)
        with self._lock:
            sent = list(self._uploads.get((index, filename), ()))
            sent += self._pushes.get((index, named.project, named.version), ())
        return min((each.began for each in sent if each.status in (0, 200)), default=None)

    def begun(self, index: str, filename: str) -> Upload:
        """A file is being sent."""
        upload = Upload(time.monotonic())
        with self._lock:
            self._uploads[index, filename].append(upload)
        return upload

    def pushed(self, index: str, project: str, version: str) -> Upload:
        """devpi is asked to copy a release to the index."""
        push = Upload(time.monotonic())
        with self._lock:
            self._pushes[index, project, version].append(push)
        return push


class _Connection:
    """What is being asked on one kept connection, one request after the other."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._index = ""
        self._head = b""
        self._upload: Upload | None = None

    def asked(self, data: bytes) -> bytes:
        self._note(data)
        return data

    def _note(self, data: bytes) -> None:
        if found := _POST.match(data):
            self._index, self._head, self._upload = found[1].decode(), b"", None
        if not self._index or self._upload is not None or len(self._head) > HEAD:
            return
        self._head += data
        if named := _FILENAME.search(self._head):
            self._upload = self._meter.begun(self._index, named[1].decode())
        elif all(pushed := [pattern.search(self._head) for pattern in _PUSHED]):
            self._upload = self._meter.pushed(*(found[1].decode() for found in pushed if found))

    def answered(self, data: bytes) -> bytes:
        found = _ANSWER.match(data)
        if found and int(found[1]) >= 200 and self._upload is not None and not self._upload.status:
            self._upload.status = int(found[1])
            self._index = ""
        return data
