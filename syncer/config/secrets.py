"""Fetches a secret from where its option says it is; no message holds any part of it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from syncer.config.reader import MAX_SECRET_BYTES, read_limited, reason_of
from syncer.config.schema import Entry, Kind, Option
from syncer.config.values import Wrong, absolute, check_url, is_one_line
from syncer.core.secret import Secret

#: People put the secret itself where its variable's name belongs: only what looks like a name is shown.
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,60}")
_SUFFIXES = {Kind.HIDDEN: "", Kind.VARIABLE: "_env", Kind.FILE: "_file"}


def secret_name(option: Option) -> str:
    """``password`` for ``password``, ``password_env`` and ``password_file``."""
    return option.name.removesuffix(_SUFFIXES[option.kind])


def fetch(option: Option, entry: Entry, environ: Mapping[str, str]) -> Secret:
    """The secret that an option gives or points to; raises Wrong."""
    text = _held(option, entry, environ)
    if not is_one_line(text):
        fix = "give it in one line; an indented line below an option belongs to its value"
        raise Wrong("the secret goes over several lines or has a control character", fix)
    if option.schemes:
        check_url(text, option.schemes)
    return Secret(text)


def _held(option: Option, entry: Entry, environ: Mapping[str, str]) -> str:
    if option.kind is Kind.VARIABLE:
        return _of_variable(option, entry.text, environ)
    if option.kind is Kind.FILE:
        return _of_file(entry, environ)
    return entry.text


def _of_variable(option: Option, name: str, environ: Mapping[str, str]) -> str:
    text = environ.get(name, "")
    if not text:
        called = f"the environment variable {name}" if _VARIABLE.fullmatch(name) else "the variable it names"
        fix = f"set the variable; the secret itself would be given by {secret_name(option)}"
        raise Wrong(f"{called} is not set, or empty", fix)
    return text


def _of_file(entry: Entry, environ: Mapping[str, str]) -> str:
    fix = "name a file with nothing but the secret in it"
    try:
        content, _ = read_limited(absolute(entry, environ), MAX_SECRET_BYTES)
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise Wrong("the file it names is not UTF-8 text", fix) from None
    except (OSError, ValueError) as error:
        raise Wrong(f"the file it names cannot be read: {reason_of(error)}", fix) from None
    if not text or len(content) > MAX_SECRET_BYTES:
        raise Wrong("the file it names is empty, or larger than 64 KiB", fix)
    return text
