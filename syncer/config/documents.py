"""The table of options as a commented configuration file and as Markdown."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from syncer.config.options import SECTIONS
from syncer.config.schema import Key, Kind, Option, Section, variable
from syncer.core.errors import SyncerError

_INTRODUCTION = """\
# Configuration of gitea-devpi-syncer.
#
# Fill in the lines that end with =, then run: syncer config check
# A line that begins with # is a comment; a commented option shows its default or an example.
# An option can also come from the environment: SYNCER_GITEA__URL, SYNCER_MAPPING__MY_ORG__INDEX.
# This file may hold secrets, so it is used only when its mode is 600."""

_WORDS = {
    "{name}": "the section's name",
    "{state_home}/gitea-devpi-syncer": "gitea-devpi-syncer in $XDG_STATE_HOME or ~/.local/state",
    "{runtime.state_dir}/staging": "staging in state_dir",
    "{runtime.state_dir}/signing-key.pem": "signing-key.pem in state_dir",
    "{runtime.poll_interval_seconds}": "that of [runtime]",
    "{runtime.full_interval_seconds}": "that of [runtime]",
}


def write_template(path: Path) -> None:
    """Make a commented configuration file of mode 600; raises SyncerError, and never overwrites."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise SyncerError(
            f"{path} is not written.", "It exists already.", "Remove it, or name another file."
        ) from None
    except OSError as error:
        raise SyncerError(
            f"{path} cannot be written.", f"{error.strerror}.", "Name a file in a directory of yours."
        ) from error
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(template())


def template() -> str:
    """The text of a commented configuration file with every option."""
    return "\n\n\n".join([_INTRODUCTION, *(_commented(section) for section in SECTIONS)]) + "\n"


def _commented(section: Section) -> str:
    """A section whose options were explained already, as for a second server, stands as an example."""
    header = f"[{section.kind}:{section.example}]" if section.argument else f"[{section.kind}]"
    if section.argument and section.kind != "mapping":
        asked = [option for option in section.options if _is_open(option)]
        return "\n# ".join([f"# {section.help}", header, *map(_example, asked)])
    explained = [_explained(option, section) for option in section.options if _has_own_help(option)]
    return "\n\n".join([f"# {section.help}\n{header}", *explained])


def _is_open(option: Option) -> bool:
    return option.required or option.asked


def _has_own_help(option: Option) -> bool:
    return option.alias_of is None and option.kind not in (Kind.VARIABLE, Kind.FILE)


def _example(option: Option) -> str:
    if option.kind is Kind.HIDDEN:
        return f"{option.name}_env = VARIABLE"
    return f"{option.name} = {option.example}"


def _explained(option: Option, section: Section) -> str:
    """Help and line of one option; the other ways to give a secret stand below it."""
    help_, value = option.help, option.default or option.example
    if option.default in _WORDS:
        help_, value = f"{help_} Default: {_WORDS[option.default]}.", ""
    if _is_open(option):
        help_, value = f"{help_} For example: {option.example}" if option.example else help_, ""
    line = f"{'' if _is_open(option) else '# '}{option.name} = {value}".rstrip()
    return "\n".join([f"# {help_}", line, *(f"# {_assigned(other)}" for other in _forms(option, section))])


def _forms(option: Option, section: Section) -> list[Option]:
    if option.kind is not Kind.HIDDEN:
        return []
    return [other for other in section.options if other.name in (f"{option.name}_env", f"{option.name}_file")]


def _assigned(option: Option) -> str:
    return f"{option.name} = {option.example}"


def options_markdown() -> str:
    """All options as Markdown tables, one for each kind of section."""
    groups = [list(group) for _, group in groupby(SECTIONS, key=lambda section: id(section.options))]
    return "\n\n".join("\n".join(_table(group)) for group in groups) + "\n"


def _table(sections: list[Section]) -> Iterator[str]:
    titles = ", ".join(f"`{section.pattern}`" for section in sections)
    yield f"### {titles}\n\n{' '.join(section.help for section in sections)}\n"
    yield "| option | type | default | meaning | environment |"
    yield "|---|---|---|---|---|"
    for option in sections[0].options:
        yield _row(option, sections)


def _row(option: Option, sections: list[Section]) -> str:
    bounds = [f"from {option.minimum:.15g}"] if option.minimum is not None else []
    bounds += [f"to {option.maximum:.15g}"] if option.maximum is not None else []
    kind = " ".join([option.kind.value, *bounds])
    default = _default(option, sections[0])
    return f"| `{option.name}` | {kind} | {default} | {option.help} | `{_variable(option, sections)}` |"


def _default(option: Option, section: Section) -> str:
    if not option.required:
        return _WORDS.get(option.default, option.default) or "none"
    secrets = [each for each in section.options if each.kind is Kind.HIDDEN and each.choice == option.choice]
    return " or ".join(["required", *(f"`{each.name}`" for each in secrets if each is not option)])


def _variable(option: Option, sections: list[Section]) -> str:
    """``SYNCER_DEVPI__[<NAME>__]URL`` where the section stands with and without a name."""
    plain = variable(Key(sections[0].kind), option.name)
    argument = sections[-1].argument
    if not argument:
        return plain
    named = f"<{argument.upper()}>__"
    prefix = variable(Key(sections[0].kind), "") + "__"
    return prefix + (f"[{named}]" if len(sections) > 1 else named) + plain.removeprefix(prefix)
