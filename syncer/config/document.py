"""What file and environment say, sorted into known sections and options; texts, not yet values."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from syncer.config.options import ALWAYS, SECTIONS
from syncer.config.schema import Entry, Key, Place, Rank, Section


@dataclass(slots=True)
class Stanza:
    """One section of this configuration; an entry with an empty text counts as not given."""

    key: Key
    section: Section
    place: Place
    entries: dict[str, Entry] = field(default_factory=dict)

    def given(self, name: str) -> Entry | None:
        """The entry of an option, if it has a text."""
        entry = self.entries.get(name)
        return entry if entry is not None and entry.text else None

    def text(self, name: str, default: str = "") -> str:
        """The text of an option, or ``default``."""
        entry = self.given(name)
        return entry.text if entry else default


@dataclass(slots=True)
class Document:
    """All sections; ``label`` is how messages call the file."""

    label: str
    base: Path
    stanzas: dict[Key, Stanza] = field(default_factory=dict)

    def of_kind(self, kind: str) -> list[Stanza]:
        """The sections of one kind that were given, in order."""
        return [stanza for key, stanza in self.stanzas.items() if key.kind == kind]

    def ensure(self, key: Key, section: Section, place: Place) -> Stanza:
        """The section of that key, added as standing at ``place`` when it is not there yet."""
        return self.stanzas.setdefault(key, Stanza(key, section, place))

    def complete(self) -> None:
        """Add the sections that hold nothing but defaults."""
        for section in SECTIONS:
            if section.kind in ALWAYS and not section.argument:
                self.ensure(Key(section.kind), section, self.place())

    def place(self) -> Place:
        """The configuration as a whole."""
        return Place(Rank.FILE, self.label) if self.label else Place(Rank.ENVIRONMENT)


def key_of(kind: str, name: str) -> Key:
    """The key of a section; ``[devpi]`` is another way to write ``[devpi:default]``."""
    return Key(kind, "" if (kind, name) == ("devpi", "default") else name)
