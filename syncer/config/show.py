"""What each option is in effect and where that comes from, without secrets."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from syncer.config.build import Sections
from syncer.config.load import examine, usable
from syncer.config.options import SECTIONS
from syncer.config.resolve import Values
from syncer.config.schema import Entry, Kind, Option

MASK = "***"


@dataclass(frozen=True, slots=True)
class Effective:
    """One option in effect; ``origin`` is a file and line, a variable, or ``default``."""

    section: str
    option: str
    value_text: str
    origin: str


def show(
    path: Path | None = None, environ: Mapping[str, str] = os.environ, cwd: Path | None = None
) -> list[Effective]:
    """Every option of every section, in the order of the documentation; raises ConfigError.

    Of the ways to give a secret only the one in effect is listed: a secret as ``***``, the name of
    a variable or file as it is.
    """
    sections = usable(examine(path, environ, cwd))
    order = [section.kind for section in SECTIONS]
    ordered = sorted(sections.values.values(), key=lambda each: order.index(each.stanza.key.kind))
    return [row for values in ordered for row in _rows(values, sections)]


def _rows(values: Values, sections: Sections) -> Iterator[Effective]:
    title = values.stanza.key.title
    for option in values.stanza.section.options:
        if option.alias_of is None and not option.choice:
            entry = values.entries[option.name]
            yield Effective(title, option.name, _plain_text(values, option), entry.place.origin)
    for choice in dict.fromkeys(option.choice for option in values.stanza.section.options if option.choice):
        yield _secret_row(values, choice, sections)


def _plain_text(values: Values, option: Option) -> str:
    value = values.values[option.name]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(value)
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _secret_row(values: Values, choice: str, sections: Sections) -> Effective:
    """The secret in effect; a mapping without its own token has that of its organization or of all."""
    lender = sections.token_section(values) if values.stanza.key.kind == "mapping" else values
    title = values.stanza.key.title
    options = [option for option in values.stanza.section.options if option.choice == choice]
    given = _given(lender, options) if lender else None
    if given is None or lender is None:
        return Effective(title, options[0].name, "", "default")
    option, entry = given
    text = MASK if option.kind is Kind.HIDDEN else entry.text
    lent = "" if lender is values else f" {lender.stanza.key}"
    return Effective(title, option.name, text, f"{entry.place.origin}{lent}")


def _given(values: Values, options: list[Option]) -> tuple[Option, Entry] | None:
    return next(((o, values.entries[o.name]) for o in options if o.name in values.entries), None)
