"""Text from anywhere, as every database can hold it."""

from __future__ import annotations

import hashlib

from sqlalchemy import Dialect, Text, TypeDecorator

#: No target takes a longer name or version, and PostgreSQL no index entry beyond 2700 bytes.
LONGEST_NAME = 300


def storable(text: str) -> str:
    """The text with what a database cannot hold spelt out.

    PostgreSQL holds no NUL, and no encoding holds half of a surrogate pair; one hostile name must
    not keep a whole Plan from being recorded.
    """
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode("utf-8")


def storable_name(name: str) -> str:
    """The storable name; one that is far too long only begins as it did, and ends in its digest."""
    text = storable(name)
    if len(text) <= LONGEST_NAME:
        return text
    return f"{text[: LONGEST_NAME - 65]}…{hashlib.sha256(text.encode()).hexdigest()}"


class StorableText(TypeDecorator[str]):
    """A Text column that takes any text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002  # SQLAlchemy's signature
        """Storable text goes in."""
        return value if value is None else storable(value)
