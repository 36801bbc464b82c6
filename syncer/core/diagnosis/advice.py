"""The one table of what is known: cause, consequence and fix of every situation, for doctor and errors alike.

The words in braces are filled in where a situation is met: names and numbers, never a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from syncer.core.diagnosis.advice_devpi import DEVPI
from syncer.core.diagnosis.advice_gitea import GITEA
from syncer.core.diagnosis.advice_here import HERE
from syncer.core.diagnosis.codes import Code
from syncer.core.diagnosis.entry import Advice
from syncer.core.diagnosis.finding import Check, Finding
from syncer.core.errors import SyncerError

E = TypeVar("E", bound=SyncerError)

ADVICE: Mapping[Code, Advice] = MappingProxyType({**GITEA, **DEVPI, **HERE})

#: What an error says beside its own next step, where looking closer tells causes apart.
ASK = "`syncer doctor` looks closer and changes nothing."


def found(code: Code, about: str, seen: str, **words: object) -> Finding:
    """The situation was met; ``words`` fill the sentences of its entry."""
    entry = ADVICE[code]
    said = (text.format_map(words) for text in (entry.cause, entry.consequence, entry.fix))
    return Finding(entry.check, about, entry.level, seen, code, *said)


def not_known(check: Check, about: str, why: str) -> Finding:
    """The check could not be made, which is never fine."""
    return replace(found(Code.NOT_KNOWN, about, "not known", why=why), check=check)


def no_answer(about: str, error: SyncerError) -> Finding:
    """A server did not answer, or something else did in its place; the error says why."""
    return found(Code.NO_ANSWER, about, error.what, cause=error.cause, fix=error.next_step)


def advised(kind: type[E], code: Code, what: str, **words: object) -> E:
    """An error whose cause and next step are those of the table."""
    entry = ADVICE[code]
    return kind(what, entry.cause.format_map(words), f"{entry.fix.format_map(words)} {ASK}")
