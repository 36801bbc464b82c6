"""Gives every option of every section its value: given, by an older name, or by default."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from syncer.config.document import Document, Stanza
from syncer.config.report import Report
from syncer.config.schema import HIDDEN_KINDS, Entry, Key, Kind, Option, Place, Rank, variable
from syncer.config.secrets import fetch, secret_name
from syncer.config.values import Value, Wrong, absolute, home, parse
from syncer.core.secret import Secret

_BRACES = re.compile(r"\{([a-z_.]+)\}")

T = TypeVar("T")


@dataclass(slots=True)
class Values:
    """One section's values by option, its secrets by name, and the entries that each came from.

    What could not be read is missing; ``entries`` has for each group of secrets only the one that
    counts, also when it could not be fetched.
    """

    stanza: Stanza
    entries: dict[str, Entry] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)
    secrets: dict[str, Secret] = field(default_factory=dict)

    def get(self, name: str, type_: type[T]) -> T:
        """The value of an option, which is of that type by the table of options."""
        value = self.values[name]
        if not isinstance(value, type_):
            message = f"{name} is {type(value).__name__}"
            raise TypeError(message)
        return value

    def place(self, name: str) -> Place:
        """Where an option is given, or would be."""
        entry = self.stanza.entries.get(name)
        return entry.place if entry else replace(self.stanza.place, key=self.stanza.key, option=name)

    def verify(self) -> bool | str:
        """The value of ``verify_ssl``."""
        value = self.values["verify_ssl"]
        return value if isinstance(value, bool) else str(value)

    def secret_entry(self) -> Entry | None:
        """The entry that gives the section's only secret."""
        options = self.stanza.section.options
        return next((self.entries[o.name] for o in options if o.choice and o.name in self.entries), None)


def resolve(document: Document, environ: Mapping[str, str], report: Report) -> dict[Key, Values]:
    """The values of all sections; every text that is no value is reported."""
    _apply_aliases(document, report)
    resolver = _Resolver(document, environ, report)
    return {key: resolver.section(stanza) for key, stanza in document.stanzas.items()}


def _apply_aliases(document: Document, report: Report) -> None:
    """Move what is given by an older name to the option it stands for."""
    for stanza in list(document.stanzas.values()):
        for option in stanza.section.options:
            old = stanza.entries.pop(option.name, None) if option.alias_of else None
            if option.alias_of and old and old.text:
                kind, name = option.alias_of
                _apply_alias(old, document.stanzas[Key(kind)], name, report)


def _apply_alias(old: Entry, target: Stanza, name: str, report: Report) -> None:
    new = target.given(name)
    if new is None or new.place.rank < old.place.rank:
        target.entries[name] = old
    elif new.place.rank == old.place.rank and new.text != old.text:
        report.mistake(
            old.place, f"it differs from {target.key} {name}, of which it is the older name", "remove it"
        )


class _WrongElsewhere(Exception):
    """A default stands on another option that is wrong, and reported there."""


class _Resolver:
    def __init__(self, document: Document, environ: Mapping[str, str], report: Report) -> None:
        self._document = document
        self._environ = environ
        self._report = report

    def section(self, stanza: Stanza) -> Values:
        found = Values(stanza)
        for option in stanza.section.options:
            if option.kind not in HIDDEN_KINDS and option.alias_of is None:
                self._plain(option, stanza, found)
        for choice in dict.fromkeys(option.choice for option in stanza.section.options if option.choice):
            self._secret(
                [option for option in stanza.section.options if option.choice == choice], stanza, found
            )
        return found

    def _plain(self, option: Option, stanza: Stanza, found: Values) -> None:
        try:
            entry = self._entry(option, stanza)
            found.entries[option.name] = entry
            found.values[option.name] = parse(option, entry, self._environ) if entry.text else ""
        except _WrongElsewhere:
            return
        except Wrong as wrong:
            self._report.mistake(found.place(option.name), wrong.reason, wrong.fix)
        if option.required and not found.entries[option.name].text:
            self._missing(option, found)

    def _entry(self, option: Option, stanza: Stanza) -> Entry:
        given = stanza.given(option.name)
        if given is not None:
            return given
        whole = _BRACES.fullmatch(option.default)
        if whole and "." in whole[1]:
            return self._other(whole[1])
        text = _BRACES.sub(lambda match: self._filled(match[1], stanza.key), option.default)
        return Entry(text, Place(Rank.DEFAULT), self._document.base)

    def _filled(self, name: str, key: Key) -> str:
        if name == "name":
            return key.name
        if name == "state_home":
            return str(state_home(self._environ))
        return str(absolute(self._other(name), self._environ))

    def _other(self, dotted: str) -> Entry:
        kind, _, name = dotted.partition(".")
        stanza = self._document.stanzas[Key(kind)]
        option = stanza.section.option(name)
        if option is None:
            raise LookupError(dotted)
        try:
            entry = self._entry(option, stanza)
            parse(option, entry, self._environ)
        except Wrong:
            raise _WrongElsewhere from None
        return entry

    def _secret(self, options: list[Option], stanza: Stanza, found: Values) -> None:
        given = [(option, entry) for option in options if (entry := stanza.given(option.name))]
        highest = max((entry.place.rank for _, entry in given), default=Rank.DEFAULT)
        winners = [(option, entry) for option, entry in given if entry.place.rank is highest]
        if not winners:
            self._no_secret(options, found)
            return
        for _, entry in winners[1:]:
            reason = f"it excludes {winners[0][0].name}, which is given too"
            self._report.mistake(entry.place, reason, "keep one of the two")
        option, entry = winners[0]
        found.entries[option.name] = entry
        try:
            found.secrets[secret_name(option)] = fetch(option, entry, self._environ)
        except Wrong as wrong:
            self._report.mistake(entry.place, wrong.reason, wrong.fix)

    def _no_secret(self, options: list[Option], found: Values) -> None:
        if any(option.required for option in options):
            names = [option.name for option in options if option.kind is Kind.HIDDEN]
            reason = f"neither {' nor '.join(names)} is given"
            fix = (
                f"write {names[0]}_env = VARIABLE below {found.stanza.key}, or {names[0]}, or {names[0]}_file"
            )
            self._report.mistake(found.place(names[0]), reason, fix)

    def _missing(self, option: Option, found: Values) -> None:
        key = found.stanza.key
        fix = f"write {option.name} = {option.example} below {key}, or set {variable(key, option.name)}"
        self._report.mistake(found.place(option.name), "it is required and missing", fix)


def state_home(environ: Mapping[str, str]) -> Path:
    """``$XDG_STATE_HOME`` when it is an absolute path, as its specification asks, else ``~/.local/state``."""
    stated = Path(environ.get("XDG_STATE_HOME", ""))
    return stated if stated.is_absolute() else home(environ) / ".local" / "state"
