"""Lays what the environment says over what the file says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from syncer.config.document import Document, key_of
from syncer.config.options import SECTIONS, section_of
from syncer.config.reader import POINTER
from syncer.config.report import Report, nearest
from syncer.config.schema import MAX_TEXT, PREFIX, Entry, Key, Place, Rank, fold, printable, variable

#: Variables with our prefix that are no option. Kubernetes gives every container SYNCER_PORT and
#: the like when a Service is called syncer.
RESERVED = re.compile(rf"{POINTER}|SYNCER_PORT(_\d+_.*)?|SYNCER_SERVICE_(HOST|PORT.*)")
_FOLDED = re.compile(rf"[A-Z0-9_]{{0,{MAX_TEXT}}}")


def overlay(document: Document, environ: Mapping[str, str], cwd: Path, report: Report) -> None:
    """Set every option that has a variable; the environment wins. An empty variable counts as unset.

    Mappings come first, since the organizations and servers that they name lend their spelling to
    the other sections.
    """
    names = sorted(name for name in environ if name.startswith(PREFIX) and not RESERVED.fullmatch(name))
    given = sorted(filter(environ.get, names), key=lambda name: not name.startswith(f"{PREFIX}MAPPING__"))
    unknown = [name for name in given if not _set(name, environ[name], document, cwd, report)]
    held = _holding_secrets(document)
    for name in unknown:
        if name not in held:
            place = Place(Rank.ENVIRONMENT, printable(name))
            fix = "" if report.full else _meant(name)
            report.mistake(place, "there is no option with this variable", fix)


def _holding_secrets(document: Document) -> set[str]:
    """The variables that ``token_env`` and its like name; they may begin as ours do."""
    return {
        entry.text
        for stanza in document.stanzas.values()
        for name, entry in stanza.entries.items()
        if name.endswith("_env")
    }


def _set(name: str, text: str, document: Document, cwd: Path, report: Report) -> bool:
    """Set the option that a variable stands for; False when there is none."""
    kind, folded, option = _parts(name)
    section = section_of(kind.lower(), folded)
    known = [each for each in (section.options if section else ()) if fold(each.name) == option]
    if section is None or not known or fold(section.kind) != kind or not _FOLDED.fullmatch(folded):
        return False
    place = Place(Rank.ENVIRONMENT, name)
    key = _key(section.kind, folded, document, place, report)
    if key is not None:
        place = replace(place, key=key, option=known[0].name)
        stanza = document.ensure(key, section, replace(place, option=""))
        stanza.entries[known[0].name] = Entry(text, place, cwd)
    return True


def _parts(name: str) -> tuple[str, str, str]:
    """Kind, folded name and folded option; a name may itself hold ``__``."""
    kind, _, rest = name.removeprefix(PREFIX).partition("__")
    folded, _, option = rest.rpartition("__")
    return kind, folded, option


def _meant(name: str) -> str:
    folded = _parts(name)[1] or "NAME"
    known = [
        variable(Key(section.kind, folded if section.argument else ""), option.name)
        for section in SECTIONS
        for option in section.options
    ]
    meant = nearest(name.upper(), known, 0.8)
    return f"did you mean {meant}?" if meant else "unset it; the documentation lists all variables"


def _key(kind: str, folded: str, document: Document, place: Place, report: Report) -> Key | None:
    """The section whose name folds to ``folded``, or a new one."""
    if not folded:
        return Key(kind)
    names = _folding_to(folded, [stanza.key.name for stanza in document.of_kind(kind)])
    names = names or _folding_to(folded, _mentioned(kind, document))
    if len(names) > 1:
        report.mistake(place, f"it fits both {names[0]} and {names[1]}", "set the option in the file instead")
        return None
    return key_of(kind, names[0] if names else folded.lower().replace("_", "-"))


def _mentioned(kind: str, document: Document) -> list[str]:
    """The names of that kind that mappings use; Gitea's owners are the same in any case of letters."""
    mappings = document.of_kind("mapping")
    if kind == "gitea":
        owners = [mapping.text("organization", mapping.key.name) for mapping in mappings]
        return list({owner.lower(): owner for owner in owners}.values())
    return [mapping.text("devpi") for mapping in mappings] if kind == "devpi" else []


def _folding_to(folded: str, names: list[str]) -> list[str]:
    return list(dict.fromkeys(name for name in names if name and fold(name) == folded))
