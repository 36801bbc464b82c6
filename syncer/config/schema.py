"""What a section and an option are; ``options`` holds the one table of all of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from pathlib import Path

PREFIX = "SYNCER_"
#: The longest name of a mapping, server or the like; the database's columns hold as much.
MAX_TEXT = 200


class Kind(StrEnum):
    """What an option's text must be; the value is how messages and documents name it."""

    TEXT = "text"
    URL = "URL"
    SWITCH = "true or false"
    VERIFY = "true, false or a path"
    NUMBER = "number"
    COUNT = "whole number"
    SIZE = "size"
    LIST = "comma-separated list"
    TIMETABLE = "rate or timetable"
    ZONE = "time zone"
    PATH = "path"
    HIDDEN = "secret"
    VARIABLE = "environment variable"
    KEY = "path of a key"
    FILE = "path of a file"


HIDDEN_KINDS = (Kind.HIDDEN, Kind.VARIABLE, Kind.FILE)


@dataclass(frozen=True, slots=True)
class Option:
    """One option; the empty text always means that it is not given.

    ``default`` may name other values in braces: ``{name}`` is the section's name, ``{state_home}``
    the user's state directory, ``{runtime.state_dir}`` another option. ``pattern`` is what the text,
    or each item of a list, matches fully, and ``shape`` says so in words. Options with one
    ``choice`` exclude each other, and where one of them is required, any of them will do.
    ``alias_of`` names the section and option that this older name stands for. ``asked`` options
    stand open in the file that ``syncer init`` writes.
    """

    name: str
    kind: Kind
    help: str
    default: str = ""
    required: bool = False
    asked: bool = False
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    shape: str = ""
    schemes: tuple[str, ...] = ("http", "https")
    choice: str = ""
    alias_of: tuple[str, str] | None = None
    example: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A kind of section; ``argument`` is what stands after the colon, empty when nothing does."""

    kind: str
    help: str
    options: tuple[Option, ...]
    argument: str = ""
    example: str = ""

    @property
    def pattern(self) -> str:
        """The header as documents write it: ``[devpi:<name>]``."""
        return f"[{self.kind}:<{self.argument}>]" if self.argument else f"[{self.kind}]"

    def option(self, name: str) -> Option | None:
        """The option of that name, if the section has it."""
        return next((option for option in self.options if option.name == name), None)


@dataclass(frozen=True, slots=True)
class Key:
    """One section of one configuration: ``[devpi:prod]`` is ``Key("devpi", "prod")``."""

    kind: str
    name: str = ""

    def __str__(self) -> str:
        return f"[{self.title}]"

    @property
    def title(self) -> str:
        """What stands between the brackets."""
        return f"{self.kind}:{self.name}" if self.name else self.kind


class Rank(IntEnum):
    """Where a value comes from; the higher wins."""

    DEFAULT = 0
    FILE = 1
    ENVIRONMENT = 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a line of a file, or a variable; then the section and option there."""

    rank: Rank
    source: str = ""
    line: int = 0
    key: Key | None = None
    option: str = ""

    @property
    def origin(self) -> str:
        """``syncer.conf:12``, ``environment SYNCER_GITEA__URL`` or ``default``."""
        if self.rank is Rank.DEFAULT:
            return "default"
        if self.rank is Rank.ENVIRONMENT:
            return f"environment {self.source}".rstrip()
        return f"{self.source}:{self.line}" if self.line else self.source

    def __str__(self) -> str:
        within = "" if self.key is None or self._variable_says_it else f" {self.key} {self.option}"
        return f"{self.origin}{within}".rstrip()

    @property
    def _variable_says_it(self) -> bool:
        return self.key is not None and self.source == variable(self.key, self.option)


@dataclass(frozen=True, slots=True)
class Entry:
    """The text of one option, and the directory that a relative path in it starts from."""

    text: str
    place: Place
    base: Path


def printable(text: str) -> str:
    """A name as messages give it: what a terminal could not print is escaped."""
    return text if text.isprintable() else ascii(text)


def fold(text: str) -> str:
    """Text as a variable's name spells it: upper case, everything but ASCII letters and digits ``_``."""
    return re.sub(r"[^A-Z0-9]", "_", text.upper())


def variable(key: Key, option: str) -> str:
    """The environment variable of an option: ``SYNCER_DEVPI__PROD__PASSWORD``."""
    return PREFIX + "__".join(fold(part) for part in (key.kind, key.name, option) if part)
