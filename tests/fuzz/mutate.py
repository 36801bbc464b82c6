"""Changes JSON value by value, so that what a fuzzer tries next is JSON again."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

#: An input is bytes and changed as such by what the fuzzer brings along: data and its largest size.
Fallback = Callable[[bytes, int], bytes]

_ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**30,
    "",
    ".",
    "..",
    "a/b",
    "\0",
    "\ud800",
    "\r\n",
    [],
    {},
    "ab" * 32,
)
_BYTEWISE = 0.15


def mutate_json(
    data: bytes, max_size: int, chance: random.Random, tokens: Sequence[str], other: Fallback
) -> bytes:
    """The input with up to four values changed; now and then its bytes instead."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return other(data, max_size)
    if chance.random() < _BYTEWISE:
        return other(data, max_size)
    root = [value]
    for _ in range(chance.randint(1, 4)):
        _change(root, chance, tokens)
    changed = json.dumps(root[0]).encode()
    return changed if len(changed) <= max_size else other(data, max_size)


def _change(root: list[Any], chance: random.Random, tokens: Sequence[str]) -> None:
    places = list(_places(root))
    holder, key = chance.choice(places)
    action = chance.randrange(6)
    if action == 0 and holder is not root:
        del holder[key]
    elif action == 1:
        _add(holder[key], chance, tokens)
    elif action in {2, 3} and isinstance(holder[key], str):
        holder[key] = _spliced(holder[key], chance, tokens)
    elif action == 4:
        there, other = chance.choice(places)
        holder[key] = copy.deepcopy(there[other])
    else:
        holder[key] = _new(chance, tokens)


def _places(root: list[Any]) -> list[tuple[Any, Any]]:
    """Every value as its container and its key there; the root is a list of the whole."""
    found: list[tuple[Any, Any]] = []
    todo: list[Any] = [root]
    while todo:
        holder = todo.pop()
        for key in list(holder) if isinstance(holder, dict) else range(len(holder)):
            found.append((holder, key))
            if isinstance(holder[key], dict | list):
                todo.append(holder[key])
    return found


def _add(value: Any, chance: random.Random, tokens: Sequence[str]) -> None:
    if isinstance(value, dict):
        value[_word(chance, tokens)] = _new(chance, tokens)
    elif isinstance(value, list):
        value.append(copy.deepcopy(chance.choice(value)) if value else _new(chance, tokens))


def _new(chance: random.Random, tokens: Sequence[str]) -> Any:
    return copy.copy(chance.choice(_ODD)) if chance.random() < 0.5 else _word(chance, tokens)


def _word(chance: random.Random, tokens: Sequence[str]) -> str:
    return chance.choice(tokens) if tokens else ""


def _spliced(text: str, chance: random.Random, tokens: Sequence[str]) -> str:
    """A piece of the text replaced by a character, a token, another piece, or nothing."""
    start = chance.randint(0, len(text))
    end = min(len(text), start + chance.choice((0, 0, 1, 3)))
    piece = chance.choice((chr(chance.randrange(128)), _word(chance, tokens), text[start : start + 8], ""))
    return text[:start] + piece + text[end:]
