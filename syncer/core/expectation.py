"""Which files a version ought to have, learned from the versions before it; pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, product
from math import prod

from packaging.version import InvalidVersion, Version

from syncer.core.model import FileKind
from syncer.core.names import MAX_TAGS, SUFFIXES, suffix_of

#: How many earlier versions are evidence, how many it takes at least, and from how many on one of them may
#: be without a part that is expected all the same.
EVIDENCE, LEAST, MANY = 5, 2, 4
#: A wheel's name ends in those of Pythons, ABIs and platforms (PEP 427).
TAG_SETS = 3

#: Platform tags that name the oldest system they run on, whose number rises without anything missing.
_NUMBERED = re.compile(r"([a-z]+?)(?:1|2010|2014|(?:_\d+)+)_(.+)")
#: What one wheel for several machines stands for.
_UNIVERSAL = {"universal2": ("arm64", "x86_64"), "universal": ("x86_64",), "intel": ("x86_64",)}


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """What a file is for, whatever its version: an sdist, or a wheel for one Python and one platform.

    Both are empty where any will do.
    """

    kind: FileKind
    python: str = ""
    platform: str = ""

    def __str__(self) -> str:
        if self.kind is FileKind.SDIST:
            return "sdist"
        return f"{self.python} wheel".strip() + (f" for {self.platform}" if self.platform else "")


@dataclass(frozen=True, slots=True)
class Published:
    """One version as it stands: its file names, and since when the first of them is known."""

    filenames: tuple[str, ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class Lack:
    """A version without parts that the versions before it have."""

    version: str
    parts: tuple[Part, ...]
    since: datetime


def parts_of(filename: str) -> frozenset[Part]:
    """What the file is for; nothing where its name does not say so.

    Build tags, the numbers of systems, and the Pythons of wheels for any ABI make no difference.
    """
    kind = SUFFIXES.get(suffix_of(filename))
    if kind is FileKind.SDIST:
        return frozenset({Part(kind)})
    tags = [tag.split(".") for tag in filename.lower().removesuffix(".whl").split("-")[-3:]]
    if kind is None or len(tags) != TAG_SETS or prod(map(len, tags)) > MAX_TAGS:
        return frozenset()
    pythons, abis, platforms = tags
    folded = {platform for tag in platforms for platform in _platforms(tag)}
    return frozenset(
        Part(kind, _python(python, abi), platform)
        for (python, abi), platform in product(product(pythons, abis), folded)
    )


def lacks(versions: Mapping[str, Published], now: datetime, settle: float) -> tuple[Lack, ...]:
    """The newest versions that are without what is expected, once they are known for ``settle`` seconds.

    What is expected is learned from settled versions of the same channel: final ones and pre-releases are
    apart, and so is each local version. A version that is not the newest of its channel is history, and a
    pre-release too as soon as its final version is there.
    """
    if len(versions) <= LEAST:
        return ()
    settled = now - timedelta(seconds=settle)
    channels = [
        list(channel) for _, channel in groupby(_sorted(versions), key=lambda each: _channel(each[0]))
    ]
    finals = [channel[0][0] for channel in channels if not channel[0][0].is_prerelease]
    found = []
    for (newest, text), *earlier in channels:
        outdone = newest.is_prerelease and any(newest < final for final in finals)
        if outdone or versions[text].since > settled:
            continue
        evidence = [_parts(versions[each]) for _, each in earlier if versions[each].since <= settled]
        missing = expected(evidence[:EVIDENCE]) - _parts(versions[text])
        if missing:
            found.append(Lack(text, tuple(sorted(missing)), versions[text].since))
    return tuple(found)


def expected(evidence: Sequence[AbstractSet[Part]]) -> frozenset[Part]:
    """The parts that the next version ought to have, by those of earlier ones, the newest first.

    A part that both of the last two have; or all but one of the last, if they are many. So a part that was
    dropped on purpose is expected for two more versions, and one accident does not unlearn a part.
    """
    if len(evidence) < LEAST:
        return frozenset()
    usual = set(evidence[0]) & set(evidence[1])
    if len(evidence) >= MANY:
        counts = Counter(part for parts in evidence for part in parts)
        usual |= {part for part, number in counts.items() if number >= len(evidence) - 1}
    return frozenset(usual)


def _parts(version: Published) -> frozenset[Part]:
    return frozenset(part for filename in version.filenames for part in parts_of(filename))


def _sorted(versions: Mapping[str, Published]) -> list[tuple[Version, str]]:
    """By channel, the newest first; what is no version is left out."""
    parsed = [(version, text) for text in versions if (version := _version(text))]
    parsed.sort(key=lambda each: each[0], reverse=True)
    return sorted(parsed, key=lambda each: _channel(each[0]))


def _channel(version: Version) -> tuple[bool, str]:
    return version.is_prerelease, version.local or ""


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _python(python: str, abi: str) -> str:
    """The ABI says more than the Python, as in ``cp313t``; a wheel for any ABI suits later Pythons too."""
    if abi in ("none", "abi3"):
        return "" if abi == "none" else abi
    return abi if abi.startswith(python) else python


def _platforms(tag: str) -> Iterator[str]:
    found = _NUMBERED.fullmatch(tag)
    if found is None:
        yield "" if tag == "any" else tag
        return
    system, machine = found.groups()
    for each in _UNIVERSAL.get(machine, (machine,)):
        yield f"{system} {each}"
