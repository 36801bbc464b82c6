"""The way from a file and the environment to Settings, and to what is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from syncer.config.arrange import arrange
from syncer.config.build import Sections, build, cross_check
from syncer.config.document import Document
from syncer.config.environment import overlay
from syncer.config.reader import FILE_NAMES, POINTER, find, read_text
from syncer.config.report import Report
from syncer.config.resolve import resolve
from syncer.config.schema import Key, Place, Rank, variable
from syncer.config.settings import Settings
from syncer.core.errors import ConfigError, Problem

SOURCE_URL = variable(Key("gitea"), "url")


@dataclass(frozen=True, slots=True)
class Examined:
    """A configuration read as far as it goes; ``sections`` is None when there was nothing to read."""

    report: Report
    sections: Sections | None = None
    path: Path | None = None


def load(
    path: Path | None = None, environ: Mapping[str, str] = os.environ, cwd: Path | None = None
) -> Settings:
    """The checked configuration; ConfigError holds every mistake.

    The file is ``path``, else ``$SYNCER_CONFIG``, else ``syncer.conf`` or ``devpi-gitea-sync.conf``
    in ``cwd``; every ``SYNCER_<SECTION>__<OPTION>`` of ``environ`` wins over it. Without a file the
    environment alone may say everything.
    """
    examined = examine(path, environ, cwd)
    return build(usable(examined), examined.path)


def check(
    path: Path | None = None, environ: Mapping[str, str] = os.environ, cwd: Path | None = None
) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """Every mistake and every warning; a configuration without mistakes loads."""
    report = examine(path, environ, cwd).report
    return report.mistakes, report.warnings


def usable(examined: Examined) -> Sections:
    """The sections of a configuration without mistakes; raises ConfigError."""
    if examined.report.mistakes or examined.sections is None:
        raise ConfigError(examined.report.mistakes)
    return examined.sections


def examine(path: Path | None, environ: Mapping[str, str], cwd: Path | None) -> Examined:
    """Read and check everything; the report tells how it went."""
    report = Report()
    start = cwd or Path.cwd()
    found = find(path, environ, start)
    document = Document(found.label if found else "", found.path.absolute().parent if found else start)
    if found:
        text = read_text(found, report)
        if text is None:
            return Examined(report)
        arrange(text, document, report)
    overlay(document, environ, start, report)
    if not found and not environ.get(SOURCE_URL):
        _no_file(report)
        return Examined(report)
    document.complete()
    sections = Sections.of(resolve(document, environ, report))
    cross_check(document, sections, report)
    return Examined(report, sections, found.path.absolute() if found else None)


def _no_file(report: Report) -> None:
    searched = f"there is none named by -c or {POINTER}, no {' and no '.join(FILE_NAMES)} here"
    fix = f"write one with: syncer init, or set {SOURCE_URL} and the other variables"
    report.mistake(Place(Rank.FILE, FILE_NAMES[0]), f"no configuration file was found: {searched}", fix)
