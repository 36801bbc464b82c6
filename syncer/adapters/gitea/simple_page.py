"""The registry's simple page of one project (PEP 503), HTML to values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import unquote

from syncer.core.errors import ListingIncomplete

#: A longer ``data-requires-python`` is dropped: the file's own metadata decides anyway.
MAX_REQUIRES_PYTHON = 4096
#: Characters of one tag without its quoted values; the standard parser needs hundreds of bytes for each.
MAX_TAG = 2**16
#: Characters that are parsed at a time, and the most pieces that the text of one anchor may come in.
_PIECE = 2**17
_MAX_TEXTS = 1000

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_FRAGMENT = "#sha256="
_QUOTED = re.compile(r""""[^"]*"?|'[^']*'?""")

Attributes = list[tuple[str, str | None]]


@dataclass(frozen=True, slots=True)
class Anchor:
    """One file of the page; ``version`` is spelt as Gitea spells it, ``sha256`` is lower-case hex."""

    filename: str
    version: str
    sha256: str
    requires_python: str = ""


def parse_simple_page(page: bytes, name: str) -> tuple[Anchor, ...]:
    """All files of the page of the project that Gitea stores as ``name`` (lower case).

    Raises ListingIncomplete when the page is cut off, or an anchor does not tell its file: an
    unknown file is never left out in silence. The page's address plays no part: hrefs carry
    Gitea's ROOT_URL.
    """
    parser = _PageParser(name)
    text = page.decode("utf-8", "replace")
    try:
        # Never closed: close() takes time in the square of a hostile page, and what it adds is refused below.
        for start in range(0, len(text), _PIECE):
            parser.feed(text[start : start + _PIECE])
            if len(_QUOTED.sub("", parser.rawdata)) > MAX_TAG:
                raise _unreadable(name, "it has a tag of absurd size")
    except (ValueError, AssertionError) as error:
        # The standard parser raises these on unknown declarations and on endless character numbers.
        raise _unreadable(name, "it is no well-formed HTML") from error
    if not parser.is_whole or parser.rawdata.strip():
        raise _unreadable(name, "it ends before </html>")
    return tuple(parser.anchors)


class _PageParser(HTMLParser):
    def __init__(self, name: str) -> None:
        super().__init__(convert_charrefs=True)
        self.anchors: list[Anchor] = []
        self.is_whole = False
        self._name = name
        self._attributes: Attributes | None = None
        self._text: list[str] = []

    def handle_decl(self, decl: str) -> None:
        if decl.lower() != "doctype html":
            self.unknown_decl(decl)

    def unknown_decl(self, data: str) -> None:
        """Refuse what Gitea never writes, and whose end is told differently by every parser."""
        raise _unreadable(self._name, f"it holds a comment or a declaration, {data[:80]!r}")

    handle_comment = handle_pi = unknown_decl

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        self.is_whole = False
        if tag == "a":
            self._end_anchor()
            self._attributes = attrs

    def handle_data(self, data: str) -> None:
        self.is_whole = self.is_whole and not data.strip()
        if self._attributes is not None:
            self._text.append(data)
            if len(self._text) > _MAX_TEXTS:
                raise _unreadable(self._name, "an anchor is full of markup")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._end_anchor()
        self.is_whole = tag == "html" and self._attributes is None

    def _end_anchor(self) -> None:
        if self._attributes is not None:
            self.anchors.append(_anchor(self._name, self._attributes, "".join(self._text)))
        self._attributes = None
        self._text.clear()


def _anchor(name: str, attributes: Attributes, text: str) -> Anchor:
    values = dict(attributes)
    location, found, digest = (values.get("href") or "").rpartition(_FRAGMENT)
    if not found or not _SHA256.fullmatch(digest):
        raise _unreadable(name, f"the anchor of {text[:80]!r} has no sha256")
    requires_python = values.get("data-requires-python") or ""
    return Anchor(
        filename=_filename(name, text),
        version=_version(name, location, text),
        sha256=digest.lower(),
        requires_python="" if len(requires_python) > MAX_REQUIRES_PYTHON else requires_python,
    )


def _filename(name: str, text: str) -> str:
    """The anchor's text: in the href ``#``, ``?`` and ``%20`` of a file name are ambiguous."""
    if not text or "/" in text:
        raise _unreadable(name, f"an anchor with the text {text[:80]!r} names no file")
    return text


def _version(name: str, location: str, text: str) -> str:
    """The segment between project and file name; a file name holds no slash, whatever else it holds."""
    segments = [unquote(segment) for segment in location.rsplit("/", 3)]
    if len(segments) != 4 or segments[1] != name:  # noqa: PLR2004  # what precedes, project, version, file
        raise _unreadable(name, f"the anchor of {text[:80]!r} does not belong to this project")
    if segments[2] in {"", ".", ".."}:
        raise _unreadable(name, f"the anchor of {text[:80]!r} has no version")
    return segments[2]


def _unreadable(name: str, detail: str) -> ListingIncomplete:
    return ListingIncomplete(
        f"Gitea's page of project {name[:80]!r} cannot be read: {detail}.",
        "Something other than Gitea answered, or the answer was cut off or changed on the way.",
        "It is tried again by itself; check [gitea] url and any proxy in front of it if this lasts.",
    )
