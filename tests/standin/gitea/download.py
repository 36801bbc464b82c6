"""A file as Go's `http.ServeContent` serves it: ranges and conditions, no ETag."""

import re
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import quote

from .exchange import NO_CACHE, ROUTER_TEXT, SECURITY, Request, Response
from .model import File

_BOUNDARY = "3d6b6a416f9b5c7de1c6d1b5d9c0a0f2a7a6e0f3b1c2d4e5f60718293a4b5c6d"
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z{}]+")

Span = tuple[int, int]
"""First byte, and the byte behind the last one."""


class MalformedRangeError(ValueError):
    """The Range header says nothing that makes sense."""


def serve(request: Request, file: File) -> Response:
    """The whole file, parts of it, 304 or 416."""
    headers = _headers(file)
    dated = {"Last-Modified": format_datetime(file.created_at, usegmt=True)}
    if _is_unmodified(request, file.created_at):
        return Response(304, {**NO_CACHE, **headers, **dated})
    try:
        spans = _spans(request, file)
    except MalformedRangeError:
        return _unsatisfiable(headers, "invalid range")
    if spans == []:
        headers |= {"Content-Range": f"bytes */{len(file.content)}"}
        return _unsatisfiable(headers, "invalid range: failed to overlap")
    headers |= {**NO_CACHE, **dated, "Accept-Ranges": "bytes", "Content-Type": "application/octet-stream"}
    if spans is None:
        return Response(200, headers, file.content, sized=True)
    return _partial(headers, file.content, spans)


def _headers(file: File) -> dict[str, str]:
    return {
        "Access-Control-Expose-Headers": "Content-Disposition",
        "Content-Disposition": f"attachment; {_disposition(file.name)}",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        "No-Gzip-Compression": "1",
        **SECURITY,
    }


def _disposition(name: str) -> str:
    if _TOKEN.fullmatch(name):
        return f"filename={name}"
    if name.isascii():
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'filename="{quoted}"'
    return f"filename*=utf-8''{quote(name)}"


def _unsatisfiable(headers: dict[str, str], text: str) -> Response:
    return Response(416, headers | {"Content-Type": ROUTER_TEXT}, f"{text}\n".encode())


def _is_unmodified(request: Request, modified: datetime) -> bool:
    if "If-None-Match" in request.headers:
        return request.headers["If-None-Match"].strip() == "*"
    since = _date(request.headers.get("If-Modified-Since", ""))
    return since is not None and modified <= since


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None


def _spans(request: Request, file: File) -> list[Span] | None:
    """The spans asked for that overlap the file; None when the whole file is to be sent."""
    wanted = request.headers.get("Range", "")
    if not wanted or not file.content:
        return None
    if "If-Range" in request.headers and _date(request.headers["If-Range"]) != file.created_at:
        return None
    unit, _, ranges = wanted.partition("=")
    if unit != "bytes":
        raise MalformedRangeError(wanted)
    size = len(file.content)
    spans = [_span(part.strip(), size) for part in ranges.split(",") if part.strip()]
    overlapping = [span for span in spans if span[0] < span[1]]
    is_wasteful = sum(end - start for start, end in overlapping) > size
    return None if is_wasteful else overlapping


def _span(text: str, size: int) -> Span:
    match = re.fullmatch(r"(\d*)\s*-\s*(\d*)", text)
    if match is None or text == "-":
        raise MalformedRangeError(text)
    first, last = match.groups()
    if not first:
        return max(size - int(last), 0), size
    if last and int(last) < int(first):
        raise MalformedRangeError(text)
    return int(first), min(int(last) + 1, size) if last else size


def _partial(headers: dict[str, str], content: bytes, spans: list[Span]) -> Response:
    size = len(content)
    if len(spans) == 1:
        ((start, end),) = spans
        headers = headers | {"Content-Range": f"bytes {start}-{end - 1}/{size}"}
        return Response(206, headers, content[start:end], sized=True)
    parts = [
        f"--{_BOUNDARY}\r\nContent-Range: bytes {start}-{end - 1}/{size}\r\n"
        f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode()
        + content[start:end]
        for start, end in spans
    ]
    body = b"\r\n".join([*parts, f"--{_BOUNDARY}--\r\n".encode()])
    kind = f"multipart/byteranges; boundary={_BOUNDARY}"
    return Response(206, headers | {"Content-Type": kind}, body, sized=True)
