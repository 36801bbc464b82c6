"""Core metadata (PEP 566/621/639) of one distribution, as a target's upload form wants it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from packaging.metadata import parse_email
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import Version

from syncer.core.errors import NotADistribution
from syncer.core.model import FileKind, same_version
from syncer.core.names import SUFFIXES, suffix_of

#: Bytes; the largest METADATA or PKG-INFO that is read.
MAX_METADATA = 5 * 1024 * 1024
#: The parser looks for each name in all headers: these keep the product small. Real files with
#: thousands of Requires-Dist lines stay below.
MAX_HEADERS = 20_000
MAX_HEADER_NAMES = 500
#: Characters of a name or version that an error shows.
_SHOWN = 100

_HEADER = re.compile(r"^([^\s:]+)[ \t]*:", re.MULTILINE)
_MIME = re.compile(r"^(?=content-type[ \t]*:)", re.MULTILINE | re.IGNORECASE)

#: Form field and packaging's name of it, in the order of the form; devpi 6.20 keeps all of them.
_FIELDS = (
    ("summary", "summary"),
    ("home_page", "home_page"),
    ("author", "author"),
    ("author_email", "author_email"),
    ("maintainer", "maintainer"),
    ("maintainer_email", "maintainer_email"),
    ("license", "license"),
    ("license_expression", "license_expression"),
    ("license_file", "license_files"),
    ("description", "description"),
    ("description_content_type", "description_content_type"),
    ("keywords", "keywords"),
    ("platform", "platforms"),
    ("supported_platform", "supported_platforms"),
    ("classifiers", "classifiers"),
    ("download_url", "download_url"),
    ("project_urls", "project_urls"),
    ("requires_dist", "requires_dist"),
    ("requires_python", "requires_python"),
    ("requires_external", "requires_external"),
    ("provides_dist", "provides_dist"),
    ("obsoletes_dist", "obsoletes_dist"),
    ("provides_extra", "provides_extra"),  # as PyPI spells it
    ("provides_extras", "provides_extra"),  # as devpi spells it
    ("requires", "requires"),
    ("provides", "provides"),
    ("obsoletes", "obsoletes"),
    ("dynamic", "dynamic"),
)
_MULTILINE = frozenset({"description", "license"})


@dataclass(frozen=True, slots=True)
class CoreMetadata:
    """What the file says of itself; ``form`` is the legacy upload form's fields, in order.

    ``name`` is PEP 503-equal to the one in the file name and ``version`` stands in the file name as
    it is spelt here (PEP 427 escapes aside): devpi takes no other. ``form`` holds both, too.
    """

    name: str
    version: str
    requires_python: str = ""
    form: tuple[tuple[str, str], ...] = ()


def read_core_metadata(raw: bytes, filename: str) -> CoreMetadata:
    """Read METADATA or PKG-INFO as leniently as installers do.

    Odd, unknown and unreadable fields are left out. Raises NotADistribution when the name or the
    version is missing, invalid, or not that of the file name, and when the text is beyond all bounds.
    """
    fields = _parse(raw, filename)
    name = _name(fields, filename)
    version = _spelling(filename, name, _version(fields, filename))
    lead = (("metadata_version", _text(fields.get("metadata_version"))), ("name", name), ("version", version))
    rest = ((field, value) for field, key in _FIELDS for value in _values(key, fields.get(key)))
    form = tuple((field, value) for field, value in (*lead, *rest) if value)
    return CoreMetadata(name, version, _text(fields.get("requires_python")), form)


def _parse(raw: bytes, filename: str) -> Mapping[str, object]:
    if len(raw) > MAX_METADATA:
        raise _refused(filename, f"its metadata is larger than {MAX_METADATA // 2**20} MiB")
    text = raw.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\0", "\ufffd")  # a form, a database or a terminal may end at it
    head, _, body = text.partition("\n\n")
    headers = _HEADER.findall(head)
    if len(headers) > MAX_HEADERS or len({header.lower() for header in headers}) > MAX_HEADER_NAMES:
        raise _refused(filename, "its metadata has an absurd number of fields")
    # As a mail, metadata could claim to be multipart; then the parser's work would have no bound.
    parsed, unparsed = parse_email(_MIME.sub("X-", head) + "\n")
    fields: dict[str, object] = dict(parsed)
    if body and "description" not in fields:
        fields["description"] = body
    if twice := unparsed.get("requires-python"):
        fields["requires_python"] = twice[0]  # installers take the first
    return fields


def _name(fields: Mapping[str, object], filename: str) -> str:
    name = _text(fields.get("name"))
    try:
        canonicalize_name(name, validate=True)
    except InvalidName:
        name = ""
    if not name or not name.isascii():
        raise _refused(filename, "its metadata has no valid Name")
    return name


def _version(fields: Mapping[str, object], filename: str) -> str:
    version = _text(fields.get("version"))
    try:
        Version(version)
    except ValueError:  # also of numbers with thousands of digits, which are no InvalidVersion
        version = ""
    if not version or not version.isascii():
        raise _refused(filename, "its metadata has no valid Version (PEP 440)")
    return version


def _spelling(filename: str, name: str, version: str) -> str:
    """The version as it stands in the file name; the metadata's own spelling when it does."""
    for project, written in _readings(filename):
        if canonicalize_name(project) == canonicalize_name(name):
            for candidate in (version, written, written.replace("_", "+", 1)):
                if written in {candidate, _escaped(candidate)} and same_version(candidate, version):
                    return candidate
    said = f"{name[:_SHOWN]} {version[:_SHOWN]}"
    raise _refused(filename, f"its name says something else than its metadata, which says {said}")


def _readings(filename: str) -> Iterator[tuple[str, str]]:
    """Every way of dividing a file name into project and version."""
    suffix = suffix_of(filename)
    parts = filename[: len(filename) - len(suffix)].split("-")
    if SUFFIXES.get(suffix) is FileKind.WHEEL:
        if len(parts) not in {5, 6}:
            raise _refused(filename, "its name has not the five or six parts of a wheel's (PEP 427)")
        yield parts[0], parts[1]
        return
    for cut in range(1, len(parts)):
        yield "-".join(parts[:cut]), "-".join(parts[cut:])


def _escaped(version: str) -> str:
    """As PEP 427 builders wrote versions into file names, and as devpi looks for them there."""
    return re.sub(r"[^\w\d.]+", "_", version)


def _values(key: str, value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (_text(f"{label}, {url}") for label, url in value.items())
    elif isinstance(value, list):
        yield from _keywords(value) if key == "keywords" else map(_text, value)
    else:
        yield _text(value, multiline=key in _MULTILINE)


def _keywords(words: Iterable[str]) -> Iterator[str]:
    yield ",".join(word for word in map(_text, words) if word)


def _text(value: object, *, multiline: bool = False) -> str:
    """Folded lines joined; setuptools once wrote UNKNOWN where it knew nothing."""
    text = value if isinstance(value, str) else ""
    text = text.strip("\r\n") if multiline else " ".join(text.split())
    return "" if text.strip() == "UNKNOWN" else text


def _refused(filename: str, reason: str) -> NotADistribution:
    return NotADistribution(
        f"{filename} cannot be copied: {reason}.",
        "It was built wrongly, renamed or damaged before it was published.",
        "Build it again with a current build tool and publish it under the name that tool gives it.",
    )
