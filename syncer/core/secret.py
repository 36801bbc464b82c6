"""A value that must never be shown."""

from __future__ import annotations

from collections.abc import Iterable


class Secret:
    """Holds a secret; every way of printing it shows ``***``, only ``reveal`` gives it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself, for the one line that sends it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str | tuple[object, ...]:
        message = "a Secret is never serialized"
        raise TypeError(message)


def one_line(text: str, secrets: Iterable[Secret | None] = ()) -> str:
    """A server's words in one printable line, without the secrets that it may have been told.

    They are looked for last, for what is taken out of a text can join what was apart.
    """
    line = "".join(char for char in " ".join(text.split()) if char.isprintable())
    for secret in secrets:
        if secret is not None and secret.reveal():
            line = line.replace(secret.reveal(), "***")
    return line
