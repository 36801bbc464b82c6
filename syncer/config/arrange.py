"""Sorts a file's text into known sections and options; what does not belong there is reported."""

from __future__ import annotations

from syncer.config.document import Document, Stanza, key_of
from syncer.config.ini import Block, Line, scan
from syncer.config.options import SECTIONS, section_of
from syncer.config.report import Report, nearest, shown
from syncer.config.schema import MAX_TEXT, Entry, Place, Rank


def arrange(text: str, document: Document, report: Report) -> None:
    """Sort a file's text into the document; what does not belong there is reported."""
    found = scan(text)
    for number in found.strays:
        report.mistake(
            Place(Rank.FILE, document.label, number),
            "this line is neither a section nor an option of one",
            "write name = value below a [section], or begin the line with # to make it a comment",
        )
    for block in found.blocks:
        stanza = _stanza(block, document, report)
        if stanza is not None:
            for line in block.lines:
                _add(line, stanza, document, report)


def _stanza(block: Block, document: Document, report: Report) -> Stanza | None:
    place = Place(Rank.FILE, document.label, block.number)
    kind, colon, name = (part.strip() for part in block.header.partition(":"))
    section = section_of(kind, name)
    if section is None or (colon and not name):
        _unknown_section(kind, place, report)
        return None
    if len(name) > MAX_TEXT or not name.isprintable():
        report.mistake(place, f"the name in [{kind}:…] is unusable", f"use at most {MAX_TEXT} characters")
        return None
    key = key_of(kind, name)
    first = document.stanzas.get(key)
    if first is not None:
        reason = f"{key} was already given in line {first.place.line}"
        report.mistake(place, reason, "put all options of a section below one header")
    return document.ensure(key, section, Place(Rank.FILE, document.label, block.number, key))


def _unknown_section(kind: str, place: Place, report: Report) -> None:
    meant = "" if report.full else nearest(kind, [section.kind for section in SECTIONS])
    patterns = [section.pattern for section in SECTIONS if not meant or section.kind == meant]
    reason = f"there is no section {shown(kind, 'of this name')}"
    if kind == meant:
        reason = f"a section {kind} is not written like this"
    report.mistake(
        place, reason, f"write {' or '.join(patterns)}" if meant else f"sections: {', '.join(patterns)}"
    )


def _add(line: Line, stanza: Stanza, document: Document, report: Report) -> None:
    place = Place(Rank.FILE, document.label, line.number, stanza.key, line.name)
    first = stanza.entries.get(line.name)
    if stanza.section.option(line.name) is None:
        unknown_option(line.name, stanza, place, report)
    elif first is not None:
        report.mistake(place, f"was already given in line {first.place.line}", "keep one of the two")
    else:
        stanza.entries[line.name] = Entry(line.text, place, document.base)


def unknown_option(name: str, stanza: Stanza, place: Place, report: Report) -> None:
    """Report an option that its section does not have, with the one that was probably meant."""
    within = Place(place.rank, place.source, place.line, stanza.key)
    reason = f"there is no option {shown(name, 'of this name')} here"
    report.mistake(within, reason, "" if report.full else _option_meant(name, stanza))


def _option_meant(name: str, stanza: Stanza) -> str:
    known = [option.name for option in stanza.section.options]
    elsewhere = [section.pattern for section in SECTIONS if section.option(name)]
    meant = nearest(name, known, 0.75) or ("" if elsewhere else nearest(name, known))
    if meant:
        return f"did you mean {meant}?"
    if elsewhere:
        return f"it belongs to {' or '.join(elsewhere)}"
    return f"options here are {', '.join(known)}"
