"""What devpi's JSON says, as our values; nothing is guessed: another shape is ListingIncomplete."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeVar
from urllib.parse import unquote, urljoin, urlsplit

from packaging.utils import canonicalize_name

from syncer.core.diagnosis.advice import advised
from syncer.core.diagnosis.codes import Code
from syncer.core.errors import ListingIncomplete, TargetMissing
from syncer.core.model import DistributionFile
from syncer.core.names import read_filename
from syncer.ports.target import TargetFacts

_T = TypeVar("_T")
_SHA256 = re.compile("[0-9a-fA-F]{64}")


def unreadable(place: str, what: str) -> ListingIncomplete:
    """The answer does not have the shape that devpi gives it."""
    return ListingIncomplete(
        f"devpi's answer to {place} could not be read: {what}.",
        "A proxy answered in its place, it was cut off, or this devpi speaks another dialect.",
        "It is tried again by itself; look at that address if this lasts.",
    )


def read_facts(index: str, answer: Any) -> TargetFacts:
    """The facts of an index from ``GET /user/index``; raises TargetMissing unless it takes uploads."""
    config = result_of(index, answer)
    kind = expect(index, config.get("type"), str)
    if kind != "stage":
        what = f"devpi's index {index} takes no uploads: it is of type {kind[:40]!r}."
        raise advised(TargetMissing, Code.INDEX_NO_STAGE, what, index=index)
    bases = expect(index, config.get("bases", []), list)
    return TargetFacts(bool(config.get("volatile", True)), tuple(expect(index, base, str) for base in bases))


def read_projects(index: str, answer: Any) -> frozenset[str]:
    """The normalized names of the index's own projects from ``GET /user/index``."""
    names = expect(index, result_of(index, answer).get("projects"), list)
    return frozenset(canonicalize_name(expect(index, name, str)) for name in names)


def read_project(place: str, project: str, answer: Any) -> Iterator[DistributionFile]:
    """The files in ``GET /user/index/project?ignore_bases``; a version may have none."""
    for version, data in result_of(place, answer).items():
        requires_python = _requires_python(place, expect(place, data, dict).get("requires_python"))
        for link in expect(place, data.get("+links", []), list):
            if expect(place, link, dict).get("rel") == "releasefile":
                filename = unquote(_path(place, "", link.get("href")).rpartition("/")[2])
                yield DistributionFile(
                    project, version, filename, _sha256(link), requires_python=requires_python
                )


def read_simple(place: str, url: str, index: str, project: str, answer: Any) -> Iterator[DistributionFile]:
    """The index's own files on a simple page (PEP 691) that was read from ``url``.

    Files of bases stand on it as well.
    """
    yield from (file for of, file in read_page(place, url, project, answer) if of == index)


def read_page(place: str, url: str, project: str, answer: Any) -> Iterator[tuple[str, DistributionFile]]:
    """Every file on a simple page, with the index that has it: devpi's links lead below its path."""
    for entry in expect(place, expect(place, answer, dict).get("files"), list):
        link = _path(place, url, expect(place, entry, dict).get("url"))
        filename = expect(place, entry.get("filename"), str)
        hashes = expect(place, entry.get("hashes", {}), dict)
        file = DistributionFile(
            project,
            read_filename(filename).version,
            filename,
            _hex(hashes.get("sha256")),
            requires_python=_requires_python(place, entry.get("requires-python")),
        )
        yield "/".join(link.partition("/+")[0].split("/")[-2:]), file


def result_of(place: str, answer: Any) -> dict[str, Any]:
    """What devpi wraps in ``result``; raises ListingIncomplete."""
    return expect(place, expect(place, answer, dict).get("result"), dict)


def expect(place: str, value: Any, kind: type[_T]) -> _T:
    """The value, which is of that kind; raises ListingIncomplete."""
    if not isinstance(value, kind):
        raise unreadable(place, f"a {kind.__name__} was expected where there is a {type(value).__name__}")
    return value


def _path(place: str, base: str, link: Any) -> str:
    """The path of a link that stands on a page read from ``base``."""
    try:
        return urlsplit(urljoin(base, expect(place, link, str))).path
    except ValueError as error:
        raise unreadable(place, "one of its links is no URL") from error


def _requires_python(place: str, value: Any) -> str:
    return expect(place, value or "", str)


def _sha256(link: dict[str, Any]) -> str:
    """Empty when devpi states none, so that the file never counts as equal to another."""
    hashes = link.get("hashes")
    stated = hashes.get("sha256") if isinstance(hashes, dict) else None
    spec = link.get("hash_spec")
    algorithm, _, digest = spec.partition("=") if isinstance(spec, str) else ("", "", "")
    return _hex(stated) or (_hex(digest) if algorithm == "sha256" else "")


def _hex(digest: object) -> str:
    return digest.lower() if isinstance(digest, str) and _SHA256.fullmatch(digest) else ""
