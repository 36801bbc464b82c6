"""The multipart form of an upload."""

import re
from email.message import Message
from urllib.parse import unquote

from .names import stored_filename
from .store import Refused, Upload

_NAME = re.compile(r'; ?name="?([^";]+)"?')
_FILENAME = re.compile(r'; ?filename="([^"]*)"(?:;|$)')
_ENCODED_FILENAME = re.compile(r"; ?filename\*=utf-8''([^;]+)", re.IGNORECASE)


def parse(content_type: str, body: bytes) -> tuple[Upload, str]:
    """The fields that Gitea reads, and the sha256 that the sender claims, in lower case.

    `Refused` (400) when there is no file, as for a file name that is empty or holds a quote.
    """
    message = Message()
    message["Content-Type"] = content_type
    boundary = f"\r\n--{message.get_param('boundary', '')}".encode()
    fields: dict[str, str] = {}
    content: tuple[str, bytes] | None = None
    for part in (b"\r\n" + body).split(boundary)[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        header = _disposition(head.decode())
        name = _NAME.search(header)
        if name and name[1] == "content":
            content = (_filename(header), value)
        elif name:
            fields.setdefault(name[1], value.decode("utf-8", "replace"))
    if content is None or not content[0]:
        raise Refused(400, "http: no such file")
    return _upload(fields, *content), fields.get("sha256_digest", "").lower()


def _disposition(head: str) -> str:
    lines = (line.partition(":") for line in head.splitlines())
    return next((value.strip() for name, _, value in lines if name.lower() == "content-disposition"), "")


def _filename(header: str) -> str:
    encoded = _ENCODED_FILENAME.search(header)
    plain = _FILENAME.search(header)
    return stored_filename(unquote(encoded[1]) if encoded else plain[1] if plain else "")


def _upload(fields: dict[str, str], filename: str, content: bytes) -> Upload:
    return Upload(
        name=fields.get("name", ""),
        version=fields.get("version", ""),
        filename=filename,
        content=content,
        requires_python=fields.get("requires_python", ""),
    )
