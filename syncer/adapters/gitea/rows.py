"""The rows of Gitea's package list, JSON to values; anything unexpected makes the list incomplete."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from syncer.core.diagnosis.advice import ASK
from syncer.core.errors import ListingIncomplete

#: More releases than any real owner has; a larger total is taken for nonsense.
MAX_RELEASES = 250_000
_TO_COME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """One version of one package; ``id`` is the version's and new after a re-upload.

    ``name`` and ``version`` are Gitea's own spellings. ``repository`` is ``owner/name``, empty when
    the package is linked to none that the token's user can see.
    """

    id: int
    name: str
    version: str
    created_at: str
    repository: str = ""
    archived: bool = False

    @property
    def created(self) -> datetime:
        """When it was published, by Gitea's clock; a date that cannot be read counts as still to come."""
        try:
            moment = datetime.fromisoformat(self.created_at)
        except ValueError:
            return _TO_COME
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_rows(body: bytes) -> tuple[Row, ...]:
    """The rows of one page, in order.

    Raises ListingIncomplete naming the first row and field that is not as Gitea 1.22 to 1.27 writes it.
    """
    try:
        rows = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _unreadable("the answer is no JSON") from error
    if not isinstance(rows, list):
        raise _unreadable("the answer is no JSON list")
    return tuple(_row(row, f"row {number}") for number, row in enumerate(rows, 1))


def parse_total(header: str | None) -> int:
    """The number of releases that X-Total-Count states; ListingIncomplete when it states none."""
    if header is None:
        raise _unreadable("the answer has no X-Total-Count header")
    if not (header.isascii() and header.isdigit() and len(header) <= len(str(MAX_RELEASES))):
        raise _unreadable(f"X-Total-Count says {header[:40]!r}")
    if int(header) > MAX_RELEASES:
        raise _unreadable(f"X-Total-Count says {header}, more than the {MAX_RELEASES} that are believed")
    return int(header)


def _row(row: Any, where: str) -> Row:
    if not isinstance(row, dict):
        raise _unreadable(f"{where} is no object")
    if row.get("type") != "pypi":
        raise _unreadable(f"{where}: type is not 'pypi'")
    repository, archived = _repository(row, where)
    return Row(
        id=_id(row, where),
        name=_segment(row, "name", where),
        version=_segment(row, "version", where),
        created_at=_text(row, "created_at", where),
        repository=repository,
        archived=archived,
    )


def _id(row: dict[str, Any], where: str) -> int:
    value = row.get("id")
    if type(value) is not int or value <= 0:
        raise _unreadable(f"{where}: id is no positive whole number")
    return value


def _repository(row: dict[str, Any], where: str) -> tuple[str, bool]:
    if "repository" not in row:
        raise _unreadable(f"{where}: repository is missing")
    linked = row["repository"]
    if linked is None:
        return "", False
    if not isinstance(linked, dict):
        raise _unreadable(f"{where}: repository is no object")
    if type(linked.get("archived")) is not bool:
        raise _unreadable(f"{where}: repository.archived is neither true nor false")
    return _text(linked, "full_name", f"{where}: repository"), linked["archived"]


def _segment(row: dict[str, Any], field: str, where: str) -> str:
    """A text that can stand as one segment of a URL's path; no escape saves ``.`` and ``..`` there."""
    text = _text(row, field, where)
    if text in {".", ".."}:
        raise _unreadable(f"{where}: {field} is {text!r}")
    return text


def _text(row: dict[str, Any], field: str, where: str) -> str:
    value = row.get(field)
    if not isinstance(value, str) or not value:
        raise _unreadable(f"{where}: {field} is no text")
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise _unreadable(f"{where}: {field} holds half a character")
    return value


def _unreadable(detail: str) -> ListingIncomplete:
    return ListingIncomplete(
        f"Gitea's package list cannot be read: {detail}.",
        "Something other than Gitea answered, or this Gitea answers in a way that is not known.",
        f"It is tried again by itself; check [gitea] url and any proxy in front of it if this lasts. {ASK}",
    )
